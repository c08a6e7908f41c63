"""The ear with the mouths that it teaches: what is heard moves lips of nobody's manner."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...inference.features import HOPS
from .config import Config
from .encoder import AudioEncoder, Heard
from .layers import GatedBlock

State = dict[str, Tensor]
DROPPED = 0.2
"""Share of the units that the mouth of the spectrum must do without in training."""


class Mouth(nn.Module):
    """``x [B, T, inputs]`` → channels ``[B, T, C]`` (shapes in [0, 1]); its states begin with ``name``."""

    def __init__(
        self, name: str, inputs: int, width: int, blocks: int, channels: int, dropped: float = 0.0
    ) -> None:
        super().__init__()
        self.name, self.dropped = name, dropped
        self.enter = nn.Linear(inputs, width)
        self.blocks = nn.ModuleList(GatedBlock(width) for _ in range(blocks))
        self.leave = nn.Linear(width, channels)

    def initial_state(self, batch: int) -> State:
        return {f"{self.name}{i}": block.initial_state(batch) for i, block in enumerate(self.blocks)}

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        x, new = self.enter(x), {}
        for i, block in enumerate(self.blocks):
            name = f"{self.name}{i}"
            x, new[name] = block(functional.dropout(x, self.dropped, self.training), state[name])
        x = functional.dropout(x, self.dropped, self.training)
        return torch.sigmoid(self.leave(x).float() - 2), new


class PlainMouth(nn.Module):
    """What most mouths do at a sound: the mean of two that learned apart and err apart.

    One reads articulation, so that it moves in any voice, and is trained with the ear, to tell it what lips
    listen for. The other hears the normalised spectrum itself, and knows more of voices like the filmed ones.
    The generator starts from their mean.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.articulation = Mouth("mouth", config.code, config.mouth, config.mouth_blocks, config.channels)
        self.spectrum = Mouth(
            "spectrum",
            HOPS * (config.mels + 1),
            config.spectrum,
            config.spectrum_blocks,
            config.channels,
            DROPPED,
        )

    def initial_state(self, batch: int) -> State:
        return self.articulation.initial_state(batch) | self.spectrum.initial_state(batch)

    def forward(self, code: Tensor, spectrum: Tensor, state: State) -> tuple[Tensor, State]:
        """``code [B, T, A]`` and ``spectrum [B, T, 4 · 81]`` → channels ``[B, T, C]`` and the new states."""
        one, new = self.articulation(code, state)
        other, more = self.spectrum(spectrum, state)
        return (one + other) / 2, new | more


class Ear(nn.Module):
    """The encoder and the plain mouth, as the first stages train them."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = AudioEncoder(config)
        self.mouth = PlainMouth(config)

    def forward(self, mel: Tensor, keep: Tensor | float = 1.0) -> tuple[Heard, Tensor]:
        """``mel [B, 4 T, 80]`` → what is heard, and channels ``[B, T, C]`` of the mouth that reads it."""
        heard, _ = self.encoder(mel, self.encoder.initial_state(len(mel)))
        mouth = self.mouth.articulation
        channels, _ = mouth(heard.code(keep), mouth.initial_state(len(mel)))
        return heard, channels
