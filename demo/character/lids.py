"""The eyelids: spherical sheets that slide over the eyeballs, their rims and the lashes.

The skin is built with the lids closed. Opening turns every lid vertex about the eyeball's horizontal axis, by
the full angle at the lid's edge and by nothing at its crease, so a lid always stays on its sphere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fields import MIRROR, rotate_x, smoothstep
from .grid import Grid, Slit
from .shape import EYE, EYE_INNER, EYE_OUTER, EYE_RADIUS, LID_RADIUS

CREASE_UPPER, CREASE_LOWER = np.radians(76.0), np.radians(-58.0)
"""Elevations about the eyeball where the skin no longer follows the lids."""
RIM_ROWS = 3
LASH_ROWS = 4


@dataclass(frozen=True)
class LidPose:
    """Angles in degrees by which the edges leave the closing line at the middle of the eye."""

    upper: float = 41.0
    lower: float = -11.0


NEUTRAL = LidPose()


def lid_angles(closed: np.ndarray, grid: Grid, slit: Slit, pose: LidPose, *, right: bool) -> np.ndarray:
    """Turn ``[V]`` in radians that takes every skin vertex from closed lids to ``pose``, for one eye."""
    side = MIRROR if right else np.ones(3)
    q = closed * side - EYE
    elevation = np.arctan2(q[:, 2], -q[:, 1])
    x = np.clip((np.abs(grid.azimuth) - EYE_INNER) / (EYE_OUTER - EYE_INNER) * 2.0 - 1.0, -1.0, 1.0)
    almond = (1.0 - np.abs(x) ** 2.3) ** 0.75 * (1.0 + 0.10 * x)
    own = (grid.azimuth < 0) == right
    by_column = dict(zip(grid.column[slit.upper].tolist(), elevation[slit.upper].tolist(), strict=True))
    closing = np.array([by_column.get(c, np.nan) for c in grid.column.tolist()])
    near = own & np.isfinite(closing) & (q[:, 1] < 0.0)
    closing = np.where(near, closing, 0.0)
    up = np.clip(1.0 - (elevation - closing) / (CREASE_UPPER - closing), 0.0, 1.0) ** 1.25
    down = np.clip(1.0 - (elevation - closing) / (CREASE_LOWER - closing), 0.0, 1.0) ** 1.25
    turn = np.where(grid.above_eyes, up * pose.upper, down * pose.lower)
    local = smoothstep(1.45 * LID_RADIUS, 1.06 * LID_RADIUS, np.linalg.norm(q, axis=-1))
    return np.radians(turn) * almond * near * local


def open_lids(closed: np.ndarray, grid: Grid, left: LidPose, right: LidPose) -> np.ndarray:
    """Skin vertices ``[V, 3]`` with the lids of both eyes in the given poses."""
    points = closed
    for k, pose in enumerate((left, right)):
        centre = EYE * (MIRROR if k else 1.0)
        turn = lid_angles(closed, grid, grid.eyes[k], pose, right=bool(k))
        points = rotate_x(points, centre, turn)
    return points


def rims(skin: np.ndarray, grid: Grid) -> np.ndarray:
    """Thickness of the lids: rows from each edge in to the eyeball, ``[4 * RIM_ROWS * K, 3]``.

    Order: left upper, left lower, right upper, right lower; rows outward to inward.
    """
    pieces = []
    for k, slit in enumerate(grid.eyes):
        centre = EYE * (MIRROR if k else 1.0)
        for edge in (slit.upper, slit.lower):
            ray = skin[edge] - centre
            unit = ray / np.linalg.norm(ray, axis=-1, keepdims=True)
            for radius in np.linspace(1.0, 0.0, RIM_ROWS + 1)[1:]:
                pieces.append(centre + ray * radius + unit * (EYE_RADIUS * 0.97) * (1 - radius))
    return np.concatenate(pieces)


def rim_faces(grid: Grid, first: int) -> list[tuple[int, ...]]:
    """Faces of the rims, whose own vertices are numbered from ``first``."""
    faces, start = [], first
    for slit in grid.eyes:
        for edge, flip in ((slit.upper, False), (slit.lower, True)):
            columns = len(edge)
            own = start + np.arange(RIM_ROWS * columns).reshape(RIM_ROWS, columns)
            sheet = np.concatenate([edge[None], own])
            start += RIM_ROWS * columns
            for r in range(RIM_ROWS):
                for c in range(columns - 1):
                    quad = (sheet[r, c], sheet[r, c + 1], sheet[r + 1, c + 1], sheet[r + 1, c])
                    faces.append(tuple(int(i) for i in (reversed(quad) if flip else quad)))
    return faces


def rim_mirror(grid: Grid, first: int) -> np.ndarray:
    """Twin index of every rim vertex."""
    columns = len(grid.eyes[0].upper)
    block = np.arange(2 * RIM_ROWS * columns).reshape(2 * RIM_ROWS, columns)[:, ::-1].ravel()
    return first + np.concatenate([block + block.size, block])


def lid_mask(closed: np.ndarray) -> np.ndarray:
    """1 on the lids, 0 on the rest of the skin ``[V]``: keeps brow and cheek fields off the eyeballs."""
    q = closed.copy()
    q[:, 0] = np.abs(q[:, 0])
    distance = np.linalg.norm(q - EYE, axis=-1)
    return smoothstep(LID_RADIUS * 1.50, LID_RADIUS * 1.0, distance)


def lash_strip(skin: np.ndarray, grid: Grid, side: int) -> np.ndarray:
    """Lashes of one eye's upper lid ``[LASH_ROWS * K, 3]``: a line on the lid, its edge, flaring tips."""
    centre = EYE * (MIRROR if side else 1.0)
    edge = skin[grid.eyes[side].upper]
    ray = edge - centre
    unit = ray / np.linalg.norm(ray, axis=-1, keepdims=True)
    upward = np.cross(np.array([1.0, 0.0, 0.0]), unit)
    upward /= np.linalg.norm(upward, axis=-1, keepdims=True)
    upward *= np.where(upward[:, 2:] < 0, -1.0, 1.0)
    x = np.linspace(-1.0, 1.0, len(edge)) * (-1.0 if side else 1.0)
    ends = smoothstep(1.0, 0.9, np.abs(x))[:, None]
    length = (0.022 + 0.036 * smoothstep(-0.6, 0.9, x))[:, None] * (0.1 + 0.9 * ends)
    sideways = (0.5 * x * (-1.0 if side else 1.0))[:, None] * np.array([1.0, 0.0, 0.0])
    tip = unit + sideways + 0.30 * upward
    tip /= np.linalg.norm(tip, axis=-1, keepdims=True)
    line = edge + upward * 0.020 * ends + unit * 0.009
    front = edge + unit * 0.014
    return np.concatenate([line, front, edge + tip * length, edge - unit * 0.012 - upward * 0.007])
