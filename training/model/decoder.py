"""The mouth: articulation and style to facial channels. It hears phones, not voices."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .config import Config
from .layers import Recurrent, StyleModulation


class MotionDecoder(nn.Module):
    """Articulation of each tick and a style vector → ``[B, T, C]``; blendshapes in [0, 1], head in radians.

    The input is phone posteriors, feature probabilities, the level under the running peak and a
    narrow bottleneck of the trunk: a voice-independent code, so that motion learned from few
    performers carries over to voices that none of them has.
    """

    HEAD = 3

    def __init__(self, config: Config) -> None:
        super().__init__()
        width = 2 * config.phones + 4 * config.features + config.bottleneck
        self.enter = nn.Linear(width, config.decoder)
        self.modulate_in = StyleModulation(config.style, config.decoder)
        self.recurrent = Recurrent(config.decoder, config.decoder)
        self.modulate_out = StyleModulation(config.style, config.decoder)
        self.leave = nn.Sequential(
            nn.Linear(2 * config.decoder, config.decoder),
            nn.ReLU(),
            nn.Linear(config.decoder, config.channels),
        )

    def initial_state(self, batch: int) -> dict[str, Tensor]:
        return {"decoder": self.recurrent.initial_state(batch)}

    def forward(
        self, phones: Tensor, features: Tensor, bottleneck: Tensor, style: Tensor, state: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Returns channels ``[B, T, C]``, the hidden sequence ``[B, T, decoder]`` and the new state."""
        batch, ticks = bottleneck.shape[:2]
        posterior = phones.softmax(-1).reshape(batch, ticks, 2, 2, -1).mean(3).reshape(batch, ticks, -1)
        probability = features.sigmoid().reshape(batch, ticks, -1)
        x = torch.relu(self.enter(torch.cat([posterior, probability, bottleneck], -1)))
        x = self.modulate_in(x, style)
        h, memory = self.recurrent(x, state["decoder"])
        y = self.leave(torch.cat([self.modulate_out(h, style), x], -1))
        shapes, head = y.split([y.shape[-1] - self.HEAD, self.HEAD], -1)
        return torch.cat([torch.sigmoid(shapes - 2.0), 0.2 * torch.tanh(head)], -1), h, {"decoder": memory}
