"""Lips brought into time with their sound, recording by recording.

GRID's pictures begin up to half a frame before or after their sound, by another amount in each recording: the
lag that fits the lips of a recording's first half to what its phones ask for also fits its second half. No
model can foresee it, so a regression on such pictures blurs every movement by a frame.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.interpolate import CubicSpline

from .dataset import Utterance
from .metrics import correlation
from .regions import MOUTH
from .weak import design, fit, phone_labelled

LAGS = np.arange(-1.5, 1.51, 0.1)
"""Ticks by which a recording's lips may follow their usual time."""
SPREAD = 0.5
"""Deviation of lags that is expected of pictures cut at whole frames, ticks."""
CORRELATED = 4
"""Ticks of a lip's movement that tell as much as one would."""
EDGE = 3
"""Ticks at both ends that are not compared: nothing is known beyond them."""


def in_time(utterances: list[Utterance]) -> list[Utterance]:
    """``utterances`` with the lips of phone-labelled recordings moved to their performer's usual lag.

    Brows, eyes and head stay: sound says little about them, and blinks would lose their edge.
    """
    groups = phone_labelled(utterances)
    if not groups:
        return utterances
    weights = fit(groups).weights
    lags = {}
    for group in groups:
        found = [lag_of(u.gap[:, 0], (design(np.asarray(u.phones, int)) @ weights)[:, 0]) for u in group]
        lags |= {id(u): lag for u, lag in zip(group, found - np.median(found), strict=True)}
    return [shifted(u, lags[id(u)]) if lags.get(id(u)) else u for u in utterances]


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
