"""Influence by region: exact at the ends, proportional between, and no channel without a region."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mouthpiece.inference.regions import Influence, blend, region
from mouthpiece.inference.types import CHANNELS, HEAD, INDEX

RNG = np.random.default_rng(2)
PLAIN, STYLED = (RNG.random((9, 55)).astype(np.float32) for _ in range(2))


def test_every_channel_has_its_region() -> None:
    assert {region(name) for name in CHANNELS} == {"mouth", "brows", "eyes", "head"}
    assert all(region(name) == "head" for name in HEAD)
    assert (
        region("jawOpen") == region("tongueOut") == region("noseSneerLeft") == region("cheekPuff") == "mouth"
    )
    assert region("eyeBlinkRight") == region("cheekSquintLeft") == "eyes" and region("browInnerUp") == "brows"


def test_exact_at_the_ends() -> None:
    assert Influence().full and not Influence(head=0.5).full
    np.testing.assert_array_equal(blend(PLAIN, STYLED, Influence()), STYLED)
    np.testing.assert_array_equal(blend(PLAIN, STYLED, Influence(0, 0, 0, 0)), PLAIN)


@pytest.mark.parametrize("name", ["mouth", "brows", "eyes", "head"])
def test_one_region_leaves_the_others_alone(name: str) -> None:
    mixed = blend(PLAIN, STYLED, replace(Influence(0, 0, 0, 0), **{name: 0.25}))
    inside = np.array([region(channel) == name for channel in CHANNELS])
    np.testing.assert_array_equal(mixed[:, ~inside], PLAIN[:, ~inside])
    np.testing.assert_allclose(mixed[:, inside], (0.75 * PLAIN + 0.25 * STYLED)[:, inside], rtol=1e-5)


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="shapes"):
        blend(PLAIN, STYLED[:5], Influence())
    assert blend(PLAIN, STYLED, Influence(mouth=7.0))[0, INDEX["jawOpen"]] == STYLED[0, INDEX["jawOpen"]]
