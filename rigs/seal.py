"""Closed is closed on the actual mesh: where the canonical lips meet, the mesh's own lips are made to meet.

Rigs differ in how far jawOpen parts the lips and how much of that mouthClose takes back. Where the channels
ask for shut lips, the mesh's lip gap is brought between contact and its gap at rest: first by the closing
movement, then by giving way with everything that parts the lips.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..inference.types import BLENDSHAPES
from .canonical import canonical

SHUT, FREE = 0.02, 0.08
"""Canonical lip gaps, in mouth widths, up to which lips are shut and from which they are left alone."""
PARTED = 0.03
"""Lips that stand further apart at rest than this many mouth widths are shut all the same."""


@dataclass(frozen=True)
class Seal:
    """``gaps [K]``: lip gap of each value at 1 in mouth widths, channels first, then mouth poses; ``rest``:
    the gap at rest; ``closer``: place of the value that shuts the lips (-1 for none), ``most`` its greatest
    value."""

    gaps: np.ndarray
    rest: float
    closer: int = -1
    most: float = 1.0

    def gap(self, values: np.ndarray) -> np.ndarray:
        """Lip gap ``[T]`` of ``values [T, K]`` in mouth widths, negative where lips overlap."""
        return self.rest + values @ self.gaps

    def __call__(self, values: np.ndarray, channels: np.ndarray) -> np.ndarray:
        """``values float32 [T, K]`` with lips shut where ``channels [T, C]`` ask for it."""
        values = np.array(values, np.float64)
        change = self._change(values, channels)
        if self.closer >= 0 and self.gaps[self.closer] < 0.0:
            shut = values[:, self.closer]
            new = np.clip(shut + change / self.gaps[self.closer], 0.0, np.maximum(self.most, shut))
            change = change - (new - shut) * self.gaps[self.closer]
            values[:, self.closer] = new
        parting = np.maximum(self.gaps, 0.0)
        opened = np.maximum(values, 0.0) @ parting
        keep = np.clip(1.0 + np.minimum(change, 0.0) / np.maximum(opened, 1e-9), 0.0, 1.0)
        return np.where(parting > 0.0, values * keep[:, None], values).astype(np.float32)

    def _change(self, values: np.ndarray, channels: np.ndarray) -> np.ndarray:
        """By how much the lip gap of each frame must change, ``[T]``."""
        asked = np.asarray(channels, np.float64)[:, : len(BLENDSHAPES)] @ canonical().gap
        away = np.clip((asked - SHUT) / (FREE - SHUT), 0.0, 1.0)
        shut = 1.0 - away * away * (3.0 - 2.0 * away)
        gap = self.gap(values)
        contact = min(self.rest, 0.0)
        relaxed = self.rest if self.rest <= PARTED else 0.0
        return shut * (np.clip(gap, contact, max(relaxed, contact)) - gap)
