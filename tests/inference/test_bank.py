"""The bank of references: order does not matter, adding and removing leave no trace, the best are found."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

import numpy as np
import pytest

from mouthpiece.inference import index as index_module
from mouthpiece.inference.bank import Bank
from mouthpiece.inference.entries import Entries
from mouthpiece.inference.errors import TakeError
from mouthpiece.inference.index import (
    BOUNDED_FROM,
    EXACT_LIMIT,
    BoundedIndex,
    CellIndex,
    ExactIndex,
    make_index,
)
from mouthpiece.inference.model import Model
from mouthpiece.inference.session import Session
from mouthpiece.inference.types import Take


def filled(model: Model, *takes: tuple[Take, float]) -> Bank:
    bank = Bank(model)
    for take, weight in takes:
        bank.add(take, weight)
    return bank


def animated(model: Model, bank: Bank, speech: np.ndarray, **settings: float) -> np.ndarray:
    return Session(model, bank=bank, seed=1, **settings).push(speech[:20_000])


def test_an_empty_bank_is_no_bank(model: Model, speech: np.ndarray) -> None:
    assert np.array_equal(animated(model, Bank(model), speech), animated(model, None, speech))


def test_any_order_gives_the_same_bits(model: Model, make_take, speech: np.ndarray) -> None:
    takes = [(make_take(seed, 40 + 13 * seed), weight) for seed, weight in enumerate((1.0, 0.3, 2.7))]
    frames = [animated(model, filled(model, *order), speech) for order in itertools.permutations(takes)]
    assert all(np.array_equal(other, frames[0]) for other in frames)
    assert not np.array_equal(frames[0], animated(model, None, speech))


def test_adding_and_removing_leaves_no_trace(model: Model, make_take, speech: np.ndarray) -> None:
    first, second, third = (make_take(seed) for seed in range(3))
    bank = Bank(model)
    bank.add(second)
    gone = bank.add(third, 5.0)
    animated(model, bank, speech)
    bank.add(first)
    bank.remove(gone)
    rebuilt = filled(model, (first, 1.0), (second, 1.0))
    assert np.array_equal(animated(model, bank, speech), animated(model, rebuilt, speech))
    with pytest.raises(KeyError):
        bank.remove(gone)


def test_weights_count(tiny: Model, make_take, speech: np.ndarray) -> None:
    first, second = make_take(0), make_take(1)
    alone = animated(tiny, filled(tiny, (first, 1.0)), speech)
    assert np.array_equal(animated(tiny, filled(tiny, (first, 0.2)), speech), alone)
    assert np.array_equal(animated(tiny, filled(tiny, (first, 1.0), (second, 0.0)), speech), alone)
    assert np.array_equal(animated(tiny, filled(tiny, (first, 0.0)), speech), animated(tiny, None, speech))
    distances = [
        np.abs(animated(tiny, filled(tiny, (first, 1.0), (second, weight)), speech) - alone).mean()
        for weight in (0.01, 1.0, 100.0)
    ]
    assert distances == sorted(distances)
    for weight in (-1.0, np.nan):
        with pytest.raises(TakeError, match="give a weight of 0 or more"):
            Bank(tiny).add(first, weight)


def test_where_a_face_rests_is_averaged_over_the_takes_that_show_it(tiny: Model) -> None:
    rng = np.random.default_rng(0)

    def entries(count: int, rest: float, shows: float) -> Entries:
        styles = np.full((count, tiny.style_size), 0.5, np.float32)
        styles[:, -1 - tiny.rest_size : -1], styles[:, -1] = rest * shows, shows
        keys = unit(rng, (count, tiny.key_size))
        return Entries(keys, np.zeros((count, tiny.value_size), np.float32), styles)

    bank = Bank(tiny)
    rests = slice(-1 - tiny.rest_size, -1)
    bank.add_entries("of a mouth alone", entries(30, 0.0, 0.0))
    assert not bank.shelf.style[rests].any()
    bank.add_entries("a", entries(10, 0.2, 1.0))
    bank.add_entries("b", entries(10, 0.4, 1.0), weight=3.0)
    np.testing.assert_allclose(bank.shelf.style[rests], 0.35, rtol=1e-6)
    np.testing.assert_allclose(bank.shelf.style[: rests.start], 0.5, rtol=1e-6)
    assert bank.shelf.style[-1] == 1


def test_strength_fades_to_no_references(model: Model, make_take, speech: np.ndarray) -> None:
    bank = filled(model, (make_take(0), 1.0))
    none = animated(model, None, speech)
    assert np.array_equal(animated(model, bank, speech, style_strength=0.0), none)
    weak, full = (np.abs(animated(model, bank, speech, style_strength=s) - none).mean() for s in (0.2, 1.0))
    assert 0 < weak < full


def test_the_same_take_counts_once_and_is_embedded_once(model: Model, make_take, monkeypatch) -> None:
    bank, calls = Bank(model), []
    embed = Model.embed
    monkeypatch.setattr(Model, "embed", lambda self, take: calls.append(take) or embed(self, take))
    take = make_take()
    bank.add(take)
    bank.add(replace(take, name="a copy"), 2.0)
    bank.add(make_take(1))
    assert len(calls) == len(bank.takes) == 2
    assert bank.takes[take.content_hash].weight == 2.0


def test_entries_travel_through_a_file(model: Model, make_take, speech: np.ndarray, tmp_path) -> None:
    take = make_take(0, audio=speech)
    np.savez(tmp_path / "take.npz", **model.embed(take).arrays())
    with np.load(tmp_path / "take.npz", allow_pickle=False) as stored:
        entries = Entries(**stored)
    cached = Bank(model)
    cached.add_entries(take.content_hash, entries)
    assert np.array_equal(
        animated(model, cached, speech), animated(model, filled(model, (take, 1.0)), speech)
    )


def test_sound_and_measured_channels_matter(model: Model, make_take, speech: np.ndarray) -> None:
    take = make_take()
    plain = model.embed(take)
    assert not np.array_equal(model.embed(replace(take, audio=speech)).keys, plain.keys)
    blind = replace(take, measured=np.zeros_like(take.measured))
    assert not np.array_equal(model.embed(blind).values, plain.values)


def test_broken_takes_are_named(model: Model, make_take) -> None:
    with pytest.raises(TakeError, match=r"'take 0' lasts 0\.17 s, too short"):
        model.embed(make_take(0, frames=5))
    broken = make_take(0)
    broken.channels[3, 4] = np.nan
    with pytest.raises(TakeError, match="'take 0' holds broken motion"):
        model.embed(broken)


def test_shares_say_who_contributed(model: Model, make_take, speech: np.ndarray) -> None:
    takes = [make_take(0), make_take(1, 90)]
    session = Session(model, bank=filled(model, *((take, 1.0) for take in takes)))
    session.push(speech[:20_000])
    shares = session.shares()
    assert set(shares) <= {take.content_hash for take in takes}
    assert sum(shares.values()) == pytest.approx(1.0)
    assert Session(model).shares() == {}


def unit(rng: np.random.Generator, shape: tuple[int, int], spread: float | np.ndarray = 1.0) -> np.ndarray:
    keys = spread * rng.standard_normal(shape).astype(np.float32)
    return keys / np.linalg.norm(keys, axis=1, keepdims=True)


def brute(keys: np.ndarray, biases: np.ndarray, query: np.ndarray, count: int) -> np.ndarray:
    scores = keys.astype(np.float64) @ query.astype(np.float64) + biases
    return np.lexsort((np.arange(len(keys)), -scores))[:count]


@pytest.mark.parametrize("size", [1, 31, 64, 65, 1000, 20_011])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("flat", [False, True], ids=["in all directions", "in few directions"])
@pytest.mark.parametrize("kind", [ExactIndex, BoundedIndex])
def test_exact_search_finds_the_best(
    kind: type, size: int, weighted: bool, flat: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "FEW", 1.0)
    rng = np.random.default_rng(size)
    spread = np.exp(-np.arange(64) / 3).astype(np.float32) if flat else np.ones(64, np.float32)
    keys, queries = (unit(rng, (count, 64), spread) for count in (size, 20))
    biases = 0.1 * rng.standard_normal(size) if weighted else np.zeros(size)
    index = kind(keys, biases)
    for query in queries:
        places, scores = index.search(query, 32)
        assert np.array_equal(places, brute(keys, biases, query, 32))
        assert (np.diff(scores) <= 0).all()


def test_where_no_axis_leads_every_entry_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    keys, (query,) = unit(rng, (20_000, 64)), unit(rng, (1, 64))
    bounded, looked = BoundedIndex(keys, np.zeros(len(keys))), []
    whole = ExactIndex.search
    monkeypatch.setattr(ExactIndex, "search", lambda *given: looked.append(1) or whole(*given))
    places, _ = bounded.search(query, 32)
    assert looked and np.array_equal(places, brute(keys, np.zeros(len(keys)), query, 32))


@pytest.mark.parametrize("kind", [ExactIndex, BoundedIndex, CellIndex])
def test_a_search_keeps_to_its_own_thread(kind: type) -> None:
    """Where other programs are busy, BLAS waits for its other threads as long as ten frames may take."""
    rng = np.random.default_rng(2)
    keys, queries = unit(rng, (60_000, 64), np.exp(-np.arange(64) / 3)), unit(rng, (40, 64))
    index = kind(keys, np.zeros(len(keys)))
    time.sleep(0.5)  # threads that helped to build it come to rest
    before, own = time.process_time(), time.thread_time()
    for query in queries:
        index.search(query, 32)
    own = time.thread_time() - own
    assert time.process_time() - before < 1.3 * own


@pytest.mark.parametrize("kind", [ExactIndex, BoundedIndex])
def test_ties_go_to_the_earlier_entry(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "FEW", 1.0)
    keys = np.tile(unit(np.random.default_rng(0), (1, 64)), (500, 1))
    places, _ = kind(keys, np.zeros(500)).search(keys[0], 32)
    assert np.array_equal(places, np.arange(32))


def test_the_size_of_a_bank_decides_how_it_is_searched() -> None:
    keys = unit(np.random.default_rng(0), (BOUNDED_FROM, 64))
    assert type(make_index(keys[1:], np.zeros(BOUNDED_FROM - 1))) is ExactIndex
    assert type(make_index(keys, np.zeros(BOUNDED_FROM))) is BoundedIndex
    many = unit(np.random.default_rng(0), (EXACT_LIMIT + 1, 8))
    assert type(make_index(many, np.zeros(len(many)))) is CellIndex


@pytest.mark.parametrize("share", [0.2, 1.0])
def test_cells_find_the_best_where_keys_repeat(share: float) -> None:
    rng = np.random.default_rng(4)
    keys, zeros = unit(rng, (40_000, 64)), np.zeros(40_000)
    keys[rng.random(len(keys)) < share] = keys[0]
    index = CellIndex(keys, zeros)
    for noise in unit(rng, (20, 64)):
        query = keys[0] + 0.1 * noise
        query /= np.linalg.norm(query)
        places, _ = index.search(query, 32)
        assert np.array_equal(places, brute(keys, zeros, query, 32))


def test_cells_recall_what_exact_search_finds() -> None:
    """Keys along paths, as a take's are: each entry resembles its neighbours in time."""
    rng = np.random.default_rng(3)
    basis = unit(rng, (10, 64))
    walk = np.cumsum(0.15 * rng.standard_normal((60_000, 10)), 0)
    keys = np.sin(walk).astype(np.float32) @ basis + 0.05 * rng.standard_normal((60_000, 64)).astype(
        np.float32
    )
    keys /= np.linalg.norm(keys, axis=1, keepdims=True)
    index, zeros = CellIndex(keys, np.zeros(len(keys))), np.zeros(len(keys))
    found = 0
    queries = keys[rng.integers(len(keys), size=60)] + 0.02 * rng.standard_normal((60, 64)).astype(np.float32)
    for query in queries / np.linalg.norm(queries, axis=1, keepdims=True):
        places, _ = index.search(query, 32)
        found += len(np.intersect1d(places, brute(keys, zeros, query, 32)))
    assert found / (60 * 32) >= 0.98
