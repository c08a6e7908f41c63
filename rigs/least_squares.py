"""Bounded least squares for many frames at once."""

from __future__ import annotations

import numpy as np

from ..inference.types import BLENDSHAPES, HEAD

SWEEPS = 80
ENOUGH = 1e-5
"""A sweep that changes nothing by more than this is the last."""


def bounded(
    gram: np.ndarray, aims: np.ndarray, low: np.ndarray, high: np.ndarray, start: np.ndarray | None = None
) -> np.ndarray:
    """The ``x [T, K]`` within ``low … high [K]`` that minimises ``x · gram · x / 2 - aims · x`` per frame.

    ``gram [K, K]`` is symmetric and positive semidefinite, ``aims [T, K]``. Cyclic coordinate descent, which
    converges for such problems (D. P. Bertsekas, Nonlinear Programming, 1999, section 2.7).
    """
    values = np.clip(np.zeros_like(aims) if start is None else start, low, high).T.copy()
    columns = aims.T
    for _ in range(SWEEPS):
        change = 0.0
        for k in range(len(gram)):
            if gram[k, k] <= 0.0:
                continue
            step = (columns[k] - gram[k] @ values) / gram[k, k]
            new = np.clip(values[k] + step, low[k], high[k])
            change = max(change, float(np.abs(new - values[k]).max(initial=0.0)))
            values[k] = new
        if change < ENOUGH:
            break
    return values.T


def channel_limits() -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest value of every channel, ``[C]`` each; head angles have none."""
    free = np.full(len(HEAD), np.inf)
    return (
        np.concatenate([np.zeros(len(BLENDSHAPES)), -free]),
        np.concatenate([np.ones(len(BLENDSHAPES)), free]),
    )
