"""Offline animation: the session's frames, any length, curves, progress, cancelling, flat memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from mouthpiece.inference.animate import animate
from mouthpiece.inference.bank import Bank
from mouthpiece.inference.errors import Cancelled
from mouthpiece.inference.model import Model
from mouthpiece.inference.session import Session
from mouthpiece.inference.types import SAMPLE_RATE, TICK_RATE, C


@pytest.mark.parametrize(("samples", "frames"), [(0, 0), (1, 1), (640, 1), (641, 2), (16_000, 25)])
def test_frames_for_every_length(model: Model, samples: int, frames: int) -> None:
    assert animate(np.zeros(samples, np.float32), model).shape == (frames, C)


def test_is_the_sessions_steps(model: Model, speech: np.ndarray, make_take) -> None:
    takes = [make_take(0), make_take(1, audio=speech)]
    bank = Bank(model)
    for take in takes:
        bank.add(take, 0.5)
    session = Session(model, bank=bank, style_strength=0.7, valence=0.3, arousal=-0.2, seed=9)
    streamed = np.concatenate([session.push(speech), session.flush()])
    settings = {"style_strength": 0.7, "valence": 0.3, "arousal": -0.2, "seed": 9}
    made = animate(speech, model, references=[(take, 0.5) for take in takes], **settings)
    assert np.array_equal(made, streamed)
    backwards = animate(speech, model, references=[(take, 0.5) for take in reversed(takes)], **settings)
    assert np.array_equal(made, backwards)


def test_references_and_their_strength_matter(tiny: Model, speech: np.ndarray, make_take) -> None:
    plain = animate(speech, tiny)
    references = [(make_take(), 1.0)]
    assert not np.array_equal(animate(speech, tiny, references=references), plain)
    assert np.array_equal(animate(speech, tiny, references=references, style_strength=0.0), plain)


def test_curves_speak_at_their_frame(tiny: Model, speech: np.ndarray) -> None:
    plain, frames = animate(speech, tiny), -(-len(speech) // 640)
    curve = np.zeros(frames)
    curve[40:] = 1.0
    moved = animate(speech, tiny, valence=curve)
    assert np.array_equal(moved[:40], plain[:40])
    assert np.array_equal(moved[40:], animate(speech, tiny, valence=1.0)[40:])
    with pytest.raises(ValueError, match="broadcast"):
        animate(speech, tiny, arousal=np.zeros(frames + 3))


def test_progress_rises_to_one(tiny: Model, speech: np.ndarray) -> None:
    shares: list[float] = []
    animate(speech, tiny, progress=shares.append)
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)
    assert len(shares) >= len(speech) / SAMPLE_RATE


def test_cancelling_stops_soon(tiny: Model, speech: np.ndarray) -> None:
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) == 3

    with pytest.raises(Cancelled):
        animate(speech, tiny, cancelled=cancelled)
    assert len(asked) == 3


def test_broken_and_extreme_sound_gives_a_face(model: Model, speech: np.ndarray) -> None:
    for samples in (np.full(9000, np.nan, np.float32), np.clip(50 * speech, -1, 1), 1e6 * speech):
        channels = animate(samples.astype(np.float32), model)
        assert np.isfinite(channels).all()
        assert channels[:, :52].min() >= 0
        assert channels[:, :52].max() <= 1


def test_memory_does_not_grow_with_the_sound(tiny: Model) -> None:
    def peak(minutes: int) -> int:
        sound = np.zeros(minutes * 60 * SAMPLE_RATE, np.float32)
        tracemalloc.start()
        animate(sound, tiny)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used - minutes * 60 * TICK_RATE * C * 4

    # Python itself enlarges a table of its own now and then, hence the best of two.
    short, long = (min(peak(minutes), peak(minutes)) for minutes in (1, 4))
    assert long < short + 100_000
