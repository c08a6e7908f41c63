"""Poppy's proportions and the smooth solid that her skin is stretched over.

The skin is found by walking rays out of the head's origin, so the solid must be star-shaped from there.
Lengths are in decimetres or so: the head is 2.2 high.
"""

from __future__ import annotations

import numpy as np

from .fields import bump, capsule, ellipsoid, smooth_min

EYE = np.array([0.350, -0.575, 0.06])
"""Centre of the left eyeball."""
EYE_RADIUS = 0.278
LID_RADIUS = 0.310
"""The lids ride this far out, so that the straight path of a shape key never dips into the eyeball."""
JAW_PIVOT = np.array([0.0, -0.05, -0.18])
JAW_ANGLE = np.radians(21.0)

NECK_END = -1.30
"""Height at which the neck stops inside the collar, so that a turned head does not pull it through."""

MOUTH_ELEVATION = np.radians(-27.0)
MOUTH_AZIMUTH = np.radians(21.5)
"""Elevation of the line where the lips meet, and azimuth of its left corner, from the head's origin."""
EYE_ELEVATION = np.radians(-1.6)
EYE_INNER, EYE_OUTER = np.radians(7.2), np.radians(38.0)
"""Elevation of the line where the lids meet, and azimuths of the left eye's corners."""


def direction(azimuth: np.ndarray, elevation: np.ndarray) -> np.ndarray:
    """Unit vectors ``[V, 3]``: azimuth 0 looks along -y and grows toward the character's left."""
    flat = np.cos(elevation)
    return np.stack([np.sin(azimuth) * flat, -np.cos(azimuth) * flat, np.sin(elevation)], axis=-1)


def solid(points: np.ndarray, *, features: bool = True) -> np.ndarray:
    """Signed distance ``[V]`` to the head with closed lids; without ``features`` the bare skull for hair."""
    p = points.copy()
    p[:, 0] = np.sqrt(p[:, 0] ** 2 + 0.0016)
    d = ellipsoid(p, (0.0, 0.08, 0.30), (0.88, 0.94, 0.86))
    d = smooth_min(d, ellipsoid(p, (0.0, -0.22, -0.22), (0.72, 0.63, 0.68)), 0.30)
    d = smooth_min(d, ellipsoid(p, (0.0, -0.48, -0.68), (0.42, 0.36, 0.27)), 0.26)
    d = smooth_min(d, capsule(p, (0.0, 0.17, -0.5), (0.0, 0.24, -2.2), 0.315), 0.20)
    if not features:
        return d
    d = smooth_min(d, ellipsoid(p, (0.42, -0.52, -0.32), (0.27, 0.25, 0.25)), 0.22)
    d = smooth_min(d, ellipsoid(p, (0.0, -0.66, -0.46), (0.36, 0.25, 0.22)), 0.18)
    d = smooth_min(d, ellipsoid(p, (0.0, -0.70, -0.80), (0.17, 0.145, 0.13)), 0.16)
    d = smooth_min(d, capsule(p, (0.0, -0.80, 0.10), (0.0, -0.95, -0.17), 0.045), 0.13)
    d = smooth_min(d, ellipsoid(p, (0.0, -0.985, -0.20), (0.105, 0.105, 0.095)), 0.07)
    d = smooth_min(d, ellipsoid(p, (0.092, -0.905, -0.232), (0.058, 0.07, 0.052)), 0.06)
    own = np.abs(points) * [1.0, 0.0, 0.0] + points * [0.0, 1.0, 1.0]
    return smooth_min(d, np.linalg.norm(own - EYE, axis=-1) - LID_RADIUS, 0.085)


def surface(azimuth: np.ndarray, elevation: np.ndarray, *, features: bool = True) -> np.ndarray:
    """Skin points ``[V, 3]`` where rays from the origin leave the solid (bisection)."""
    rays = direction(azimuth, elevation)
    inside, outside = np.full(len(rays), 0.2), np.full(len(rays), 2.6)
    for _ in range(44):
        middle = 0.5 * (inside + outside)
        within = solid(rays * middle[:, None], features=features) < 0.0
        inside, outside = np.where(within, middle, inside), np.where(within, outside, middle)
    points = rays * (0.5 * (inside + outside))[:, None]
    return points * np.minimum(1.0, NECK_END / np.minimum(points[:, 2], NECK_END))[:, None]


def nostrils(points: np.ndarray) -> np.ndarray:
    """How much each point ``[V]`` belongs to the dark of a nostril, 0..1."""
    p = points.copy()
    p[:, 0] = np.abs(p[:, 0])
    return bump(p, (0.052, -0.975, -0.297), 0.030)
