"""What every channel does to a face: displacements of a few landmarks, as a table in the package.

``python -m mouthpiece.demo.make_canonical`` measures the table (``canonical.npz``) on the demo character.
Lengths are in mouth widths at rest, axes are left, up and forward of the face.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..inference.types import BLENDSHAPES
from .lips import MIDDLE, STATIONS

FILE = Path(__file__).with_name("canonical.npz")

SKIN: dict[str, tuple[float, float]] = {
    "noseTip": (0.0, 0.52), "noseLeft": (0.35, 0.42), "noseRight": (-0.35, 0.42),
    "chin": (0.0, -0.42), "jawLeft": (0.75, -0.25), "jawRight": (-0.75, -0.25),
    "cheekLeft": (1.0, 0.45), "cheekRight": (-1.0, 0.45),
    "lowerLidLeft": (1.0, 0.86), "lowerLidRight": (-1.0, 0.86),
    "upperLidLeft": (1.0, 1.1), "upperLidRight": (-1.0, 1.1),
    "browInnerLeft": (0.42, 1.38), "browInnerRight": (-0.42, 1.38),
    "browMiddleLeft": (1.0, 1.45), "browMiddleRight": (-1.0, 1.45),
    "browOuterLeft": (1.55, 1.38), "browOuterRight": (-1.55, 1.38),
}  # fmt: skip
"""Landmarks besides the lips and their place on an average face: across in half eye distances, up from the
mouth (0) to the eyes (1)."""
LIP_POINTS = 2 * len(STATIONS) + 2
"""The first landmarks: upper lip, lower lip, corners (see ``lips.Lips.vertices``)."""


@dataclass(frozen=True)
class Canonical:
    """``moves float64 [52, L, 3]``: displacements of the lip points and of ``SKIN`` at channel value 1."""

    moves: np.ndarray

    @property
    def gap(self) -> np.ndarray:
        """Lip gap of each channel, ``[52]`` mouth widths."""
        return gap_of(self.moves)


def gap_of(moves: np.ndarray) -> np.ndarray:
    """Lip gap of landmark displacements ``[..., L, 3]``."""
    count = len(STATIONS)
    upper, lower = moves[..., :count, 1], moves[..., count : 2 * count, 1]
    return (upper[..., MIDDLE] - lower[..., MIDDLE]).mean(axis=-1)


@lru_cache(maxsize=1)
def canonical() -> Canonical:
    """The table of the package."""
    with np.load(FILE, allow_pickle=False) as stored:
        moves = stored["moves"].astype(np.float64)
    if moves.shape != (len(BLENDSHAPES), LIP_POINTS + len(SKIN), 3):
        raise ValueError(f"{FILE} does not fit this version: reinstall Mouthpiece.")
    return Canonical(moves)
