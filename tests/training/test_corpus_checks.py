"""The checks see what they are there to see."""

from __future__ import annotations

import numpy as np
import pytest

from mouthpiece.inference.types import INDEX, C
from mouthpiece.training.corpus.checks import compare_lips, failures, lag_behind_sound, table
from mouthpiece.training.corpus.clip import MotionClip
from mouthpiece.training.corpus.lips import LipReadout


@pytest.fixture
def readout() -> LipReadout:
    matrix = np.zeros((2, C), np.float32)
    matrix[0, INDEX["jawOpen"]] = 0.4
    return LipReadout(matrix, np.array([0.01, 0.5], np.float32))


def speaking(delay: int) -> MotionClip:
    """Ten seconds of syllables whose lips follow the sound by ``delay`` frames of 40 ms."""
    loud = np.random.default_rng(0).uniform(0, 1, 250).clip(0.3) - 0.3
    rng = np.random.default_rng(1)
    audio = (np.repeat(loud, 640) * rng.normal(size=250 * 640) * 8000).astype(np.int16)
    channels = np.zeros((250, C), np.float32)
    channels[:, INDEX["jawOpen"]] = np.roll(loud, delay)
    return MotionClip("a", "p", "en", audio, channels, np.zeros((250, 2)), np.zeros(0, np.int16))


@pytest.mark.parametrize("delay", [-2, 0, 3])
def test_lag_is_found(delay, readout):
    assert lag_behind_sound([speaking(delay)], readout)["lag"] == pytest.approx(delay * 0.04, abs=0.011)


def test_silent_clips_give_no_lag(readout):
    still = MotionClip(
        "a", "p", "", np.zeros(6400, np.int16), np.zeros((10, C)), np.zeros((10, 2)), np.zeros(0)
    )
    assert lag_behind_sound([still], readout) == {}


def test_a_bad_fit_fails_and_a_good_one_does_not():
    good, bad = {"gap_correlation": 0.96, "stay_closed": 0.99}, {"gap_correlation": 0.94, "stay_closed": 0.9}
    lines = failures({"set": {"good": good, "bad": bad, "unmeasured": {"frames": 3}}})
    assert len(lines) == 2
    assert all(line.startswith("set/bad") for line in lines)


def test_comparison_is_blind_to_offset_but_not_to_shape():
    gap = np.random.default_rng(0).uniform(0, 0.2, (100, 2))
    same = compare_lips(gap, gap * 0.5 + 0.1)
    assert same["gap_correlation"] == pytest.approx(1)
    assert same["gap_slope"] == pytest.approx(0.5)
    assert compare_lips(gap, gap[::-1])["gap_correlation"] < 0.5


def test_table_has_a_line_per_performer_and_leaves_unknown_cells_empty():
    text = table({"set": {"a": {"frames": 12, "gap_correlation": 0.97}, "b": {"frames": 3}}}).splitlines()
    assert [line.split()[0] for line in text[1:]] == ["set/a", "set/b"]
    assert "0.9700" in text[1]
    assert len(text[2].split()) == 2
