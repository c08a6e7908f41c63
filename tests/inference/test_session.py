"""The session: causal, the same bits in any chunks, resumable, and alike in a batch."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from mouthpiece.inference.bank import Bank
from mouthpiece.inference.features import TAIL
from mouthpiece.inference.model import Model
from mouthpiece.inference.session import Session, Track, frame_noise
from mouthpiece.inference.types import SAMPLE_RATE, TICK_SAMPLES, C, Take, frame_count


def run(session: Session, samples: np.ndarray, sizes: list[int] | None = None) -> np.ndarray:
    """All frames of ``samples`` fed in chunks of ``sizes``, repeated; in one piece by default."""
    sizes, parts, start, turn = sizes or [max(1, len(samples))], [], 0, 0
    while start < len(samples):
        parts.append(session.push(samples[start : start + sizes[turn % len(sizes)]]))
        start += sizes[turn % len(sizes)]
        turn += 1
    return np.concatenate([*parts, session.flush()])


@pytest.fixture(scope="module")
def whole(model: Model, speech: np.ndarray) -> np.ndarray:
    return run(Session(model, seed=3), speech)


def test_frames_cover_the_sound(whole: np.ndarray, speech: np.ndarray) -> None:
    assert whole.shape == (frame_count(len(speech)), C)
    assert np.isfinite(whole).all()
    assert whole[:, :52].min() >= 0
    assert whole[:, :52].max() <= 1
    assert whole.std(axis=0).max() > 1e-3


@pytest.mark.parametrize("tick", [0, 41])
@pytest.mark.parametrize("future", [0.0, np.nan, -np.inf, "noise"])
def test_the_future_is_not_heard(
    model: Model, speech: np.ndarray, whole: np.ndarray, tick: int, future
) -> None:
    changed = speech.copy()
    after = changed[(tick + 1) * TICK_SAMPLES :]
    after[:] = np.random.default_rng(2).uniform(-1, 1, len(after)) if future == "noise" else future
    frames = run(Session(model, seed=3), changed)
    assert np.array_equal(frames[: tick + 1], whole[: tick + 1])
    assert not np.array_equal(frames[tick + 1 :], whole[tick + 1 :])
    assert np.isfinite(frames).all()


@pytest.mark.parametrize(
    "sizes",
    [[1], [639], [640], [641], [7, 1000, 1, 15_000, 640], [10 * SAMPLE_RATE]],
    ids=lambda sizes: "+".join(map(str, sizes)),
)
def test_chunks_do_not_matter(model: Model, speech: np.ndarray, whole: np.ndarray, sizes: list[int]) -> None:
    assert np.array_equal(run(Session(model, seed=3), speech, sizes), whole)


def test_frames_come_as_soon_as_they_are_determined(tiny: Model) -> None:
    session = Session(tiny)
    assert len(session.push(np.zeros(TICK_SAMPLES - 1))) == 0
    assert len(session.push(np.zeros(1))) == 1
    assert len(session.push(np.zeros(0))) == 0
    assert len(session.flush()) == 0
    assert len(session.push(np.zeros(1))) == 0
    assert len(session.flush()) == 1
    assert len(session.flush()) == 0


@pytest.mark.parametrize("cut", [0, 1, 640, 20_001])
def test_goes_on_from_what_was_saved(
    model: Model, speech: np.ndarray, whole: np.ndarray, cut: int, tmp_path
) -> None:
    first = Session(model, seed=3)
    begun = first.push(speech[:cut])
    np.savez(tmp_path / "saved.npz", **first.save())
    first.push(np.ones(5000))
    with np.load(tmp_path / "saved.npz", allow_pickle=False) as saved:
        snapshot = dict(saved)
    for session in (Session(model, seed=3), first):
        session.restore(snapshot)
        assert np.array_equal(np.concatenate([begun, run(session, speech[cut:])]), whole)


def test_a_snapshot_is_a_copy(tiny: Model, speech: np.ndarray) -> None:
    session = Session(tiny)
    session.push(speech[:5000])
    snapshot = session.save()
    kept = {name: value.copy() for name, value in snapshot.items()}
    session.push(speech[5000:])
    assert all(np.array_equal(snapshot[name], kept[name]) for name in kept)
    assert snapshot["pending"].shape == (1, TAIL + 5000 % TICK_SAMPLES)


def test_a_strange_snapshot_is_refused(tiny: Model, shipped: Model) -> None:
    with pytest.raises(ValueError, match="another model"):
        Session(tiny).restore(Session(shipped).save())
    with pytest.raises(ValueError, match="batch"):
        Session(tiny).restore(Session(tiny, batch=2).save())


def bank_of(model: Model, *takes: Take) -> Bank:
    bank = Bank(model)
    for take in takes:
        bank.add(take)
    return bank


def test_rows_of_a_batch_are_the_single_tracks(model: Model, speech: np.ndarray, make_take) -> None:
    rows = np.stack([speech, 0.1 * speech, np.zeros_like(speech)])
    tracks = [Track(seed=3), Track(seed=4, valence=0.5), Track(bank=bank_of(model, make_take(0)), seed=5)]
    batch = Session(model, batch=3)
    for row, track in enumerate(tracks):
        batch.reset(row, track)
    frames = np.concatenate([batch.push(rows[:, :9999]), batch.push(rows[:, 9999:]), batch.flush()], axis=1)
    for samples, track, got in zip(rows, tracks, frames, strict=True):
        single = Session(model)
        single.reset(0, track)
        np.testing.assert_allclose(got, run(single, samples), atol=2e-5, rtol=0)


def test_a_row_that_begins_anew_forgets_and_leaves_the_others_alone(model: Model, speech, make_take) -> None:
    """Packing: what a row gives depends on nothing but its own sound and track."""
    ticks = len(speech) // TICK_SAMPLES // 2 * TICK_SAMPLES
    pair = np.stack([speech[:ticks], speech[:ticks][::-1]])
    plain = Session(model, batch=2, seed=3).push(pair)
    session = Session(model, batch=2, seed=3)
    session.reset(1, Track(bank=bank_of(model, make_take(0)), seed=8))
    half = ticks // 2 // TICK_SAMPLES * TICK_SAMPLES
    session.push(np.stack([speech[:half], speech[-half:]]))
    session.reset(0, Track(seed=3))
    session.reset(1, Track(seed=3))
    assert np.array_equal(session.push(pair), plain)
    session.push(np.zeros((2, 100)))
    with pytest.raises(ValueError, match="whole ticks"):
        session.reset(0, Track())


def test_the_number_of_tracks_is_checked(tiny: Model) -> None:
    with pytest.raises(ValueError, match="2 tracks"):
        Session(tiny, batch=2).push(np.zeros(640))


def test_the_seed_decides(model: Model, speech: np.ndarray, whole: np.ndarray) -> None:
    assert np.array_equal(run(Session(model, seed=3), speech), whole)
    assert not np.array_equal(run(Session(model, seed=4), speech), whole)
    assert run(Session(model, seed=-1), speech).shape == whole.shape


def test_noise_is_of_seed_and_frame_alone_and_independent() -> None:
    assert np.array_equal(frame_noise(7, 9, 23), frame_noise(7, 9, 23))
    frames = np.stack([frame_noise(7, frame, 23) for frame in range(2000)])
    assert abs(frames.mean()) < 0.02
    assert abs(frames.std() - 1) < 0.02
    shared = [np.intersect1d(a, b).size for a, b in itertools.pairwise(frames)]
    assert max(shared) == 0
    assert not np.array_equal(frame_noise(8, 9, 23), frame_noise(7, 9, 23))


def test_the_voice_is_heard(model: Model, speech: np.ndarray, whole: np.ndarray) -> None:
    silent = run(Session(model, seed=3), np.zeros_like(speech))
    assert np.abs(silent - whole).max() > 1e-3


def test_expression_is_added(tiny: Model, speech: np.ndarray) -> None:
    plain = run(Session(tiny), speech)
    pleased = run(Session(tiny, valence=1.0), speech)
    assert (pleased - plain).max() > 0.05
    assert pleased[:, :52].max() <= 1


def test_too_few_moods_are_refused_before_anything_is_heard(tiny: Model, speech: np.ndarray) -> None:
    session = Session(tiny)
    before = session.save()
    with pytest.raises(ValueError, match="5 frames need their moods, not 3"):
        session.push(speech[: 5 * 640], np.zeros((3, 2)))
    after = session.save()
    assert all(np.array_equal(after[name], before[name]) for name in before)


def test_every_frame_has_its_mood(tiny: Model, speech: np.ndarray) -> None:
    moods = np.linspace(-1, 1, 40).reshape(20, 2)
    together = Session(tiny).push(speech[: 20 * 640], moods)
    session = Session(tiny)
    ticks = speech[: 20 * 640].reshape(20, 640)
    singly = [session.push(tick, moods[i : i + 1])[0] for i, tick in enumerate(ticks)]
    assert np.array_equal(np.stack(singly), together)
    assert not np.array_equal(together, Session(tiny).push(speech[: 20 * 640]))
