"""Metrics of lips and motion, as the field defines them. All work on numpy arrays at 25 Hz."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TOLERANCE_TICKS = 2
"""A closure counts as hit when the lips shut within ±2 frames of the phone."""


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's r over the pairs ``[T]`` where both are finite; NaN when one of them does not move."""
    good = np.isfinite(a) & np.isfinite(b)
    a, b = a[good], b[good]
    if len(a) < 3 or a.std() < 1e-9 or b.std() < 1e-9:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def bootstrap(values: np.ndarray, seed: int = 0, draws: int = 2000) -> tuple[float, float]:
    """95 % interval of the mean of ``values [N]``, NaN left out."""
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    if not len(values):
        return float("nan"), float("nan")
    picks = np.random.default_rng(seed).integers(len(values), size=(draws, len(values)))
    low, high = np.percentile(values[picks].mean(1), [2.5, 97.5])
    return float(low), float(high)


@dataclass(frozen=True)
class ClosureScore:
    """Counts of closures that the capture shows (true), the model makes, and both; timing in seconds."""

    hits: int
    missed: int
    false: int
    timing: tuple[float, ...]

    @property
    def precision(self) -> float:
        return self.hits / max(1, self.hits + self.false)

    @property
    def recall(self) -> float:
        return self.hits / max(1, self.hits + self.missed)

    def f(self, beta: float) -> float:
        """F-measure (van Rijsbergen 1979): recall counts ``beta`` times as much as precision."""
        weighed = (1 + beta**2) * self.hits
        return weighed / max(1, weighed + beta**2 * self.missed + self.false)

    @property
    def f1(self) -> float:
        return self.f(1)

    @property
    def median_timing(self) -> float:
        """Median absolute difference between predicted and captured closure, seconds."""
        return float(np.median(self.timing)) if self.timing else float("nan")

    def __add__(self, other: ClosureScore) -> ClosureScore:
        return ClosureScore(
            self.hits + other.hits,
            self.missed + other.missed,
            self.false + other.false,
            self.timing + other.timing,
        )


def total(scores: list[ClosureScore]) -> ClosureScore:
    """All ``scores`` together, at least one."""
    return sum(scores[1:], scores[0])


def f1_interval(scores: list[ClosureScore], seed: int = 0, draws: int = 2000) -> tuple[float, float]:
    """95 % interval of the F1 of all ``scores`` together, by recordings drawn anew."""
    counts = np.array([[score.hits, score.missed, score.false] for score in scores])
    picks = np.random.default_rng(seed).integers(len(counts), size=(draws, len(counts)))
    hits, missed, false = counts[picks].sum(1).T
    low, high = np.percentile(2 * hits / np.maximum(1, 2 * hits + missed + false), [2.5, 97.5])
    return float(low), float(high)


def runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """Half-open spans ``[start, stop)`` where ``mask [T]`` is true."""
    edges = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    return list(zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True))


def lowest(gap: np.ndarray) -> float:
    """Where ``gap [T]`` is smallest, in frames: the vertex of a parabola through the minimum."""
    place = int(np.argmin(gap))
    if not 0 < place < len(gap) - 1:
        return float(place)
    before, here, after = (float(value) for value in gap[place - 1 : place + 2])
    bend = before - 2 * here + after
    return place + 0.5 * (before - after) / bend if bend > 0 else float(place)


def closures(
    predicted: np.ndarray,
    measured: np.ndarray,
    bilabial: np.ndarray,
    speech: np.ndarray,
    thresholds: tuple[float, float],
    rate: float = 25.0,
) -> ClosureScore:
    """Closure F1 at p, b and m.

    ``predicted`` and ``measured`` gap ``[T]``, ``bilabial`` and ``speech`` masks ``[T]``; ``thresholds`` are
    the gaps below which each counts as shut. The truth is a bilabial at which the captured lips shut within
    ±2 frames; a prediction is right where its own lips shut there too. A false alarm is a predicted closure
    in speech farther than ±2 frames from any captured one.
    """
    shut_p, shut_m = predicted < thresholds[0], measured < thresholds[1]
    length, hits, missed, timing = len(predicted), 0, 0, []
    for start, stop in runs(bilabial):
        around = slice(max(0, start - TOLERANCE_TICKS), min(length, stop + TOLERANCE_TICKS))
        if not shut_m[around].any():
            continue
        if shut_p[around].any():
            hits += 1
            timing.append(abs(lowest(predicted[around]) - lowest(measured[around])) / rate)
        else:
            missed += 1
    near = np.convolve(shut_m, np.ones(2 * TOLERANCE_TICKS + 1), "same") > 0
    false = sum(1 for start, stop in runs(shut_p & speech) if not near[start:stop].any())
    return ClosureScore(hits, missed, false, tuple(timing))


def jerk(channels: np.ndarray, rate: float = 25.0) -> float:
    """Root mean square third difference of ``[T, …]`` per second cubed."""
    return float(np.sqrt(np.mean(np.square(np.diff(channels, n=3, axis=0) * rate**3))))
