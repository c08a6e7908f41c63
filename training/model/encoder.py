"""The ear: log-mel to articulation, vocal events and affect, in any voice."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...inference.features import HOPS
from .config import Config
from .layers import CausalConv, GatedBlock
from .normalise import CausalNormaliser

State = dict[str, Tensor]


@dataclass(frozen=True)
class Heard:
    """What the ear makes of ``T`` ticks.

    ``spectrum [B, T, 4 · 81]`` is the normalised sound, ``phones`` and ``features`` are logits ``[B, 4 T, P
    or F]``, ``bottleneck [B, T, K]`` in [-1, 1], ``level [B, T, 1]`` the loudness under the running peak,
    ``events`` logits ``[B, T, E + 1]``, ``affect [B, T, 2]`` valence and arousal in [-1, 1].
    """

    spectrum: Tensor
    phones: Tensor
    features: Tensor
    bottleneck: Tensor
    level: Tensor
    events: Tensor
    affect: Tensor

    def code(self, keep: Tensor | float = 1.0) -> Tensor:
        """The voice-independent code ``[B, T, code]`` that the mouth hears.

        ``keep`` (training) is 0 where the mouth must do without the bottleneck.
        """
        posterior = self.phones.float().softmax(-1).unflatten(1, (-1, 2, 2)).mean(3).flatten(2)
        probability = self.features.float().sigmoid().unflatten(1, (-1, 4)).flatten(2)
        return torch.cat([posterior, probability, self.bottleneck.float() * keep, self.level.float()], -1)


def by_ticks(hops: Tensor) -> Tensor:
    """``[B, 4 T, D]`` → ``[B, T, 4 D]``."""
    return hops.unflatten(1, (-1, HOPS)).flatten(2)


class AudioEncoder(nn.Module):
    """Log-mel ``[B, 4 T, 80]`` and a dictionary of states → ``Heard`` and the new states.

    Convolutions at 100 and 50 Hz, gated recurrent blocks at 25 Hz.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.normalise = CausalNormaliser(config.mels)
        self.conv1 = CausalConv(config.mels + 1, config.conv, 5)
        self.conv2 = CausalConv(config.conv, config.conv, 4, stride=2)
        self.conv3 = CausalConv(config.conv, config.ear, 4, stride=2)
        self.blocks = nn.ModuleList(GatedBlock(config.ear) for _ in range(config.ear_blocks))
        self.norm = nn.LayerNorm(config.ear)
        self.articulation = nn.Linear(config.ear, 4 * (config.phones + config.features))
        self.bottleneck = nn.Linear(config.ear, config.bottleneck)
        self.events = nn.Linear(config.ear, config.events + 1)
        self.affect = nn.Linear(config.ear, 2)

    def initial_state(self, batch: int) -> State:
        parts = ("normalise", "conv1", "conv2", "conv3")
        state = {name: getattr(self, name).initial_state(batch) for name in parts}
        return state | {f"ear{i}": block.initial_state(batch) for i, block in enumerate(self.blocks)}

    def forward(self, mel: Tensor, state: State) -> tuple[Heard, State]:
        new = {}
        x, new["normalise"] = self.normalise(mel, state["normalise"])
        spectrum = by_ticks(x)
        level = x[..., -1].unflatten(1, (-1, HOPS)).mean(-1, keepdim=True)
        for name in ("conv1", "conv2", "conv3"):
            x, new[name] = getattr(self, name)(x, state[name])
        for i, block in enumerate(self.blocks):
            x, new[f"ear{i}"] = block(x, state[f"ear{i}"])
        h = self.norm(x)
        logits = self.articulation(h).unflatten(-1, (4, -1)).flatten(1, 2)
        phones, features = logits.split([self.config.phones, self.config.features], -1)
        bottleneck = torch.tanh(self.bottleneck(h))
        affect = torch.tanh(self.affect(h))
        return Heard(spectrum, phones, features, bottleneck, level, self.events(h), affect), new
