"""A mouth that is shown in part."""

from __future__ import annotations

import numpy as np
import pytest

from mouthpiece.inference.types import C
from mouthpiece.inference.unshown import Usual

ONE, TWO, OTHER = 17, 18, 43


@pytest.fixture
def usual() -> Usual:
    """Two channels that move together, by an amount that leaves the ridge behind."""
    return Usual(np.array([ONE, TWO]), np.array([0.5, 0.4]), np.array([[9.0, 4.5], [4.5, 9.0]]))


def measured(*channels: int) -> np.ndarray:
    return np.isin(np.arange(C), channels)


def test_what_is_lacking_does_what_it_usually_does_beside_the_rest(usual: Usual) -> None:
    channels = np.zeros((3, C), np.float32)
    channels[:, ONE], channels[:, OTHER] = [0.5, 0.7, 0.1], 0.2
    whole, everything = usual.complete(channels, measured(ONE, OTHER))
    np.testing.assert_allclose(whole[:, TWO], [0.4, 0.5, 0.2], atol=1e-3)
    assert np.flatnonzero(everything).tolist() == [ONE, TWO, OTHER]
    assert np.array_equal(np.delete(whole, TWO, 1), np.delete(channels, TWO, 1))
    assert not channels[:, TWO].any(), "the take itself stays as it is"


@pytest.mark.parametrize("shown", [(), (OTHER,), (ONE, TWO), (ONE, TWO, OTHER)])
def test_a_whole_mouth_and_none_stay_as_they_are(usual: Usual, shown: tuple[int, ...]) -> None:
    channels = np.random.default_rng(0).random((3, C), np.float32)
    whole, everything = usual.complete(channels, measured(*shown))
    assert np.array_equal(whole, channels) and np.array_equal(everything, measured(*shown))
