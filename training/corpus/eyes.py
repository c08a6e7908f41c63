"""Lids, gaze and squint: the tracker's guesses put on the scale that its lid points measure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...inference.types import BLENDSHAPES, INDEX
from .landmarks import LIDS, Track, columns

SHUT = 0.25
"""Lid gap of a closed eye, as a share of the relaxed gap: the tracker's lids never quite meet."""
RELAXED = 0.12
"""Lid travel, as a share of the way to shut, that counts as an open eye's own jitter."""
WIDE = 1.5
"""Relative lid gap that is taken for a fully widened eye."""
GAZE = tuple(i for i, name in enumerate(BLENDSHAPES) if name.startswith("eyeLook"))
SQUINT = (INDEX["eyeSquintLeft"], INDEX["eyeSquintRight"])


def lid_gap(points: np.ndarray, ids: tuple[int, ...], side: str) -> np.ndarray:
    """Mean lid gap in eye widths, ``[T]``, of frontal ``points [T, K, 3]``."""
    corners, pairs = LIDS[side]
    a, b = columns(ids, corners)
    width = np.linalg.norm(points[:, a] - points[:, b], axis=1)
    gaps = [np.linalg.norm(points[:, u] - points[:, v], axis=1) for u, v in (columns(ids, p) for p in pairs)]
    return np.mean(gaps, axis=0) / width


def eye_channels(points: np.ndarray, ids: tuple[int, ...], tracks: Sequence[Track]) -> np.ndarray:
    """Eye channels of all frames, ``float32 [T, 52]``, zero elsewhere.

    Blink and widening come from the lid gap against the performer's relaxed one; gaze is the tracker's;
    squint is the tracker's above the performer's usual level.
    """
    guesses = np.concatenate([track.guesses for track in tracks])
    out = np.zeros_like(guesses)
    for side in LIDS:
        gap = lid_gap(points, ids, side)
        relaxed = np.median(gap)
        shut = min(SHUT * relaxed, float(gap.min()) * 1.1)
        travel = (relaxed - gap) / (relaxed - shut)
        out[:, INDEX[f"eyeBlink{side}"]] = np.clip((travel - RELAXED) / (1 - RELAXED), 0, 1)
        wide = (gap / relaxed - 1) / (WIDE - 1)
        out[:, INDEX[f"eyeWide{side}"]] = np.clip((wide - RELAXED) / (1 - RELAXED), 0, 1)
    out[:, GAZE] = guesses[:, GAZE]
    for channel in SQUINT:
        out[:, channel] = np.clip(guesses[:, channel] - np.median(guesses[:, channel]), 0, 1)
    return out
