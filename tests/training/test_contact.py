"""Which vowels part the lips for certain."""

from __future__ import annotations

import numpy as np

from mouthpiece.training.contact import FAR_HOPS, apart
from mouthpiece.training.phones import PHONES, UNLABELLED

OPEN, CLOSE, M, V = (PHONES.index(phone) for phone in ("a", "i", "m", "v"))


def test_open_vowels_far_from_whatever_shuts_lips_are_apart() -> None:
    for shut in (M, V, UNLABELLED):
        phones = np.full(80, OPEN)
        phones[40:48] = shut
        assert np.flatnonzero(~apart(phones)).tolist() == list(range((40 - FAR_HOPS) // 4, 16))


def test_close_vowels_tell_nothing() -> None:
    assert apart(np.full(40, OPEN)).all()
    assert not apart(np.full(40, CLOSE)).any()
