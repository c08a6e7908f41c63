"""Metrics on cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from mouthpiece.training.metrics import (
    ClosureScore,
    bootstrap,
    closures,
    correlation,
    f1_interval,
    jerk,
    lowest,
    runs,
    total,
)

GAP = np.full(40, 0.2)
SPEECH = np.ones(40, bool)


def bilabial_at(*ticks: int) -> np.ndarray:
    mask = np.zeros(40, bool)
    mask[list(ticks)] = True
    return mask


def shut_at(*ticks: int) -> np.ndarray:
    gap = GAP.copy()
    gap[list(ticks)] = 0.0
    return gap


def score(predicted: np.ndarray, measured: np.ndarray, bilabial: np.ndarray):
    return closures(predicted, measured, bilabial, SPEECH, (0.1, 0.1))


def test_a_closure_within_two_frames_is_a_hit_with_its_timing() -> None:
    result = score(shut_at(12), shut_at(10), bilabial_at(10))
    assert (result.hits, result.missed, result.false) == (1, 0, 0)
    assert result.f1 == 1
    assert result.median_timing == pytest.approx(0.08)


def test_three_frames_off_is_a_miss_and_a_false_alarm() -> None:
    result = score(shut_at(14), shut_at(10), bilabial_at(10))
    assert (result.hits, result.missed, result.false) == (0, 1, 1)


def test_a_bilabial_that_the_capture_leaves_open_does_not_count() -> None:
    result = score(GAP, GAP, bilabial_at(10))
    assert (result.hits, result.missed, result.false) == (0, 0, 0)


def test_always_shut_lips_are_not_rewarded_between_closures() -> None:
    flapping = shut_at(10, 20, 25, 30)
    assert score(flapping, shut_at(10), bilabial_at(10)).precision == pytest.approx(1 / 4)


def test_the_interval_of_f1_is_over_recordings() -> None:
    """Of recordings that are all alike none; of which half is missed, around a half or so."""
    alike = [ClosureScore(3, 1, 1, ())] * 20
    assert f1_interval(alike) == pytest.approx((0.75, 0.75))
    mixed = [ClosureScore(4, 0, 0, ()), ClosureScore(0, 4, 0, ())] * 10
    low, high = f1_interval(mixed)
    assert total(mixed).f1 == pytest.approx(2 / 3)
    assert low < 2 / 3 < high and high - low > 0.1


def test_runs_are_half_open() -> None:
    assert runs(np.array([1, 1, 0, 1], bool)) == [(0, 2), (3, 4)]


def test_correlation_skips_what_is_not_finite() -> None:
    a = np.array([0.0, 1, 2, 3, np.nan])
    assert correlation(a, 2 * a + 1) == pytest.approx(1)
    assert np.isnan(correlation(a, np.zeros(5)))


def test_bootstrap_brackets_the_mean_and_is_seeded() -> None:
    values = np.random.default_rng(0).normal(3, 1, 400)
    low, high = bootstrap(values)
    assert low < values.mean() < high
    assert (low, high) == bootstrap(values)


def test_jerk_of_a_parabola_is_zero() -> None:
    assert jerk(np.arange(20.0) ** 2) == pytest.approx(0, abs=1e-6)


def test_the_lowest_point_lies_between_frames() -> None:
    times = np.arange(9.0)
    assert lowest((times - 4.3) ** 2) == pytest.approx(4.3)
    assert lowest(times) == 0
    assert lowest(np.ones(5)) == 0
