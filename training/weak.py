"""Weak motion supervision: what lips do for a phone, carried to the voices that nobody filmed.

A ridge regression from articulatory features around each tick to the measured lip gap and mouth width,
fitted on filmed speakers with aligned phones, gives every phone-labelled voice a plausible lip trajectory.
It may look ahead: it makes targets, not predictions. The pictures that it is fitted on come late against
their sound; lips that nobody filmed need not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .dataset import Utterance, by_performer
from .phones import FEATURE_TABLE

CONTEXT = 5
"""Ticks on either side that colour a target (coarticulation, 200 ms)."""
LATE = 4
"""Hops by which lips in GRID's pictures follow the sound: those of m, f and v, which shut exactly while they
sound, are shut 29 to 55 ms later there (the notebook has the count)."""
MIN_CLIPS = 4
"""Filmed speakers with fewer clips do not shape the targets."""


@dataclass(frozen=True)
class PhoneToLips:
    """``weights float32 [F (2 CONTEXT + 1) + 1, 2]`` to standardised gap and width."""

    weights: np.ndarray

    def __call__(self, phones: np.ndarray) -> np.ndarray:
        """Phone labels ``int [4 T]`` → standardised gap and width ``[T, 2]`` in time with the sound; NaN
        where unlabelled."""
        return design(np.concatenate([phones[LATE:], np.repeat(phones[-1:], LATE)])) @ self.weights


def design(phones: np.ndarray) -> np.ndarray:
    """Features of each tick and its neighbours, ``[T, F (2 CONTEXT + 1) + 1]``; NaN near unlabelled hops."""
    table = np.concatenate([FEATURE_TABLE, np.full((1, FEATURE_TABLE.shape[1]), np.nan, np.float32)])
    ticks = table[phones].reshape(-1, 4, table.shape[1]).mean(1)
    padded = np.pad(ticks, ((CONTEXT, CONTEXT), (0, 0)), mode="edge")
    lags = [padded[lag : lag + len(ticks)] for lag in range(2 * CONTEXT + 1)]
    return np.concatenate([*lags, np.ones((len(ticks), 1), np.float32)], 1)


def standardise(gap: np.ndarray) -> np.ndarray:
    """A performer's gap and width ``[T, 2]`` in units of his own deviation about his mean."""
    return (gap - np.nanmean(gap, 0)) / np.nanstd(gap, 0)


def phone_labelled(utterances: list[Utterance]) -> list[list[Utterance]]:
    """Recordings that have phones and a measured gap, of each performer who has more than a few."""
    labelled = [u for u in utterances if (u.phones >= 0).any() and len(u.gap) and np.isfinite(u.gap).all()]
    return [group for group in by_performer(labelled).values() if len(group) > MIN_CLIPS]


def fit(groups: list[list[Utterance]], ridge: float = 30.0) -> PhoneToLips:
    """Fits on filmed performers (a list of recordings each) that have phones and a measured gap."""
    rows, targets = [], []
    for group in groups:
        x = np.concatenate([design(np.asarray(u.phones, int)) for u in group])
        y = standardise(np.concatenate([u.gap for u in group]))
        good = np.isfinite(x).all(1) & np.isfinite(y).all(1)
        rows.append(x[good])
        targets.append(y[good])
    x, y = np.concatenate(rows).astype(np.float64), np.concatenate(targets).astype(np.float64)
    weights = np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ y)
    return PhoneToLips(weights.astype(np.float32))
