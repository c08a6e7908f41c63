"""Smoothing, intensity, ranges and fewer keys: what they change, and that lips stay shut."""

from __future__ import annotations

import time

import numpy as np
import pytest
from rig_faces import closures, demo, speech

from mouthpiece.inference.errors import RigError
from mouthpiece.inference.types import BLENDSHAPES, HEAD, INDEX, C, frame_times
from mouthpiece.rigs.bake_plan import plan_bake
from mouthpiece.rigs.canonical import canonical
from mouthpiece.rigs.detect import detect
from mouthpiece.rigs.key_reduction import needed_keys
from mouthpiece.rigs.options import BakeOptions
from mouthpiece.rigs.retarget import SceneClock, sample
from mouthpiece.rigs.rig import FaceKeys, Rig
from mouthpiece.rigs.shaping import intensified, resampled, shut, smoothed

CLOCK = SceneClock(25.0, 0.5)


class Block:
    """Stands for a datablock of Blender."""

    def as_pointer(self) -> int:
        return id(self)


def rig() -> Rig:
    mapping = detect({"Face": BLENDSHAPES}).meshes["Face"]
    face = FaceKeys(Block(), "Face", mapping, dict.fromkeys(BLENDSHAPES, 1.0))
    return Rig("Face", (face,), None, ())


def gap(channels: np.ndarray) -> np.ndarray:
    return channels[:, :52] @ canonical().gap


@pytest.mark.parametrize("bound", [0.002, 0.01, 0.05])
def test_lines_between_the_keys_stay_within_the_bound(bound: float) -> None:
    rng = np.random.default_rng(0)
    frames = np.cumsum(rng.uniform(0.5, 2.0, 400))
    values = np.cumsum(rng.normal(size=(400, 7)), axis=0) * 0.02
    needed = needed_keys(frames, values, bound, np.zeros_like(values, bool))
    for place in range(7):
        kept = needed[:, place]
        drawn = np.interp(frames, frames[kept], values[kept, place])
        assert np.abs(drawn - values[:, place]).max() <= bound + 1e-9
        assert kept[0] and kept[-1] and kept.sum() < 400


def test_straight_and_still_curves_need_two_keys_and_kept_ones_stay() -> None:
    frames = np.arange(100.0)
    values = np.stack([np.zeros(100), frames * 0.01, np.where(frames < 50, 0.0, 1.0)], axis=1)
    keep = np.zeros_like(values, bool)
    keep[33, 0] = True
    needed = needed_keys(frames, values, 1e-6, keep)
    assert np.flatnonzero(needed[:, 0]).tolist() == [0, 33, 99]
    assert np.flatnonzero(needed[:, 1]).tolist() == [0, 99]
    assert np.flatnonzero(needed[:, 2]).tolist() == [0, 49, 50, 99]
    assert needed_keys(frames, values, 0.0, keep).all()


def test_fewer_keys_never_open_shut_lips() -> None:
    """Measured on the demo face: at every shut frame the lip gap is the unreduced one, to the bit."""
    full = plan_bake(rig(), speech(), CLOCK)
    thin = plan_bake(rig(), speech(), CLOCK, options=BakeOptions(tolerance=0.02))
    (part,) = thin.curves
    drawn = np.stack(
        [
            np.interp(thin.frames, thin.frames[kept], values[kept])
            for values, kept in zip(part.values.T, part.needed.T, strict=True)
        ],
        axis=1,
    )
    np.testing.assert_array_equal(part.values, full.curves[0].values)
    assert np.abs(drawn - part.values).max() <= 0.02 + 1e-6
    share = part.needed.mean()
    held = shut(speech())
    print(f"keys kept with an error of 0.02: {share:.0%}; {held.sum()} frames with shut lips are exact")
    assert share < 0.5 and held[closures()].all()
    openings = demo().channel_openings
    np.testing.assert_allclose(drawn[held] @ openings, part.values[held] @ openings, atol=1e-6)


def test_ten_minutes_of_keys_are_thinned_in_time() -> None:
    values = np.tile(speech()[:, :52], (31, 1))[:15_000]
    started = time.perf_counter()
    needed_keys(np.arange(15_000.0), values, 0.01, np.zeros(values.shape, bool))
    assert time.perf_counter() - started < 3.0


@pytest.mark.parametrize("seconds", [0.03, 0.06, 0.12])
def test_smoothing_is_smooth_and_keeps_closures(seconds: float) -> None:
    noise = np.zeros((400, C), np.float32)
    noise[:, INDEX["jawOpen"]] = 0.5 + 0.1 * np.random.default_rng(0).normal(size=400)
    assert smoothed(noise, seconds).std(axis=0).max() < 0.85 * noise.std(axis=0).max()
    soft = smoothed(speech(), seconds)
    brisk = np.abs(np.diff(speech(), 2, axis=0)).mean()
    assert np.abs(np.diff(soft, 2, axis=0)).mean() < 0.9 * brisk
    np.testing.assert_allclose(gap(soft)[closures()], gap(speech())[closures()], atol=1e-6)
    assert soft.min() >= 0.0 and soft.max() <= 1.0


def test_no_smoothing_changes_nothing() -> None:
    assert smoothed(speech(), 0.0) is speech()
    steady = np.full((30, C), 0.3, np.float32)
    np.testing.assert_allclose(smoothed(steady, 0.1), steady, atol=1e-6)


