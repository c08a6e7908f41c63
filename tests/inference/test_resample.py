"""Another frame rate shows the same motion at the same seconds."""

from __future__ import annotations

import numpy as np
import pytest

from mouthpiece.inference.errors import OutputError
from mouthpiece.inference.resample import resample, resampled_count


@pytest.mark.parametrize("fps", [12.5, 24, 25, 29.97, 30, 60, 240])
def test_a_slope_stays_in_place(fps: float) -> None:
    times = (np.arange(100) + 0.5) / 25
    out = resample(np.stack([times, 1 - times], 1), 25, fps)
    expected = np.clip((np.arange(resampled_count(100, 25, fps)) + 0.5) / fps, times[0], times[-1])
    assert out.dtype == np.float32
    np.testing.assert_allclose(out[:, 0], expected, atol=1e-6)
    np.testing.assert_allclose(out[:, 1], 1 - expected, atol=1e-6)


def test_the_same_rate_is_a_copy() -> None:
    motion = np.random.default_rng(0).random((5, 3), np.float32)
    out = resample(motion, 25, 25)
    assert np.array_equal(out, motion)
    assert out is not motion


@pytest.mark.parametrize(
    ("frames", "fps", "rows"), [(0, 60, 0), (1, 60, 3), (25, 30, 30), (26, 30, 32), (1, 1, 1)]
)
def test_rows_cover_the_frames(frames: int, fps: float, rows: int) -> None:
    assert len(resample(np.zeros((frames, 2)), 25, fps)) == rows


@pytest.mark.parametrize("fps", [0, -25, np.nan, np.inf])
def test_impossible_rates(fps: float) -> None:
    with pytest.raises(OutputError, match="impossible"):
        resample(np.zeros((3, 2)), 25, fps)
