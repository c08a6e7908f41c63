"""The shipped weights and references: what must fail if retrieval were only for show.

Virtual performers here are manners laid over the model's own animation of the demo's sounds, so that nothing
but the project is needed; ``make evaluate`` asks the same of held-out captures.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="virtual performers need torch")

from mouthpiece.inference.animate import animate, animate_with
from mouthpiece.inference.bank import Bank
from mouthpiece.inference.decode import load_audio
from mouthpiece.inference.model import Model
from mouthpiece.inference.types import TICK_RATE, Take
from mouthpiece.training.metrics import bootstrap
from mouthpiece.training.styles import (
    Performance,
    StaticBank,
    bank_of,
    disguise,
    error,
    shuffled_bank,
)

DEMO = Path(__file__).resolve().parents[2] / "demo"
SECONDS = 4
PERFORMERS = 16


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.load()


@pytest.fixture(scope="module")
def cast(model: Model) -> list[Performance]:
    """Virtual performers, each with one target and every other piece of sound as references."""
    pieces = []
    for sound in ("dialogue/dialogue", "references/broad", "references/mumble"):
        audio = load_audio(DEMO / f"{sound}.flac")
        whole = len(audio) // (SECONDS * 16_000)
        pieces += [audio[i * SECONDS * 16_000 : (i + 1) * SECONDS * 16_000] for i in range(whole)]
    takes = [Take(animate(p, model), TICK_RATE, f"piece {i}", p) for i, p in enumerate(pieces)]
    cast = []
    for seed in range(PERFORMERS):
        played = disguise(model, takes, seed)
        target = played.pop(seed % len(played))
        cast.append(Performance(target, played))
    return cast


def errors(model: Model, cast: list[Performance], bank) -> np.ndarray:
    return np.array(
        [error(animate_with(p.target.audio, model, bank(i)), p.target) for i, p in enumerate(cast)]
    )


@pytest.fixture(scope="module")
def own(model: Model, cast: list[Performance]) -> np.ndarray:
    return errors(model, cast, lambda i: bank_of(model, cast[i].references))


def assert_better(one: np.ndarray, other: np.ndarray) -> None:
    low, _ = bootstrap(other - one)
    assert low > 0, (one.mean(), other.mean())


def test_own_references_beat_none_and_anothers(
    model: Model, cast: list[Performance], own: np.ndarray
) -> None:
    assert_better(own, errors(model, cast, lambda i: None))
    assert_better(own, errors(model, cast, lambda i: bank_of(model, cast[(i + 1) % len(cast)].references)))


def test_what_is_retrieved_matters(model: Model, cast: list[Performance], own: np.ndarray) -> None:
    assert_better(own, errors(model, cast, lambda i: bank_of(model, cast[i].references, StaticBank)))
    assert_better(own, errors(model, cast, lambda i: shuffled_bank(model, cast[i].references)))


@pytest.fixture(scope="module")
def one(model: Model, cast: list[Performance]) -> np.ndarray:
    return errors(model, cast, lambda i: bank_of(model, cast[i].references[:1]))


def test_a_leak_would_be_seen(model: Model, cast: list[Performance], one: np.ndarray) -> None:
    """The target beside one take of its performer: what is found must tell more than the manner alone."""
    leaked = errors(model, cast, lambda i: bank_of(model, [cast[i].references[0], cast[i].target]))
    assert_better(leaked, one)


def test_more_references_do_not_harm(own: np.ndarray, one: np.ndarray) -> None:
    """Within the interval, which is what sixteen performers can tell."""
    low, _ = bootstrap(own - one)
    assert low <= 0, (own.mean(), one.mean())


def test_the_bank_says_who_gave_what(model: Model, cast: list[Performance]) -> None:
    bank = Bank(model)
    keys = [bank.add(take) for take in cast[0].references]
    places, scores = bank.find(model.embed(cast[0].references[0]).keys[10])
    assert bank.shelf.hashes[bank.shelf.owners[places[0]]] == keys[0]
    assert (np.diff(scores) <= 0).all()
