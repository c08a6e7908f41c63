"""How far each part of the face follows the references: a blend of the plain and the styled performance.

The two come from one seed, so that what neither sound nor style determines is the same in both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .types import CHANNELS, C

_STARTS = {"brows": ("brow",), "eyes": ("eye", "cheekSquint"), "head": ("head",)}


@dataclass(frozen=True)
class Influence:
    """Share of the references' manner per region, 0 (plain) to 1 (all of it)."""

    mouth: float = 1.0
    brows: float = 1.0
    eyes: float = 1.0
    head: float = 1.0

    @property
    def full(self) -> bool:
        """Whether every region follows the references all the way."""
        return min(self.mouth, self.brows, self.eyes, self.head) >= 1.0

    def weights(self) -> np.ndarray:
        """Share of each channel, ``float32 [55]``."""
        return np.array([np.clip(getattr(self, region(name)), 0.0, 1.0) for name in CHANNELS], np.float32)


def region(channel: str) -> str:
    """The region that a channel belongs to; all that is not brows, eyes or head counts to the mouth."""
    return next((name for name, starts in _STARTS.items() if channel.startswith(starts)), "mouth")


def blend(plain: np.ndarray, styled: np.ndarray, influence: Influence) -> np.ndarray:
    """``plain`` and ``styled`` ``[T, 55]`` mixed by region, ``float32 [T, 55]``; exact at 0 and 1."""
    if plain.shape != styled.shape or plain.shape[-1] != C:
        raise ValueError(f"cannot blend performances of shapes {plain.shape} and {styled.shape}")
    weights = influence.weights()
    mixed = (1 - weights) * plain + weights * styled
    return np.where(weights >= 1.0, styled, np.where(weights <= 0.0, plain, mixed)).astype(np.float32)
