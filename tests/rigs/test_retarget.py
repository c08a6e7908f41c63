"""Channels to shape keys and back, and when they are keyed."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from mouthpiece.inference.errors import RigError
from mouthpiece.inference.types import BLENDSHAPES, INDEX, C, frame_times
from mouthpiece.rigs import retarget
from mouthpiece.rigs.bake_plan import plan_bake
from mouthpiece.rigs.inverse import followed
from mouthpiece.rigs.matching import match
from mouthpiece.rigs.rig import Rig

RATES = [24.0, 25.0, 30000 / 1001, 30.0, 60.0]


def smooth(count: int) -> np.ndarray:
    """Slow waves of all channels, [T, C]."""
    phase = np.arange(C)[None] * 0.37 + frame_times(count)[:, None] * 4.0
    return (0.5 + 0.4 * np.sin(phase)).astype(np.float32)


@pytest.mark.parametrize("rate", RATES)
def test_exact_keys_lie_at_the_same_seconds_at_any_rate(rate: float) -> None:
    clock = retarget.SceneClock(rate, 31.0)
    frames = retarget.key_frames(50, clock, whole=False)
    assert frames[0] == pytest.approx(31.0 + 0.02 * rate)
    np.testing.assert_allclose(clock.seconds(frames), frame_times(50), atol=1e-9)


@pytest.mark.parametrize("rate", RATES)
def test_whole_frames_cover_the_sound_and_nothing_else(rate: float) -> None:
    frames = retarget.key_frames(250, retarget.SceneClock(rate, 10.25), whole=True)
    assert frames[0] == 11 and np.all(np.diff(frames) == 1.0)
    assert frames[-1] <= 10.25 + 10.0 * rate < frames[-1] + 1


def test_ntsc_keeps_time_over_an_hour() -> None:
    frames = retarget.key_frames(90_000, retarget.SceneClock(30000 / 1001, 0.0), whole=False)
    exact = Fraction(89_999 * 2 + 1, 50) * Fraction(30000, 1001)
    assert frames[-1] == pytest.approx(float(exact), abs=1e-6)


def test_sampling_interpolates_and_holds_the_ends() -> None:
    values = np.array([[0.0], [1.0], [0.0]], np.float32)
    seconds = np.array([-1.0, 0.02, 0.04, 0.06, 0.09, 5.0])
    np.testing.assert_allclose(retarget.sample(values, seconds)[:, 0], [0, 0, 0.5, 1, 0.25, 0], atol=1e-6)


@pytest.mark.parametrize("style", [str, lambda name: name.replace("Left", "_L").replace("Right", "_R")])
def test_round_trip_through_a_complete_rig(style) -> None:
    mapping = match([style(name) for name in BLENDSHAPES])
    channels = smooth(20)
    back, known = followed(retarget.to_keys(channels, mapping), mapping.affine())
    np.testing.assert_allclose(back[:, :52], channels[:, :52], atol=1e-6)
    assert known[:52].all() and not known[52:].any()


def test_shared_keys() -> None:
    """One key for two channels takes their mean; two keys of one channel both get it whole."""
    mapping = match(["Blink", "browInnerUp_L", "browInnerUp_R"])
    channels = np.zeros((1, C), np.float32)
    channels[0, INDEX["eyeBlinkLeft"]] = 1.0
    channels[0, INDEX["browInnerUp"]] = 0.6
    np.testing.assert_allclose(retarget.to_keys(channels, mapping), [[0.5, 0.6, 0.6]])
    back, _ = followed(np.array([[0.5, 0.2, 0.6]]), mapping.affine())
    assert back[0, INDEX["eyeBlinkLeft"]] == back[0, INDEX["eyeBlinkRight"]] == 0.5
    assert back[0, INDEX["browInnerUp"]] == pytest.approx(0.4)


def test_values_beyond_the_canonical_range_are_clipped_when_read() -> None:
    back, _ = followed(np.array([[1.7], [-0.3]]), match(["jawOpen"]).affine())
    assert back[:, INDEX["jawOpen"]].tolist() == [1.0, 0.0]


def test_a_sound_shorter_than_a_frame_has_no_whole_frame() -> None:
    rig = Rig("Face", (), None, ())
    with pytest.raises(RigError, match="shorter than one scene frame"):
        plan_bake(rig, smooth(1), retarget.SceneClock(1.0, 0.5), whole=True)
