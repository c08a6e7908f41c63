"""The ear: log-mel to articulation, in any voice."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .config import Config
from .layers import CausalConv, Recurrent
from .normalise import CausalNormaliser


class AudioEncoder(nn.Module):
    """Log-mel ``[B, 4 T, 80]`` → phone and feature logits ``[B, 4 T, P or F]``, bottleneck ``[B, T, K]``.

    Convolutions at 100 and 50 Hz, a recurrent trunk at 25 Hz. ``state`` is a dictionary of tensors.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.normalise = CausalNormaliser(config.mels)
        self.conv1 = CausalConv(config.mels + 1, config.conv, 5)
        self.conv2 = CausalConv(config.conv, config.conv, 4, stride=2)
        self.conv3 = CausalConv(config.conv, config.conv, 3)
        self.trunk = Recurrent(2 * config.conv, config.trunk, layers=2)
        self.read = nn.Linear(config.trunk + 2 * config.conv, config.trunk)
        self.articulation = nn.Linear(config.trunk, 4 * (config.phones + config.features))
        self.bottleneck = nn.Linear(config.trunk, config.bottleneck)

    def initial_state(self, batch: int) -> dict[str, Tensor]:
        parts = ("normalise", "conv1", "conv2", "conv3", "trunk")
        return {name: getattr(self, name).initial_state(batch) for name in parts}

    def forward(
        self, mel: Tensor, state: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor, Tensor, dict[str, Tensor]]:
        batch, ticks = mel.shape[0], mel.shape[1] // 4
        new = {}
        x, new["normalise"] = self.normalise(mel, state["normalise"])
        for name in ("conv1", "conv2", "conv3"):
            x, new[name] = getattr(self, name)(x, state[name])
        x = x.reshape(batch, ticks, -1)
        h, new["trunk"] = self.trunk(x, state["trunk"])
        h = torch.relu(self.read(torch.cat([h, x], -1)))
        logits = self.articulation(h).reshape(batch, 4 * ticks, -1)
        phones, features = logits.split([self.config.phones, self.config.features], -1)
        return phones, features, torch.tanh(self.bottleneck(h)), new
