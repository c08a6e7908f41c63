"""Lips brought into time with their sound, recording by recording.

GRID's pictures begin up to half a frame before or after their sound, by another amount in each recording: the
lag that fits the lips of a recording's first half to what its phones ask for also fits its second half. No
model can foresee it, so a regression on such pictures blurs every movement by a frame.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.interpolate import CubicSpline

from .dataset import Utterance, by_performer
from .metrics import correlation
from .phones import FEATURE_TABLE
from .regions import MOUTH

LAGS = np.arange(-1.5, 1.51, 0.1)
"""Ticks by which a recording's lips may follow their usual time."""
SPREAD = 0.5
"""Deviation of lags that is expected of pictures cut at whole frames, ticks."""
CORRELATED = 4
"""Ticks of a lip's movement that tell as much as one would."""
EDGE = 3
"""Ticks at both ends that are not compared: nothing is known beyond them."""
MIN_CLIPS = 4
"""Of speakers with fewer recordings nobody knows what is usual."""
CONTEXT = 5
"""Ticks on either side whose phones colour what lips are expected to do (coarticulation, 200 ms)."""


def in_time(utterances: list[Utterance]) -> list[Utterance]:
    """``utterances`` with the lips of phone-labelled recordings moved to their performer's usual lag.

    Brows, eyes and head stay: sound says little about them, and blinks would lose their edge.
    """
    groups = phone_labelled(utterances)
    if not groups:
        return utterances
    weights = fit(groups)
    lags = {}
    for group in groups:
        found = [lag_of(u.gap[:, 0], (design(np.asarray(u.phones, int)) @ weights)[:, 0]) for u in group]
        lags |= {id(u): lag for u, lag in zip(group, found - np.median(found), strict=True)}
    return [shifted(u, lags[id(u)]) if lags.get(id(u)) else u for u in utterances]


def standardise(gap: np.ndarray) -> np.ndarray:
    """A performer's gap and width ``[T, 2]`` in units of his own deviation about his mean."""
    return (gap - np.nanmean(gap, 0)) / np.nanstd(gap, 0)


def phone_labelled(utterances: list[Utterance]) -> list[list[Utterance]]:
    """Recordings that have phones and a measured gap, of each performer who has more than a few."""
    labelled = [u for u in utterances if (u.phones >= 0).any() and len(u.gap) and np.isfinite(u.gap).all()]
    return [group for group in by_performer(labelled).values() if len(group) > MIN_CLIPS]


def design(phones: np.ndarray) -> np.ndarray:
    """Features of each tick of ``phones int [4 T]`` and of its neighbours, ``[T, F (2 CONTEXT + 1) + 1]``;
    NaN near unlabelled hops."""
    table = np.concatenate([FEATURE_TABLE, np.full((1, FEATURE_TABLE.shape[1]), np.nan, np.float32)])
    ticks = table[phones].reshape(-1, 4, table.shape[1]).mean(1)
    padded = np.pad(ticks, ((CONTEXT, CONTEXT), (0, 0)), mode="edge")
    lags = [padded[lag : lag + len(ticks)] for lag in range(2 * CONTEXT + 1)]
    return np.concatenate([*lags, np.ones((len(ticks), 1), np.float32)], 1)


def fit(groups: list[list[Utterance]], ridge: float = 30.0) -> np.ndarray:
    """Ridge regression from ``design`` to the standardised gap and width of performers' recordings, ``[F (2
    CONTEXT + 1) + 1, 2]``."""
    rows, targets = [], []
    for group in groups:
        x = np.concatenate([design(np.asarray(u.phones, int)) for u in group])
        y = standardise(np.concatenate([u.gap for u in group]))
        good = np.isfinite(x).all(1) & np.isfinite(y).all(1)
        rows.append(x[good])
        targets.append(y[good])
    x, y = np.concatenate(rows).astype(np.float64), np.concatenate(targets).astype(np.float64)
    return np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ y)


def lag_of(gap: np.ndarray, expected: np.ndarray) -> float:
    """Ticks by which a measured gap ``[T]`` follows what its phones ask for ``[T]``, NaN where they are
    unknown: the most likely under correlated noise, given what is usual."""
    size = min(len(gap), len(expected))
    inside = slice(EDGE, size - EDGE)
    fits = [correlation(moved(gap[:size], lag)[inside], expected[:size][inside]) for lag in LAGS]
    likelihood = -0.5 * (size / CORRELATED) * np.log1p(-(np.clip(fits, 0, 0.999) ** 2))
    return float(LAGS[np.argmax(likelihood - 0.5 * (LAGS / SPREAD) ** 2)])


def moved(motion: np.ndarray, lag: float) -> np.ndarray:
    """``motion [T, …]`` as it is ``lag`` ticks later, ends held."""
    ticks = np.arange(len(motion))
    return CubicSpline(ticks, motion)(np.clip(ticks + lag, 0, ticks[-1]))


def shifted(utterance: Utterance, lag: float) -> Utterance:
    """Its mouth and gap ``lag`` ticks earlier."""
    channels = np.array(utterance.channels, np.float32)
    channels[:, MOUTH] = moved(channels[:, MOUTH], lag).clip(0, 1)
    return replace(utterance, channels=channels, gap=moved(utterance.gap, lag).astype(np.float32))
