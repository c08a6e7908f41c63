"""The ear with what it learns from: a probe that moves a mouth by what is heard."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .config import Config
from .encoder import AudioEncoder, Heard
from .layers import GatedBlock


class Ear(nn.Module):
    """The encoder, and a small mouth of nobody's manner that teaches it what lips listen for."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = AudioEncoder(config)
        self.enter = nn.Linear(config.code, config.probe)
        self.block = GatedBlock(config.probe)
        self.leave = nn.Linear(config.probe, config.channels)

    def forward(self, mel: Tensor, keep: Tensor | float = 1.0) -> tuple[Heard, Tensor]:
        """``mel [B, 4 T, 80]`` → what is heard, and channels ``[B, T, C]`` (shapes in [0, 1])."""
        heard, _ = self.encoder(mel, self.encoder.initial_state(len(mel)))
        x = self.enter(heard.code(keep))
        x, _ = self.block(x, self.block.initial_state(len(mel)))
        return heard, torch.sigmoid(self.leave(x).float() - 2)
