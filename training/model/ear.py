"""The ear with the mouth that it teaches: what is heard moves lips of nobody's manner."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .config import Config
from .encoder import AudioEncoder, Heard
from .layers import GatedBlock

State = dict[str, Tensor]


class PlainMouth(nn.Module):
    """What most mouths do at a sound: code ``[B, T, A]`` → channels ``[B, T, C]`` (shapes in [0, 1]).

    It is trained with the ear, to tell it what lips listen for; the generator starts from it.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.enter = nn.Linear(config.code, config.mouth)
        self.blocks = nn.ModuleList(GatedBlock(config.mouth) for _ in range(config.mouth_blocks))
        self.leave = nn.Linear(config.mouth, config.channels)

    def initial_state(self, batch: int) -> State:
        return {f"mouth{i}": block.initial_state(batch) for i, block in enumerate(self.blocks)}

    def forward(self, code: Tensor, state: State) -> tuple[Tensor, State]:
        x, new = self.enter(code), {}
        for i, block in enumerate(self.blocks):
            x, new[f"mouth{i}"] = block(x, state[f"mouth{i}"])
        return torch.sigmoid(self.leave(x).float() - 2), new


class Ear(nn.Module):
    """The encoder and the plain mouth, trained together."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = AudioEncoder(config)
        self.mouth = PlainMouth(config)

    def forward(self, mel: Tensor, keep: Tensor | float = 1.0) -> tuple[Heard, Tensor]:
        """``mel [B, 4 T, 80]`` → what is heard, and channels ``[B, T, C]``."""
        heard, _ = self.encoder(mel, self.encoder.initial_state(len(mel)))
        channels, _ = self.mouth(heard.code(keep), self.mouth.initial_state(len(mel)))
        return heard, channels
