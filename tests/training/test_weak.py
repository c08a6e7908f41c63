"""Lips for voices that nobody filmed: learned from phones, in time with the sound, unknown where they are."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from mouthpiece.inference.features import HOPS  # noqa: E402
from mouthpiece.inference.types import C  # noqa: E402
from mouthpiece.training.dataset import Utterance  # noqa: E402
from mouthpiece.training.phones import PHONES, UNLABELLED  # noqa: E402
from mouthpiece.training.sync import phone_labelled  # noqa: E402
from mouthpiece.training.weak import LATE, PhoneToLips, fit  # noqa: E402

TICKS, CLIPS = 60, 96
SHUT, ROUND, OPEN = (PHONES.index(phone) for phone in ("m", "u", "a"))


def said(number: int) -> np.ndarray:
    """Three sounds at random, two ticks each, ``int [4 TICKS]``."""
    rng = np.random.default_rng(number)
    return rng.choice([SHUT, ROUND, OPEN], TICKS // 2, p=[0.3, 0.3, 0.4]).repeat(2 * HOPS)


def lips(phones: np.ndarray) -> np.ndarray:
    """Shut at an m, narrow at a u, ``[T, 2]``."""
    return np.stack([phones != SHUT, phones != ROUND], 1).reshape(-1, HOPS, 2).mean(1)


def recording(number: int, performer: str = "set/a", amount: float = 0.1) -> Utterance:
    """A clip whose picture comes ``LATE`` hops after its sound."""
    phones = said(number)
    late = np.concatenate([np.repeat(phones[:1], LATE), phones[:-LATE]])
    gap = amount * (lips(late) + 0.05 * np.random.default_rng(number).standard_normal((TICKS, 2)))
    sound, mel = np.zeros(640 * TICKS, np.int16), np.zeros((HOPS * TICKS, 80), np.float16)
    channels = np.zeros((TICKS, C), np.float16)
    return Utterance(
        str(number), performer, "en", "train", sound, mel, channels, gap.astype(np.float32), phones,
        np.ones(C, np.float32),
    )  # fmt: skip


@pytest.fixture(scope="module")
def targets() -> PhoneToLips:
    broad = [recording(i) for i in range(CLIPS // 2)]
    narrow = [recording(i, "set/b", 0.01) for i in range(CLIPS // 2, CLIPS)]
    return fit(phone_labelled([*broad, *narrow]))


def test_lips_of_voices_come_with_the_sound_and_not_with_the_pictures(targets: PhoneToLips) -> None:
    phones = np.stack([said(1000 + i) for i in range(8)])
    made = targets(phones)
    assert made.shape == (8, TICKS, 2)
    wanted = np.stack([lips(row) for row in phones])
    late = np.roll(wanted, 1, 1)
    for column in range(2):
        in_time, behind = (
            np.corrcoef(made[:, 2:-2, column].flatten(), x[:, 2:-2, column].flatten())[0, 1]
            for x in (wanted, late)
        )
        assert in_time > 0.9 and in_time > behind + 0.2


def test_a_performers_amount_does_not_matter(targets: PhoneToLips) -> None:
    made = targets(np.stack([said(i) for i in range(8)]))
    np.testing.assert_allclose(made.std((0, 1)), 1.0, atol=0.2)


def test_nothing_is_asked_for_where_something_is_unlabelled(targets: PhoneToLips) -> None:
    phones = said(7)
    phones[100:102] = UNLABELLED
    unknown = torch.isnan(targets(phones[None])[0])
    first = (100 - LATE) // HOPS
    assert unknown[first].all() and unknown.sum() == 2
    assert torch.isnan(targets(np.full((1, 40), UNLABELLED))).all()


def test_the_same_recordings_give_the_same_targets_and_leave_chance_alone() -> None:
    few = phone_labelled([recording(i) for i in range(6)])
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one, other = fit(few), fit(few)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one(said(3)[None]), other(said(3)[None]))
