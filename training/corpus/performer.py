"""One performer's tracks brought to a common frame: head pose out, neutral found, displacements in units.

The unit of every length is the performer's outer eye corner distance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .landmarks import EYE_CORNERS, GAP_PAIRS, MOUTH_CORNERS, NOSE_TIP, STABLE, TABLE_NEUTRAL, Track, columns
from .pose import apply, face_axes, similarity
from .rig import Rig

FLOOR_QUANTILE = 0.02
"""Quantile of a performer's lip gap that is the tracker's floor: pressed lips, below resting ones."""
PRESSED = 0.012
"""Gap above the floor up to which frames are taken for lips at rest on each other."""
TOUCH = 0.008
"""Gap above resting lips at which they still count as closed: half a pixel in these recordings."""
NEUTRAL_FRAMES = 8
"""Fewest frames that make a neutral face; noise of a point falls by their root."""


@dataclass(frozen=True)
class Performer:
    """Frames of all clips, stacked: ``points [T, K, 3]`` frontal, in eye units; ``starts [clips + 1]``."""

    name: str
    ids: tuple[int, ...]
    points: np.ndarray
    neutral: np.ndarray  # [K, 3]
    gap: np.ndarray  # [T, 2] inner lip gap and mouth width
    closed: float  # gap below which the lips are closed
    starts: np.ndarray
    pixels: float  # pixels per unit


def measure(points: np.ndarray, ids: tuple[int, ...]) -> np.ndarray:
    """Inner lip gap and mouth width ``[T, 2]`` of frontal ``points [T, K, 3]`` (same unit)."""
    upper, lower = (columns(ids, [pair[i] for pair in GAP_PAIRS]) for i in (0, 1))
    left, right = columns(ids, MOUTH_CORNERS)
    gap = (points[:, upper, 1] - points[:, lower, 1]).mean(1)
    return np.stack([gap, points[:, right, 0] - points[:, left, 0]], 1).astype(np.float32)


def align(tracks: Sequence[Track], rig: Rig) -> tuple[np.ndarray, float]:
    """All frames in the rig's frontal frame, ``float32 [T, K, 3]`` in eye units, and pixels per unit."""
    ids = tracks[0].ids
    points = face_axes(np.concatenate([track.points for track in tracks]))
    stable, table = columns(ids, STABLE), columns(ids, TABLE_NEUTRAL)
    reference = points[len(points) // 2, stable]
    for _ in range(3):
        pose = similarity(points[:, stable], reference)
        reference = np.median(apply(points[:, stable], pose), axis=0)
    frontal = apply(points, similarity(points[:, stable], reference))
    usual = np.median(frontal[:, table], axis=0)[None]
    frontal = apply(frontal, similarity(usual, rig.neutral[[rig.vertex[i] for i in TABLE_NEUTRAL]]))
    right, left = columns(ids, EYE_CORNERS)
    unit = np.median(np.linalg.norm(frontal[:, left] - frontal[:, right], axis=1))
    pixels = np.median(np.linalg.norm(points[:, left] - points[:, right], axis=1))
    return frontal / unit, float(pixels)


def find_neutral(points: np.ndarray, gap: np.ndarray, nose: int) -> tuple[np.ndarray, float]:
    """Neutral face ``[K, 3]`` of ``points [T, K, 3]`` and the closed threshold of the gap ``[T]``.

    The lower face is the median of the frames with closed lips. Above the point ``nose`` it is the median of
    all frames: lids are open and brows at rest most of the time.
    """
    floor = np.quantile(gap, FLOOR_QUANTILE)
    closed = float(np.median(gap[gap <= floor + PRESSED])) + TOUCH
    enough = np.sort(gap)[min(NEUTRAL_FRAMES, len(gap)) - 1]
    neutral, usual = np.median(points[gap <= max(closed, enough)], axis=0), np.median(points, axis=0)
    upper = usual[:, 1] > usual[nose, 1]
    neutral[upper] = usual[upper]
    return neutral, closed


def gather(name: str, tracks: Sequence[Track], rig: Rig) -> Performer:
    """Stack the clips of one performer and find its neutral."""
    points, pixels = align(tracks, rig)
    ids = tracks[0].ids
    gap = measure(points, ids)
    neutral, closed = find_neutral(points, gap[:, 0], columns(ids, (NOSE_TIP,))[0])
    starts = np.cumsum([0] + [len(track.points) for track in tracks])
    return Performer(name, ids, points, neutral, gap, closed, starts, pixels)
