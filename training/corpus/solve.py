"""Bounded least squares over time: projected accelerated gradient for all frames of many clips at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Penalty:
    """Per coefficient: ``ridge [K]`` towards the prior and ``lasso [K]``; ``smooth`` over time."""

    ridge: np.ndarray
    lasso: np.ndarray
    smooth: float


def laplacian(weights: np.ndarray, joined: np.ndarray) -> np.ndarray:
    """Gradient of half the summed squared steps of ``weights [T, K]`` where ``joined bool [T - 1]``."""
    step = np.diff(weights, axis=0) * joined[:, None]
    out = np.zeros_like(weights)
    out[:-1] -= step
    out[1:] += step
    return out


def solve(
    basis: np.ndarray,
    target: np.ndarray,
    prior: np.ndarray,
    penalty: Penalty,
    joined: np.ndarray,
    iterations: int = 300,
) -> np.ndarray:
    """Coefficients ``float32 [T, K]`` in [0, 1] with ``basis [R, K] @ w_t ≈ target [T, R]``.

    Coefficients are scaled by their own curvature, so that weak shapes converge as fast as strong ones;
    the momentum restarts when it points uphill (O'Donoghue and Candès 2015). All in float64: the order in
    which threads sum must not show in a shard.
    """
    basis, target = basis.astype(np.float64), target.astype(np.float64)
    normal = basis.T @ basis + np.diag(penalty.ridge)
    pull = target @ basis + prior * penalty.ridge - penalty.lasso
    scale = 1 / np.sqrt(np.diag(normal) + 4 * penalty.smooth)
    scaled = normal * scale * scale[:, None]
    smooth = penalty.smooth * scale**2
    step = 1 / (np.linalg.eigvalsh(scaled)[-1] + 4 * smooth.max())
    pull, high = pull * scale, 1 / scale
    now = np.clip(prior / scale, 0, high)
    ahead, momentum = now, 1.0
    for _ in range(iterations):
        gradient = ahead @ scaled - pull + laplacian(ahead, joined) * smooth
        after = np.clip(ahead - step * gradient, 0, high)
        if np.vdot(ahead - after, after - now) > 0:
            momentum = 1.0
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = after + (momentum - 1) / following * (after - now)
        now, momentum = after, following
    return (now * scale).astype(np.float32)
