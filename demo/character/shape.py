"""Poppy's proportions and the smooth solid that her skin is stretched over.

The skin is found by walking rays out of the head's origin, so the solid must be star-shaped from there.
Lengths are in decimetres or so: the head is 2.2 high.
"""

from __future__ import annotations

import numpy as np

from .fields import bump, capsule, ellipsoid, smooth_min

EYE = np.array([0.335, -0.575, 0.05])
"""Centre of the left eyeball."""
EYE_RADIUS = 0.252
LID_RADIUS = 0.282
"""The lids ride this far out, so that the straight path of a shape key never dips into the eyeball."""
JAW_PIVOT = np.array([0.0, -0.05, -0.18])
JAW_ANGLE = np.radians(21.0)

MOUTH_ELEVATION = np.radians(-27.5)
MOUTH_AZIMUTH = np.radians(21.5)
"""Elevation of the line where the lips meet, and azimuth of its left corner, from the head's origin."""
EYE_ELEVATION = np.radians(-1.6)
EYE_INNER, EYE_OUTER = np.radians(8.0), np.radians(36.5)
"""Elevation of the line where the lids meet, and azimuths of the left eye's corners."""


def direction(azimuth: np.ndarray, elevation: np.ndarray) -> np.ndarray:
    """Unit vectors ``[V, 3]``: azimuth 0 looks along -y and grows toward the character's left."""
    flat = np.cos(elevation)
    return np.stack([np.sin(azimuth) * flat, -np.cos(azimuth) * flat, np.sin(elevation)], axis=-1)


def solid(points: np.ndarray, *, features: bool = True) -> np.ndarray:
    """Signed distance ``[V]`` to the head with closed lids; without ``features`` the bare skull for hair."""
    p = points * [1.0, 1.0, 1.0]
    p[:, 0] = np.abs(p[:, 0])
    d = ellipsoid(p, (0.0, 0.12, 0.30), (0.86, 0.93, 0.84))
    d = smooth_min(d, ellipsoid(p, (0.0, -0.20, -0.20), (0.67, 0.64, 0.70)), 0.30)
    d = smooth_min(d, ellipsoid(p, (0.0, -0.50, -0.72), (0.34, 0.33, 0.24)), 0.28)
    d = smooth_min(d, capsule(p, (0.0, 0.17, -0.5), (0.0, 0.24, -2.2), 0.34), 0.20)
    if not features:
        return d
    d = smooth_min(d, ellipsoid(p, (0.40, -0.50, -0.30), (0.27, 0.26, 0.25)), 0.22)
    d = smooth_min(d, ellipsoid(p, (0.0, -0.66, -0.47), (0.36, 0.25, 0.22)), 0.18)
    d = smooth_min(d, ellipsoid(p, (0.0, -0.70, -0.83), (0.16, 0.15, 0.13)), 0.16)
    d = smooth_min(d, ellipsoid(p, (0.30, -0.58, 0.38), (0.30, 0.16, 0.10)), 0.20)
    d = smooth_min(d, capsule(p, (0.0, -0.76, 0.12), (0.0, -0.96, -0.20), 0.055), 0.14)
    d = smooth_min(d, ellipsoid(p, (0.0, -0.985, -0.215), (0.105, 0.10, 0.095)), 0.07)
    d = smooth_min(d, ellipsoid(p, (0.088, -0.90, -0.245), (0.06, 0.07, 0.055)), 0.06)
    return smooth_min(d, np.linalg.norm(p - EYE, axis=-1) - LID_RADIUS, 0.05)


def surface(azimuth: np.ndarray, elevation: np.ndarray, *, features: bool = True) -> np.ndarray:
    """Skin points ``[V, 3]`` where rays from the origin leave the solid (bisection, 1e-9 exact)."""
    rays = direction(azimuth, elevation)
    inside, outside = np.full(len(rays), 0.2), np.full(len(rays), 2.6)
    for _ in range(34):
        middle = 0.5 * (inside + outside)
        within = solid(rays * middle[:, None], features=features) < 0.0
        inside, outside = np.where(within, middle, inside), np.where(within, outside, middle)
    return rays * (0.5 * (inside + outside))[:, None]


def nostrils(points: np.ndarray) -> np.ndarray:
    """How much each point ``[V]`` belongs to the dark of a nostril, 0..1."""
    p = points.copy()
    p[:, 0] = np.abs(p[:, 0])
    return bump(p, (0.052, -0.975, -0.312), 0.030)
