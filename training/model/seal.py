"""Lips that meet: a regression averages over uncertain timing and stops short of contact, and a broad manner
parts lips that the plain mouth would have shut."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...inference.types import INDEX, C
from ..phones import FEATURES

OPENING = tuple(
    INDEX[name]
    for name in (
        "jawOpen", "mouthFunnel", "mouthUpperUpLeft", "mouthUpperUpRight", "mouthLowerDownLeft",
        "mouthLowerDownRight",
    )
)  # fmt: skip
"""What parts the lips, and gives way when they must meet."""
NARROW, SLACK = 0.02, 0.005
"""Gap of the plain mouth, less the slack, that a manner may at most double: a wider one grows as it likes."""
FREE = 0.5
"""What is added to that in sure silence: how a mouth rests is the manner's."""
CLOSURE, SILENCE = FEATURES.index("lipClosure"), FEATURES.index("silence")
SHOWN_HOPS = 1
"""Hops of a tick whose closures its frame shows. The frame is of the instant after the second, but lips
follow what is heard: what closes later is for the next."""
SUREST = 0.95
"""Evidence is never taken for more certain than this."""
LEAST, MOST = 0.0025, 0.01
"""How far sealed lips overlap on the measuring rig, so that they also meet on rigs that differ."""
KEPT = 0.3
"""Share of its movement that a narrow gap keeps under the seal: lips press most where they were closest."""
SOFTNESS = 0.005
"""Width of the transition between sealed and free, in outer eye corner distances."""
LINGER = 0.3
"""Share of a seal that is left a tick later: lips part more slowly than they meet."""


def openers() -> Tensor:
    """``[C]``, 1 for the channels that part the lips."""
    return torch.zeros(C).index_fill(0, torch.tensor(OPENING), 1.0)


def widest(gap: Tensor, narrow: float) -> Tensor:
    """How far a manner may part lips that are ``gap`` apart: one as narrow as ``narrow`` it doubles, a wider
    one grows as it likes."""
    return gap * (1 + gap / narrow)


def limited(channels: Tensor, most: Tensor, row: Tensor, opening: Tensor) -> Tensor:
    """``channels [..., C]`` with lips at most ``most [..., 1]`` apart; what parts them gives way."""
    # A product sums alike in every row of a batch, a sum may not.
    gap, opens = (channels @ torch.stack([row, row * opening], -1)).split(1, -1)
    share = ((gap - most) / opens.clamp(min=1e-4)).clamp(0, 1)
    return channels * (1 - opening * share)


class LipSeal(nn.Module):
    """Shrinks lip gaps to contact, the wider ones the surer the ear is of a closure.

    A gap below ``reach`` times the odds of a closure is closed by scaling the opening channels until the
    closing ones balance them; others stay as they are, but for what lingers of the tick before. ``row [C]``
    is the lip gap of each channel on the measuring rig, ``reach`` is fitted on training clips. A zero reach
    seals nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("opening", openers(), persistent=False)
        self.register_buffer("row", torch.zeros(C))
        self.register_buffer("reach", torch.tensor(0.0))

    def touch(self, channels: Tensor, plain: Tensor, features: Tensor) -> Tensor:
        """``channels [..., C]`` with lips that touch where those of the ``plain`` mouth do while it speaks:
        however broad the manner, a p closes the mouth. ``features [..., 4, F]`` are probabilities."""
        gap = (plain @ self.row.unsqueeze(-1) - SLACK).clamp(min=0)
        silent = features[..., SILENCE].amin(-1, keepdim=True)
        most = widest(gap, NARROW) + FREE * (2 * silent - 1).clamp(min=0)
        return limited(channels, most, self.row, self.opening)

    def forward(self, channels: Tensor, features: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """One tick: ``channels [B, C]``, feature probabilities ``[B, 4, F]`` and how much gave way a tick
        ``before [B, 1]`` → sealed channels and how much gives way now, ``[B, 1]``."""
        share = torch.maximum(self.share(channels, features), LINGER * before)
        return channels * (1 - self.opening * share), share

    def share(self, channels: Tensor, features: Tensor) -> Tensor:
        """How much of what parts the lips must give way, 0 to 1, ``[B, 1]``."""
        both = torch.stack([self.row, self.row * self.opening], -1)
        gap, opens = (channels @ both).split(1, -1)
        heard = features[..., :SHOWN_HOPS, CLOSURE].amax(-1, keepdim=True).clamp(max=SUREST)
        limit = self.reach * heard / (1 - heard)
        keep = torch.where(limit > SOFTNESS, torch.sigmoid((gap - limit) / SOFTNESS), 1.0)
        press = (MOST - KEPT * gap).clamp(LEAST, MOST)
        return ((gap + press) * (1 - keep) / opens.clamp(min=1e-4)).clamp(0, 1)
