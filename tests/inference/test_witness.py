"""Who gave how much: shares that sum to one, follow the weights, and change nothing in the bake."""

from __future__ import annotations

import numpy as np
import pytest

from mouthpiece.inference.animate import animate, animate_with
from mouthpiece.inference.session import Session
from mouthpiece.inference.types import TICK_SAMPLES
from mouthpiece.inference.witness import WitnessBank


@pytest.fixture
def watched(tiny, make_take, speech):
    """A bake with three references and the bank that watched it."""
    bank = WitnessBank(tiny)
    for seed in range(3):
        bank.add(make_take(seed))
    return bank, animate_with(speech, tiny, bank)


def test_the_bake_is_the_same(tiny, make_take, speech, watched) -> None:
    references = [(make_take(seed), 1.0) for seed in range(3)]
    np.testing.assert_array_equal(watched[1], animate(speech, tiny, references=references))


def test_shares_are_those_of_the_session(tiny, make_take, speech, watched) -> None:
    session = Session(tiny, bank=watched[0])
    session.push(speech[: len(speech) // TICK_SAMPLES * TICK_SAMPLES])
    session.flush()
    bank, _ = watched
    assert sum(bank.shares().values()) == pytest.approx(1.0, abs=1e-5)
    assert len(bank.shares()) == 3 and set(session.shares()) <= set(bank.shares())


def test_the_course_has_the_shares_as_its_mean_and_varies(watched) -> None:
    bank, channels = watched
    course = bank.course(len(channels))
    for key, share in bank.shares().items():
        assert course[key].shape == (len(channels),)
        assert course[key].mean() == pytest.approx(share, abs=1e-5)
    np.testing.assert_allclose(sum(course.values()), 1.0, atol=1e-5)
    assert max(np.ptp(run) for run in course.values()) > 0.05


def test_nobody_gives_anything_without_references_or_strength(tiny, make_take, speech) -> None:
    bank = WitnessBank(tiny)
    animate_with(speech, tiny, bank)
    assert bank.shares() == {}
    bank = WitnessBank(tiny)
    bank.add(make_take(0))
    animate_with(speech, tiny, bank, style_strength=0.0)
    assert list(bank.shares().values()) == [0.0]
