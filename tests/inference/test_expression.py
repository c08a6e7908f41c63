"""Valence and arousal: nothing at zero, more is more, and the lips stay as speech wants them."""

from __future__ import annotations

import numpy as np
import pytest

from mouthpiece.inference.expression import express, offsets
from mouthpiece.inference.types import CHANNELS, HEAD, INDEX
from mouthpiece.inference.vocalisations import REACTIONS, reactions

PARTS_THE_LIPS = ("jaw", "mouthClose", "mouthFunnel", "mouthPucker", "mouthRoll", "mouthShrug", "mouthPress",
                  "mouthLowerDown", "mouthUpperUp", "noseSneer", "tongueOut")  # fmt: skip


def test_neutral_changes_nothing() -> None:
    assert not offsets(0.0, 0.0).any()
    channels = np.random.default_rng(0).random((2, len(CHANNELS)), np.float32)
    assert np.array_equal(express(channels, 0.0, 0.0), channels)


@pytest.mark.parametrize("axis", [(1, 0), (-1, 0), (0, 1), (0, -1)])
def test_more_is_more(axis: tuple[int, int]) -> None:
    steps = np.stack([offsets(axis[0] * k / 10, axis[1] * k / 10) for k in range(11)])
    assert (np.diff(steps, axis=0) >= 0).all()
    assert steps[-1].max() > 0.1


@pytest.mark.parametrize(
    ("valence", "arousal", "rises"),
    [
        (1, 0, ("mouthSmileLeft", "cheekSquintRight")),
        (-1, 0, ("mouthFrownRight", "browDownLeft")),
        (0, 1, ("eyeWideLeft", "browOuterUpRight", "browInnerUp")),
        (0, -1, ("eyeBlinkLeft", "eyeBlinkRight")),
    ],
)
def test_each_corner_has_its_own_face(valence: int, arousal: int, rises: tuple[str, ...]) -> None:
    change = offsets(valence, arousal)
    opposite = offsets(-valence, -arousal)
    for name in rises:
        assert change[INDEX[name]] > 0
        assert opposite[INDEX[name]] <= 0


def test_lips_and_head_are_left_alone() -> None:
    for valence in (-1, 0, 1):
        for arousal in (-1, 0, 1):
            moved = [CHANNELS[i] for i in np.flatnonzero(offsets(valence, arousal))]
            assert not [name for name in moved if name.startswith(PARTS_THE_LIPS) or name in HEAD]
    reacting = [CHANNELS[i] for i in np.flatnonzero(reactions(list(REACTIONS)).any(0))]
    assert not [name for name in reacting if name.startswith(PARTS_THE_LIPS) or name in HEAD]


def test_values_beyond_the_range_count_as_its_ends() -> None:
    assert np.array_equal(offsets(5, -7), offsets(1, -1))
