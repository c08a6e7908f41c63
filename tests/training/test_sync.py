"""Recordings whose pictures come early or late: found by their phones, moved, and nothing else touched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mouthpiece.inference.types import INDEX, C
from mouthpiece.training.dataset import Utterance
from mouthpiece.training.phones import PHONES
from mouthpiece.training.regions import UPPER
from mouthpiece.training.sync import in_time, moved

TICKS, CLIPS = 75, 30
SHUT, OPEN = PHONES.index("m"), PHONES.index("a")


def recording(number: int, lag: float, performer: str = "set/a") -> Utterance:
    """Lips that shut smoothly at each m, ``lag`` ticks after it; the jaw and the brows follow them."""
    rng = np.random.default_rng(number)
    shut = np.repeat(rng.random(TICKS // 5) < 0.4, 5)
    times = np.arange(TICKS) - lag
    smooth = np.convolve(np.pad(shut.astype(float), 6, mode="edge"), np.hanning(7) / 3, "same")
    opening = 0.1 * (1 - np.interp(times, np.arange(-6, TICKS + 6), smooth))
    channels = np.zeros((TICKS, C), np.float16)
    channels[:, [INDEX["jawOpen"], INDEX["browInnerUp"]]] = 3 * opening[:, None]
    gap = np.stack([opening + 0.003 * rng.standard_normal(TICKS), opening], 1).astype(np.float32)
    phones = np.where(shut, SHUT, OPEN).repeat(4)
    sound, mel = np.zeros(640 * TICKS, np.int16), np.zeros((4 * TICKS, 80), np.float16)
    measured = np.ones(C, np.float32)
    return Utterance(str(number), performer, "en", "train", sound, mel, channels, gap, phones, measured)


@pytest.fixture(scope="module")
def lags() -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.7, 0.7, CLIPS)


def test_lips_are_brought_to_the_performers_usual_time(lags: np.ndarray) -> None:
    made = in_time([recording(i, lag) for i, lag in enumerate(lags)])
    wanted = [recording(i, float(np.median(lags))) for i in range(CLIPS)]
    before = [recording(i, lag) for i, lag in enumerate(lags)]
    jaw = INDEX["jawOpen"]

    def error(clips: list[Utterance]) -> float:
        pairs = zip(clips, wanted, strict=True)
        return float(np.mean([np.abs(c.channels[:, jaw] - w.channels[:, jaw]).mean() for c, w in pairs]))

    assert error(made) < 0.4 * error(before)
    for clip, old in zip(made, before, strict=True):
        assert np.array_equal(clip.channels[:, UPPER], old.channels[:, UPPER].astype(clip.channels.dtype))
        assert clip.gap.shape == old.gap.shape and clip.mel is not None


def test_what_nobody_labelled_or_hardly_filmed_stays_as_it_is(lags: np.ndarray) -> None:
    labelled = [recording(i, lag) for i, lag in enumerate(lags)]
    unlabelled = replace(recording(50, 0.5), phones=np.full(4 * TICKS, -1))
    few = [recording(60 + i, 0.5, "set/b") for i in range(3)]
    made = in_time([*labelled, unlabelled, *few])
    assert [a is b for a, b in zip(made[-4:], [unlabelled, *few], strict=True)] == [True] * 4
    assert in_time(few) == few


def test_moving_interpolates_and_holds_the_ends() -> None:
    wave = np.sin(np.arange(40) / 4)
    later = moved(wave, 0.5)
    np.testing.assert_allclose(later[2:-2], np.sin((np.arange(40) + 0.5) / 4)[2:-2], atol=1e-3)
    assert later[-1] == pytest.approx(wave[-1])
    np.testing.assert_allclose(moved(wave, 0.0), wave)
