"""The mouth region of the skin: its coordinates, the shape of the lips, and the bag behind them.

Coordinates are elliptic: the closed lip line is the slit between the foci of ``w = cosh(mu + i nu)``, so
``nu`` runs around the mouth (0 the left corner, pi/2 the middle of the upper lip, pi the right corner,
-pi/2 the middle of the lower lip) and ``mu`` is the distance from the lip line. Any field that is smooth in
(mu, nu) respects the slit, and one that is even in nu keeps closed lips closed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fields import curve, smoothstep
from .grid import Grid
from .shape import MOUTH_AZIMUTH, MOUTH_ELEVATION

LIP_BORDER = 0.285
"""``mu`` where the red of the lips ends, on average."""

BAG_DEPTH, BAG_HEIGHT = np.array([
    (0.03, 0.008), (0.06, 0.035), (0.075, 0.10), (0.085, 0.17), (0.14, 0.215), (0.34, 0.21), (0.58, 0.13),
    (0.66, 0.0), (0.58, -0.15), (0.34, -0.23), (0.14, -0.235), (0.085, -0.18), (0.075, -0.10), (0.06, -0.035),
    (0.03, -0.008),
]).T  # fmt: skip
"""Path of the inner lips and the bag from the upper lip to the lower one, behind and above the lip line."""
BAG_ROWS = len(BAG_DEPTH)


@dataclass(frozen=True)
class MouthMap:
    """Elliptic coordinates ``mu, nu [V]`` of skin and bag, and ``inner int [V]``: 0 on the skin, else the
    bag row counted from the lip of the same side (upper positive, lower negative)."""

    mu: np.ndarray
    nu: np.ndarray
    inner: np.ndarray


def elliptic(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """``mu, nu`` of every skin vertex from its direction."""
    x = grid.azimuth / MOUTH_AZIMUTH
    h = (grid.elevation - MOUTH_ELEVATION) / (MOUTH_AZIMUTH * np.cos(MOUTH_ELEVATION))
    zeta = np.arccosh(x + 1j * np.where(np.abs(h) < 1e-9, 0.0, h))
    mu, nu = np.abs(zeta.real), np.abs(zeta.imag)
    return mu, np.where(grid.above, nu, -nu)


def border(nu: np.ndarray) -> np.ndarray:
    """``mu`` of the edge of the lip red: a cupid's bow above, a fuller lip below."""
    a = np.abs(nu)
    bow, full = np.array([0, 40, 66, 79, 90, 101, 114, 140, 180]), np.array([0, 40, 70, 90, 110, 140, 180])
    upper = curve(np.radians(bow), np.array([0.14, 0.19, 0.245, 0.25, 0.215, 0.25, 0.245, 0.19, 0.14]), a)
    lower = curve(np.radians(full), np.array([0.14, 0.21, 0.275, 0.29, 0.275, 0.21, 0.14]), a)
    return np.where(nu >= 0, upper, lower)


def lip_relief(mu: np.ndarray, nu: np.ndarray) -> np.ndarray:
    """How far the lips stand out of the face ``[V, 3]``: a groove where they meet, two full rolls, a rim."""
    s = mu / border(nu)
    taper = np.abs(np.sin(nu)) ** 0.6
    knots = np.array([0.0, 0.12, 0.45, 0.85, 1.05, 1.5, 2.4])
    upper = curve(knots, np.array([-0.030, 0.008, 0.048, 0.034, 0.016, -0.004, 0.0]), s)
    lower = curve(knots, np.array([-0.030, 0.010, 0.058, 0.034, 0.006, -0.022, 0.0]), s)
    forward = 0.85 * taper * np.where(nu >= 0, upper, lower) * smoothstep(2.5, 2.0, s)
    groove = -0.03 * np.exp(-((mu / 0.10) ** 2)) * (1.0 - taper)
    corner = np.exp(-((mu / 0.22) ** 2)) * (1.0 - np.abs(np.sin(nu)) ** 0.5)
    out = np.zeros((len(mu), 3))
    out[:, 1] = -forward - groove * 0.6 + 0.012 * corner
    return out


def philtrum(points: np.ndarray) -> np.ndarray:
    """Displacement ``[V, 3]`` of the shallow groove between nose and upper lip."""
    dip = np.exp(-((points[:, 0] / 0.032) ** 2)) * np.exp(-(((points[:, 2] + 0.37) / 0.045) ** 2))
    front = points[:, 1] < -0.5
    return np.stack([0 * dip, 0.016 * dip * front, 0 * dip], axis=-1)


def bag(skin: np.ndarray, grid: Grid) -> tuple[np.ndarray, list[tuple[int, ...]], np.ndarray, np.ndarray]:
    """The inner lips and the mouth bag hung from the lip line.

    Returns vertices ``[B, 3]``, faces that index skin and bag together, and ``nu``, ``inner`` of the bag.
    """
    first, columns = len(skin), len(grid.mouth.upper)
    line = skin[grid.mouth.upper]
    x = grid.azimuth[grid.mouth.upper] / MOUTH_AZIMUTH
    thick = np.sqrt(np.clip(1.0 - x**6, 0.0, 1.0))
    flare = 1.0 + 0.22 * smoothstep(0.0, 0.12, BAG_DEPTH)[:, None] * np.ones(columns)
    flare *= np.where(BAG_DEPTH > 0.4, 0.8, 1.0)[:, None]
    vertices = np.stack([
        line[None, :, 0] * flare,
        line[None, :, 1] + BAG_DEPTH[:, None],
        line[None, :, 2] + BAG_HEIGHT[:, None] * thick,
    ], axis=-1).reshape(-1, 3)  # fmt: skip
    index = first + np.arange(BAG_ROWS * columns).reshape(BAG_ROWS, columns)
    sheet = np.concatenate([grid.mouth.upper[None], index, grid.mouth.lower[None]])
    faces = [
        tuple(dict.fromkeys((sheet[r, c], sheet[r, c + 1], sheet[r + 1, c + 1], sheet[r + 1, c])))
        for r in range(BAG_ROWS + 1)
        for c in range(columns - 1)
    ]
    angle = np.arccos(np.clip(x, -1.0, 1.0))
    depth = np.arange(1, BAG_ROWS + 1)
    upper = depth <= BAG_ROWS // 2 + 1
    inner = np.where(upper, depth, depth - BAG_ROWS - 1)
    nu = np.where(inner[:, None] > 0, angle, -angle).ravel()
    return vertices, [tuple(int(i) for i in f) for f in faces], nu, np.repeat(inner, columns)


def lip_rows(grid: Grid, skin_count: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices ``int [3, K]`` of the middle of the lip line and the first two rows inside it: upper, lower."""
    columns = len(grid.mouth.upper)
    middle = np.flatnonzero(np.abs(grid.azimuth[grid.mouth.upper]) < 0.3 * MOUTH_AZIMUTH)
    index = skin_count + np.arange(BAG_ROWS * columns).reshape(BAG_ROWS, columns)[:, middle]
    upper = np.stack([grid.mouth.upper[middle], index[0], index[1]])
    return upper, np.stack([grid.mouth.lower[middle], index[-1], index[-2]])


def lip_gap(vertices: np.ndarray, upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Height of the free opening between the inner lips, ``[K]`` per middle column, 0 where they touch.

    ``upper, lower int [rows, K]`` from ``lip_rows``. The highest point of the lower lip is taken against the
    lowest of the upper one, so rolled or curled lips measure right.
    """
    return np.maximum(vertices[upper, 2].min(0) - vertices[lower, 2].max(0), 0.0)
