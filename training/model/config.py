"""Sizes of the network; stored in every checkpoint, so that an export rebuilds exactly what was trained."""

from __future__ import annotations

from dataclasses import dataclass

from ...inference.types import C
from ..phones import FEATURES, PHONES


@dataclass(frozen=True)
class Config:
    """Widths in units; the audio trunk ticks at 25 Hz over convolutions at 100 and 50 Hz."""

    mels: int = 80
    conv: int = 192
    trunk: int = 320
    bottleneck: int = 24
    decoder: int = 256
    style: int = 64
    face: int = 128
    phones: int = len(PHONES)
    features: int = len(FEATURES)
    channels: int = C
