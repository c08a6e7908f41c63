"""Lip gap and mouth width that channels give on the measuring rig: a linear readout.

Training losses and evaluation read the lips through this, so that no rig is needed after the build.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...inference.types import BLENDSHAPES, C
from .landmarks import GAP_PAIRS, MOUTH_CORNERS
from .rig import Rig


@dataclass(frozen=True)
class LipReadout:
    """``matrix float32 [2, 55]`` and ``offset [2]``: inner lip gap (negative where the lips would overlap)
    and mouth width, both in outer eye corner distances of the rig."""

    matrix: np.ndarray
    offset: np.ndarray

    def __call__(self, channels: np.ndarray) -> np.ndarray:
        """``channels [..., 55]`` to ``[..., 2]``."""
        return channels @ self.matrix.T + self.offset

    def save(self, path: Path) -> None:
        """Write the readout, so that training and evaluation need no rig."""
        np.savez(path, matrix=self.matrix, offset=self.offset)

    @classmethod
    def load(cls, path: Path) -> LipReadout:
        """Read what ``save`` wrote. OSError if it is not there."""
        with np.load(path, allow_pickle=False) as stored:
            return cls(stored["matrix"], stored["offset"])


def lip_readout(rig: Rig) -> LipReadout:
    """The readout of ``rig``: shapes act linearly, so two rows say it all."""
    upper, lower = ([rig.vertex[pair[i]] for pair in GAP_PAIRS] for i in (0, 1))
    right, left = (rig.vertex[i] for i in MOUTH_CORNERS)

    def read(shape: np.ndarray) -> np.ndarray:
        gap = (shape[..., upper, 1] - shape[..., lower, 1]).mean(-1)
        return np.stack([gap, shape[..., left, 0] - shape[..., right, 0]])

    matrix = np.zeros((2, C), np.float32)
    matrix[:, : len(BLENDSHAPES)] = read(rig.deltas)
    return LipReadout(matrix, read(rig.neutral).astype(np.float32))
