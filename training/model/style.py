"""From a take to a style vector: how far, how fast and how lopsided this performer moves."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .config import Config

EPSILON = 1e-4
STATISTICS = 4


class StyleEncoder(nn.Module):
    """``channels [B, T, C]``, ``measured [B, C]``, ``mel [B, 4 T, 80]``, ``has_audio [B, 1]`` → ``[B, S]``.

    The statistics are each channel's mean, deviation, mean speed and, where there is sound, how it
    follows loudness. Unmeasured channels count as absent.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear((STATISTICS + 1) * config.channels + 1, 160),
            nn.ReLU(),
            nn.Linear(160, config.style),
            nn.Tanh(),
        )

    def forward(self, channels: Tensor, measured: Tensor, mel: Tensor, has_audio: Tensor) -> Tensor:
        level = mel.mean(-1).reshape(mel.shape[0], -1, 4).mean(-1, keepdim=True)
        level = level - level.mean(1, keepdim=True)
        level = level / (level.square().mean(1, keepdim=True) + EPSILON).sqrt()
        mean = channels.mean(1)
        centred = channels - mean.unsqueeze(1)
        deviation = (centred.square().mean(1) + EPSILON**2).sqrt()
        speed = (channels[:, 1:] - channels[:, :-1]).abs().mean(1)
        follows = (centred * level).mean(1) * has_audio
        statistics = [4 * mean, 8 * deviation, 16 * speed, 8 * follows]
        statistics = [s * measured for s in statistics]
        return self.mlp(torch.cat([*statistics, measured, has_audio], -1))
