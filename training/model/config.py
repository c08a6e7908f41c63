"""Sizes of the networks; stored in every checkpoint, so that an export rebuilds exactly what was trained."""

from __future__ import annotations

from dataclasses import dataclass

from ...inference.types import C
from ..events import EVENTS
from ..phones import FEATURES, PHONES
from ..regions import FACE_LATENT, MOUTH_LATENT


@dataclass(frozen=True)
class Config:
    """Widths in units; the ear's trunk ticks at 25 Hz over convolutions at 100 and 50 Hz."""

    mels: int = 80
    conv: int = 192
    ear: int = 320
    ear_blocks: int = 4
    bottleneck: int = 32
    mouth: int = 192
    mouth_blocks: int = 1
    spectrum: int = 192
    spectrum_blocks: int = 2
    """Of the mouth that hears the spectrum itself."""
    phones: int = len(PHONES)
    features: int = len(FEATURES)
    events: int = len(EVENTS)
    channels: int = C
    width: int = 256
    heads: int = 4
    layers: int = 4
    window: int = 32
    """Ticks that the generator remembers (1.28 s)."""
    hear: int = 24
    feel: int = 16
    key: int = 64
    value: int = 96
    deviation: int = MOUTH_LATENT
    """How the mouth's latents in a reference differ from the plain mouth's, carried by each entry."""
    style: int = 64
    rest: int = FACE_LATENT
    """Where the latents of brows and eyes rest in a reference, carried by each entry."""
    flow: int = 256
    blink: int = 64
    offline: bool = False
    """A baseline that also hears the future; never exported."""

    @property
    def manner(self) -> int:
        """Width of a style with, at its end, the habit of blinking, where brows and eyes rest and how much
        references count."""
        return self.style + 1 + self.rest + 1

    @property
    def memory(self) -> tuple[int, int, int]:
        """What a layer's attention remembers of keys, and of values: heads, ticks, width of a head."""
        return self.heads, self.window, self.width // self.heads

    @property
    def code(self) -> int:
        """Width of what the ear tells the mouth: two phone posteriors, four features, bottleneck, level."""
        return 2 * self.phones + 4 * self.features + self.bottleneck + 1

    @property
    def speech(self) -> int:
        """Width of what retriever and generator are told: the plain mouth's latents, then the code."""
        return self.deviation + self.code
