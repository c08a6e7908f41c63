"""Small fields that sculpt the character: smooth steps, bumps, distances, periodic curves."""

from __future__ import annotations

import numpy as np

MIRROR = np.array([-1.0, 1.0, 1.0])
"""The character is symmetric about x = 0; it faces -y, its left hand is at +x, z is up."""


def smoothstep(low: float, high: float, x: np.ndarray) -> np.ndarray:
    """0 below ``low``, 1 above ``high`` (or the reverse), cubic between."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def bump(points: np.ndarray, centre: tuple[float, float, float], radius: float) -> np.ndarray:
    """Gaussian of the distance ``[V]``: 1 at ``centre``, about 0.02 two radii away."""
    return np.exp(-(((points - np.array(centre)) / radius) ** 2).sum(-1))


def smooth_min(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    """Union of two distance fields that melts over ``width`` (polynomial smooth minimum, I. Quilez)."""
    h = np.clip(0.5 + 0.5 * (b - a) / width, 0.0, 1.0)
    return b + (a - b) * h - width * h * (1.0 - h)


def ellipsoid(points: np.ndarray, centre: tuple[float, ...], radii: tuple[float, ...]) -> np.ndarray:
    """Approximate signed distance ``[V]`` to an axis-aligned ellipsoid (first-order, I. Quilez)."""
    q = (points - np.array(centre)) / np.array(radii)
    k0 = np.sqrt((q * q).sum(-1))
    k1 = np.sqrt(((q / np.array(radii)) ** 2).sum(-1))
    return k0 * (k0 - 1.0) / np.maximum(k1, 1e-9)


def capsule(points: np.ndarray, a: tuple[float, ...], b: tuple[float, ...], radius: float) -> np.ndarray:
    """Signed distance ``[V]`` to a round-ended rod from ``a`` to ``b``."""
    start, axis = np.array(a), np.array(b) - np.array(a)
    t = np.clip((points - start) @ axis / (axis @ axis), 0.0, 1.0)
    return np.linalg.norm(points - start - t[:, None] * axis, axis=-1) - radius


def curve(knots: np.ndarray, values: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Smooth curve through ``(knots [K], values [K])``: cubic Hermite with finite-difference slopes."""
    knots, values = np.asarray(knots, float), np.asarray(values, float)
    slopes = np.gradient(values, knots)
    x = np.clip(x, knots[0], knots[-1])
    i = np.clip(np.searchsorted(knots, x) - 1, 0, len(knots) - 2)
    width = knots[i + 1] - knots[i]
    t = (x - knots[i]) / width
    rise = (values[i + 1] - values[i]) * t * t * (3 - 2 * t)
    return values[i] + rise + width * t * (1 - t) * ((1 - t) * slopes[i] - t * slopes[i + 1])


def ring(values: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Periodic Catmull-Rom curve: ``values [K, D]`` at angles 2 pi k / K, sampled at ``angle [V]``."""
    count = len(values)
    position = np.mod(angle, 2 * np.pi) / (2 * np.pi) * count
    i = np.floor(position).astype(int)
    t = (position - i)[:, None]
    p0, p1, p2, p3 = (values[(i + k) % count] for k in (-1, 0, 1, 2))
    quadratic = 2 * p0 - 5 * p1 + 4 * p2 - p3
    cubic = 3 * p1 - p0 - 3 * p2 + p3
    return 0.5 * (2 * p1 + (p2 - p0) * t + quadratic * t**2 + cubic * t**3)


def rotate_x(points: np.ndarray, pivot: np.ndarray, angle: np.ndarray | float) -> np.ndarray:
    """Turn points about the x axis through ``pivot``; positive angles lift what lies in front (-y)."""
    q = points - pivot
    c, s = np.cos(angle), np.sin(angle)
    turned = np.stack([q[:, 0], c * q[:, 1] + s * q[:, 2], c * q[:, 2] - s * q[:, 1]], axis=-1)
    return turned + pivot


def rotate_z(points: np.ndarray, pivot: np.ndarray, angle: np.ndarray | float) -> np.ndarray:
    """Turn points about the z axis through ``pivot``; positive angles carry the front (-y) to +x."""
    q = points - pivot
    c, s = np.cos(angle), np.sin(angle)
    turned = np.stack([c * q[:, 0] - s * q[:, 1], s * q[:, 0] + c * q[:, 1], q[:, 2]], axis=-1)
    return turned + pivot