def test_intensity_by_region() -> None:
    gains = np.ones(C, np.float32)
    gains[INDEX["browInnerUp"]], gains[INDEX["headYaw"]], gains[INDEX["jawOpen"]] = 0.5, 2.0, 1.5
    motion = np.full((4, C), 0.8, np.float32)
    out = intensified(motion, gains)
    assert out[0, INDEX["browInnerUp"]] == pytest.approx(0.4)
    assert out[0, INDEX["jawOpen"]] == 1.0 and out[0, INDEX["headYaw"]] == pytest.approx(1.6)
    assert out[0, INDEX["mouthClose"]] == pytest.approx(0.8)
    assert intensified(motion, np.ones(C)) is motion


def test_a_range_keys_only_itself() -> None:
    plan = plan_bake(rig(), speech(), CLOCK, options=BakeOptions(span=(40.0, 60.0)))
    assert plan.frames.min() >= 40.0 and plan.frames.max() <= 60.0 and len(plan.frames) == 21
    whole = plan_bake(rig(), speech(), CLOCK)
    place = int(np.flatnonzero(whole.frames == plan.frames[0])[0])
    np.testing.assert_array_equal(plan.curves[0].values[0], whole.curves[0].values[place])
    with pytest.raises(RigError, match="The range 9000 to 9100 lies beside the sound"):
        plan_bake(rig(), speech(), CLOCK, options=BakeOptions(span=(9000.0, 9100.0)))


def plosives(count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """An open mouth that shuts for one tick every 300 ms or so, and those ticks."""
    motion = np.zeros((count, C), np.float32)
    motion[:, INDEX["jawOpen"]] = 0.4
    motion[:, INDEX["browInnerUp"]] = np.linspace(0, 1, count)
    ticks = np.arange(5, count - 5, 7) + np.random.default_rng(0).integers(0, 3, (count - 10 + 6) // 7)
    motion[ticks, INDEX["mouthClose"]] = 0.4
    return motion, ticks


@pytest.mark.parametrize("rate", [12.0, 24.0, 25.0, 24000 / 1001, 30.0, 60.0])
def test_lips_that_shut_between_two_whole_frames_shut_at_the_nearer(rate: float) -> None:
    motion, ticks = plosives()
    seconds = np.arange(0.0, 8.0, 1.0 / rate)
    made, plain = resampled(motion, seconds), sample(motion, seconds)
    for instant in frame_times(len(motion))[ticks]:
        nearest = np.abs(seconds - instant).min()
        assert shut(made)[np.abs(seconds - instant) < nearest + 1e-6].any()
    shown = shut(made).sum()
    assert shown <= len(ticks) * max(1.0, rate / 25.0), "and at no others"
    others = [i for i in range(C) if BLENDSHAPES[i : i + 1] != ("mouthClose",)]
    np.testing.assert_array_equal(made[:, others], plain[:, others])
    changed = (made != plain).any(1)
    assert changed.sum() <= len(ticks)


def test_other_frames_of_lips_that_stay_shut_or_open_are_in_between() -> None:
    motion, _ = plosives()
    motion[:, INDEX["mouthClose"]] = np.repeat([0.4, 0.0], 100)
    seconds = np.arange(0.0, 8.0, 1.0 / 24.0)
    np.testing.assert_array_equal(resampled(motion, seconds), sample(motion, seconds))
    assert resampled(motion, seconds[:0]).shape == (0, C)


@pytest.mark.parametrize("rate", [12.0, 24.0, 25.0, 30.0, 60.0])
def test_closures_that_no_whole_frame_shows_are_counted(rate: float) -> None:
    """One by one, against whether any frame within half a frame of the closure shows shut lips."""
    motion, ticks = plosives()
    clock = SceneClock(rate, 1.0)
    frames = np.arange(1.0, 1.0 + 8.0 * rate)
    shown = shut(sample(motion, clock.seconds(frames)))
    near = np.abs(frames - clock.frames(frame_times(200)[ticks])[:, None]) <= max(0.5, 0.5 * rate / 25.0)
    unseen = int((~(near & shown)).all(axis=1).sum())
    plan = plan_bake(rig(), motion, clock)
    assert plan.unseen == unseen and (unseen > 10) == (rate in (12.0, 24.0, 25.0, 30.0))
    assert plan_bake(rig(), motion, clock, whole=True).unseen == 0
    some = plan_bake(rig(), motion, clock, options=BakeOptions(span=(1.0, 1.0 + 4.0 * rate))).unseen
    assert some == pytest.approx(unseen / 2, abs=2)


def test_shut_lips_are_seen() -> None:
    assert not shut(np.zeros((3, C), np.float32)).any(), "a resting face is no closure"
    pressed = np.zeros((1, C), np.float32)
    pressed[0, INDEX["jawOpen"]] = pressed[0, INDEX["mouthClose"]] = 0.3
    assert shut(pressed).all()
    pressed[0, INDEX["mouthClose"]] = 0.0
    assert not shut(pressed).any()


def test_whole_frames_and_heads_go_through_options() -> None:
    plan = plan_bake(rig(), speech(), SceneClock(24.0, 1.0), options=BakeOptions(whole=True))
    assert np.array_equal(plan.frames, np.round(plan.frames))
    assert len(frame_times(3)) == 3 and len(HEAD) == 3
