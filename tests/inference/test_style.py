"""The bank of references: order does not matter, adding and removing leave no trace."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from mouthpiece.inference.errors import TakeError
from mouthpiece.inference.model import Model
from mouthpiece.inference.style import StyleBank
from mouthpiece.inference.types import Take


def style_of(model: Model, *entries: tuple[Take, float]) -> np.ndarray:
    bank = StyleBank(model)
    for take, weight in entries:
        bank.add(take, weight)
    return bank.style()


def test_an_empty_bank_is_zero(model: Model) -> None:
    assert np.array_equal(style_of(model), np.zeros(model.style_size, np.float32))


def test_any_order_gives_the_same_bits(model: Model, make_take) -> None:
    entries = [(make_take(seed, 40 + 13 * seed), weight) for seed, weight in enumerate((1.0, 0.3, 2.7, 0.01))]
    styles = [style_of(model, *order) for order in itertools.permutations(entries)]
    assert all(np.array_equal(style, styles[0]) for style in styles)
    assert np.abs(styles[0]).max() > 0


def test_adding_and_removing_leaves_no_trace(model: Model, make_take) -> None:
    first, second, third = (make_take(seed) for seed in range(3))
    bank = StyleBank(model)
    bank.add(second)
    gone = bank.add(third, 5.0)
    bank.add(first)
    bank.remove(gone)
    assert np.array_equal(bank.style(), style_of(model, (first, 1.0), (second, 1.0)))
    with pytest.raises(KeyError):
        bank.remove(gone)


def test_the_mean_is_weighted(model: Model, make_take) -> None:
    first, second = make_take(0), make_take(1)
    a, b = model.embed(first), model.embed(second)
    np.testing.assert_allclose(style_of(model, (first, 1.0), (second, 3.0)), (a + 3 * b) / 4, atol=1e-6)
    assert np.array_equal(style_of(model, (first, 0.2)), a)
    assert np.array_equal(style_of(model, (first, 1.0), (second, 0.0)), a)
    assert np.array_equal(style_of(model, (first, 0.0)), np.zeros_like(a))


def test_the_same_take_counts_once_and_is_embedded_once(model: Model, make_take, monkeypatch) -> None:
    bank, calls = StyleBank(model), []
    embed = Model.embed
    monkeypatch.setattr(Model, "embed", lambda self, take: calls.append(take) or embed(self, take))
    take = make_take()
    bank.add(take)
    bank.add(replace(take, name="a copy"), 2.0)
    bank.add(make_take(1))
    assert len(calls) == len(bank.entries) == 2
    assert bank.entries[take.content_hash].weight == 2.0


def test_sound_and_measured_channels_matter(model: Model, make_take, speech: np.ndarray) -> None:
    take = make_take()
    plain = model.embed(take)
    assert not np.array_equal(model.embed(replace(take, audio=speech)), plain)
    assert not np.array_equal(model.embed(replace(take, measured=np.arange(55) < 30)), plain)
    assert np.array_equal(model.embed(replace(take, name="another")), plain)


def test_a_take_of_another_rate_is_brought_to_the_models(model: Model) -> None:
    def wave(fps: float) -> Take:
        times = (np.arange(round(4 * fps)) + 0.5) / fps
        phases = np.arange(55) / 9
        return Take((0.5 + 0.4 * np.sin(times[:, None] + phases)).astype(np.float32), fps, "wave")

    np.testing.assert_allclose(model.embed(wave(60.0)), model.embed(wave(25.0)), atol=5e-3)


def test_sound_may_be_shorter_or_longer_than_the_motion(model: Model, make_take, speech: np.ndarray) -> None:
    take = make_take()
    for audio in (speech[:100], np.tile(speech, 3), np.zeros(0, np.float32)):
        assert np.isfinite(model.embed(replace(take, audio=audio))).all()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda take: replace(take, channels=take.channels[:1]),
        lambda take: replace(take, channels=take.channels[:0]),
        lambda take: replace(take, channels=take.channels[:, :52]),
        lambda take: replace(take, channels=take.channels * np.float32(np.nan)),
    ],
    ids=["one frame", "no frame", "52 channels", "nan"],
)
def test_unusable_takes_are_named(tiny: Model, make_take, spoil) -> None:
    with pytest.raises(TakeError, match="'take 0'"):
        StyleBank(tiny).add(spoil(make_take()))


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_impossible_weights(tiny: Model, make_take, weight: float) -> None:
    with pytest.raises(TakeError, match="weight of 0 or more"):
        StyleBank(tiny).add(make_take(), weight)
