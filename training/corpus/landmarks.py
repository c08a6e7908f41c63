"""Tracked faces: reading a track file, and the mesh vertices that the fit gives a meaning to.

Vertex numbers are those of MediaPipe's face mesh. "Right" is the performer's right, image left.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...inference.errors import TakeError
from ...inference.types import BLENDSHAPES

EYE_CORNERS = (33, 263)
"""Outer eye corners, right and left: their distance is the unit of every lip measure."""
MOUTH_CORNERS = (61, 291)
NOSE_TIP = 4
OUTER_UPPER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
OUTER_LOWER = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
INNER_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LOWER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
LIPS = tuple(dict.fromkeys(OUTER_UPPER + OUTER_LOWER + INNER_UPPER + INNER_LOWER))
GAP_PAIRS = ((82, 87), (13, 14), (312, 317))
"""Inner lip pairs, upper and lower, whose mean distance is the lip gap."""
IRISES = 468
"""First vertex of the irises, which have no place on a rig's skin."""
LID_POINTS = (
    7, 33, 133, 144, 145, 153, 154, 155, 157, 158, 159, 160, 161, 163, 173, 246,
    249, 263, 362, 373, 374, 380, 381, 382, 384, 385, 386, 387, 388, 390, 398, 466,
)  # fmt: skip
STABLE = (10, 168, 6, 197, 195, 33, 133, 362, 263, 234, 454, 93, 323)
"""Points that speech and brows hardly move: they carry the head pose."""
TABLE_NEUTRAL = (168, 197, 5, 33, 133, 362, 263, 234, 454, 93, 323)
"""Points whose place is alike on every neutral face: they turn the performer to the front."""
LIDS = {
    "Right": ((33, 133), ((160, 144), (159, 145), (158, 153))),
    "Left": ((263, 362), ((387, 373), (386, 374), (385, 380))),
}
"""Per eye: outer and inner corner, and pairs of upper and lower lid."""


@dataclass(frozen=True)
class Track:
    """One tracked clip. ``points float32 [T, K, 3]`` px, x right, y down, z away from the camera."""

    name: str
    points: np.ndarray
    ids: tuple[int, ...]
    guesses: np.ndarray  # the tracker's own coefficients, float32 [T, 52], canonical order
    matrix: np.ndarray  # head pose, float32 [T, 4, 4], x to the performer's left, y up, z out of the face
    ok: np.ndarray  # bool [T], False where the face was lost
    fps: float


def read_track(path: Path) -> Track:
    """Read a tracker's ``.npz``; the channels that the tracker lacks (tongueOut) stay zero.

    Raises TakeError when the file is not such a track.
    """
    try:
        with np.load(path, allow_pickle=False) as z:
            points = np.cumsum(z["landmarks_delta"], axis=0, dtype=np.int32) * z["scale"]
            names = z["names"].tolist()
            guesses = np.zeros((len(points), len(BLENDSHAPES)), np.float32)
            for i, name in enumerate(BLENDSHAPES):
                if name in names:
                    guesses[:, i] = z["blendshapes"][:, names.index(name)]
            ids = tuple(z["landmark_ids"].tolist())
            matrix, ok, fps = z["matrix"].copy(), z["ok"].astype(bool), float(z["fps"])
    except (OSError, KeyError, ValueError) as error:
        raise TakeError(f"{path}: not a landmark track ({error}); fetch the data again") from error
    hold = held_rows(np.isfinite(matrix).all((1, 2)) & np.isfinite(guesses).all(1))
    return Track(path.stem, points.astype(np.float32), ids, guesses[hold], matrix[hold], ok, fps)


def held_rows(good: np.ndarray) -> np.ndarray:
    """Row to read for every row ``int [T]``: the last good one, before the first good one that one."""
    if not good.any():
        raise ValueError("no frame of the track holds a face")
    last = np.maximum.accumulate(np.where(good, np.arange(len(good)), -1))
    return np.where(last < 0, np.argmax(good), last)


def columns(ids: tuple[int, ...], wanted: tuple[int, ...] | list[int]) -> list[int]:
    """Positions of mesh vertices in a track's landmark axis."""
    where = {vertex: i for i, vertex in enumerate(ids)}
    return [where[vertex] for vertex in wanted]
