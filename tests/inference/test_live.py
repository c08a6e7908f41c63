"""Frames made ahead of a playhead: those of the bake, in time, through jumps and changed settings."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from mouthpiece.inference import live
from mouthpiece.inference.animate import animate
from mouthpiece.inference.live import AHEAD, WARM_UP, LiveStream, Score, score_for
from mouthpiece.inference.session import Session
from mouthpiece.inference.types import INDEX, TICK_RATE, frame_count

WAIT = 20.0


@pytest.fixture
def line(speech: np.ndarray) -> np.ndarray:
    """Twelve seconds with an unfinished last tick."""
    return np.tile(speech, 3)


@pytest.fixture
def score(model, line) -> Callable[..., Score]:
    def make(seed: int = 0, valence: float = 0.0) -> Score:
        return score_for(line, lambda: Session(model, seed=seed), valence, 0.0)

    return make


@pytest.fixture
def stream(score) -> Iterator[LiveStream]:
    opened = LiveStream(score())
    yield opened
    opened.close()
    assert not opened._thread.is_alive()


def test_frames_are_those_of_the_bake(model, stream, line) -> None:
    baked = animate(line, model)
    assert len(baked) == frame_count(len(line)) == stream._score.frames
    for index in range(len(baked)):
        np.testing.assert_array_equal(stream.frame(index, WAIT), baked[index])


def test_between_frames_and_beyond_the_ends(stream) -> None:
    first, second = stream.frame(0, WAIT), stream.frame(1, WAIT)
    np.testing.assert_allclose(stream.sample(1 / TICK_RATE, WAIT), (first + second) / 2, atol=1e-6)
    np.testing.assert_array_equal(stream.sample(-3.0, WAIT), first)
    last = stream.frame(stream._score.frames - 1, WAIT)
    np.testing.assert_array_equal(stream.sample(99.0, WAIT), last)


def test_it_runs_ahead_and_no_further(stream) -> None:
    stream.frame(0, WAIT)
    deadline = time.monotonic() + WAIT
    while stream.lead() < AHEAD and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert AHEAD <= stream.lead() <= AHEAD + 1


def test_a_jump_is_warmed_up(model, stream, line) -> None:
    """A frame far ahead equals that of a session which began the warm-up before it."""
    target = 150
    fresh = Session(model)
    fresh.frame = target - WARM_UP
    expected = fresh.push(line[(target - WARM_UP) * 640 : (target + 1) * 640])[-1]
    np.testing.assert_array_equal(stream.frame(target, WAIT), expected)
    assert stream.frame(10, WAIT) is not None


@pytest.mark.parametrize("beyond", [-40, 0, 60])
def test_a_playhead_beyond_the_sound_spoils_nothing(model, score, line, beyond: int) -> None:
    """Neither where the stream begins nor where the sound is changed; the last tick is not whole."""
    frames = frame_count(len(line))
    fresh = Session(model)
    fresh.frame = start = frames - 1 - WARM_UP
    fresh.push(line[start * 640 :])
    (last,) = fresh.flush()
    stream = LiveStream(score())
    stream.frame(frames + beyond if beyond >= 0 else beyond)
    stream.change(score())
    np.testing.assert_array_equal(stream.frame(frames - 1, WAIT), last)
    stream.close()


def test_what_is_far_from_the_playhead_is_forgotten(stream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "KEPT", 10)
    last = stream._score.frames - 1
    for index in (last, last // 2, 0):
        stream.frame(index, WAIT)
    near = range(-10, AHEAD + 10)
    assert all(index in near for store in (stream._made, stream._snapshots) for index in store)


def test_changed_settings_take_effect_at_the_playhead(model, stream, score) -> None:
    """The frame under the playhead is remade, from the state that the old settings had led to."""
    before = stream.frame(60, WAIT)
    while stream.lead() < AHEAD:
        time.sleep(0.01)
    stream.change(score(valence=1.0))
    after = stream.frame(60, WAIT)
    smile = INDEX["mouthSmileLeft"]
    assert after[smile] > before[smile] + 0.2 or after[smile] == 1.0
    stream.change(score(seed=5))
    assert not np.array_equal(stream.frame(60, WAIT), before)
    stream.change(score())
    np.testing.assert_allclose(stream.frame(60, WAIT)[smile], before[smile], atol=0.1)


def test_after_a_change_no_frame_of_the_old_settings_is_shown_again(stream, score) -> None:
    """Whoever scrubs back sees the new manner, also where the old one had been played."""
    before = [stream.frame(index, WAIT) for index in range(80)][40]
    stream.change(score(seed=5))
    stream.frame(79, WAIT)
    assert not np.array_equal(stream.frame(40, WAIT), before)


def test_another_sound_forgets_the_old_one(model, stream, line) -> None:
    stream.frame(5, WAIT)
    silent = np.zeros_like(line)
    stream.change(score_for(silent, lambda: Session(model), 0.0, 0.0))
    expected = animate(silent[: 640 * 6], model)[5]
    np.testing.assert_array_equal(stream.frame(5, WAIT), expected)


def test_what_goes_wrong_in_the_thread_is_raised(line) -> None:
    def broken() -> Session:
        raise ValueError("no such model")

    opened = LiveStream(score_for(line, broken, 0.0, 0.0))
    with pytest.raises(ValueError, match="no such model"):
        opened.frame(0, WAIT)
    opened.close()


def test_nobody_waits_for_a_frame_that_is_not_there(score, shipped, line) -> None:
    """The main thread asks and goes on; a slow model delays nothing."""
    gate = threading.Event()

    def slow() -> Session:
        gate.wait()
        return Session(shipped)

    opened = LiveStream(score_for(line, slow, 0.0, 0.0))
    started = time.perf_counter()
    assert opened.frame(0) is None and opened.sample(0.5) is None
    assert time.perf_counter() - started < 0.05
    gate.set()
    opened.close()


def test_twenty_five_frames_a_second(shipped, line) -> None:
    """Played in real time from a cold start, no frame comes late after the first half second."""
    stream = LiveStream(score_for(line, lambda: Session(shipped), 0.0, 0.0))
    stream.frame(0, WAIT)
    started, late = time.monotonic(), 0
    for index in range(3 * TICK_RATE):
        time.sleep(max(0.0, started + index / TICK_RATE - time.monotonic()))
        late += stream.frame(index) is None and index > TICK_RATE // 2
    stream.close()
    assert late == 0
