"""The demo character's geometry: all 52 keys, their symmetry, and closures for speech and blinks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from mouthpiece.demo.character import build_parts
from mouthpiece.demo.character.fields import MIRROR
from mouthpiece.demo.character.mouth import lip_gap, lip_rows
from mouthpiece.demo.character.skin import Face, build_face
from mouthpiece.inference.types import BLENDSHAPES

TOUCHING = 0.002
"""A gap below this (the head is 2.2 high) cannot be seen."""
PAIRS = [name for name in BLENDSHAPES if name.endswith("Left")]


@pytest.fixture(scope="module")
def parts() -> dict:
    return {part.name: part for part in build_parts()}


@pytest.fixture(scope="module")
def face() -> Face:
    return build_face()


@pytest.fixture(scope="module")
def gap(parts, face):
    """Mean inner-lip gap of the face under shape-key values."""
    rows = lip_rows(face.grid, len(face.closed))
    return lambda **values: lip_gap(parts["Face"].posed(values), *rows).mean()


@pytest.fixture(scope="module")
def lid_gap(parts, face):
    """Largest distance between the edges of the lids of one eye (0 left, 1 right)."""

    def measure(side: int, **values: float) -> float:
        vertices, slit = parts["Face"].posed(values), face.grid.eyes[side]
        return np.linalg.norm(vertices[slit.upper] - vertices[slit.lower], axis=-1).max()

    return measure


def test_the_face_has_every_key_in_order_and_each_moves_it(parts):
    keys = parts["Face"].keys
    assert tuple(keys) == BLENDSHAPES
    still = [name for name, move in keys.items() if np.linalg.norm(move, axis=-1).max() < 0.004]
    assert not still


def test_parts_that_must_follow_have_the_keys(parts):
    assert {"jawOpen", "jawForward", "jawLeft", "jawRight"} <= set(parts["Teeth lower"].keys)
    assert {"jawOpen", "tongueOut"} <= set(parts["Tongue"].keys)
    assert {name for name in BLENDSHAPES if name.startswith("brow")} == set(parts["Brows"].keys)
    assert {name for name in BLENDSHAPES if name.startswith("eyeLook")} == set(parts["Eyes"].keys)
    assert {"eyeBlinkLeft", "eyeWideRight"} <= set(parts["Lashes"].keys)
    assert not parts["Teeth upper"].keys


def test_geometry_is_finite_and_indices_exist(parts):
    for part in parts.values():
        assert np.isfinite(part.vertices).all()
        assert np.isfinite(part.colours).all()
        assert all(np.isfinite(move).all() for move in part.keys.values())
        corners = {i for corner in part.faces for i in corner}
        assert min(corners) >= 0
        assert max(corners) < len(part.vertices)


def test_left_and_right_keys_are_mirror_images(parts):
    for part in (parts["Face"], parts["Eyes"], parts["Lashes"], parts["Brows"], parts["Teeth lower"]):
        assert np.abs(part.vertices[part.mirror] * MIRROR - part.vertices).max() < 1e-6
        for left in (name for name in (*PAIRS, "jawLeft") if name in part.keys):
            right = left.removesuffix("Left") + "Right"
            assert np.abs(part.keys[left][part.mirror] * MIRROR - part.keys[right]).max() < 1e-6, left


def test_left_keys_move_the_characters_left_side(parts):
    vertices = parts["Face"].vertices
    for name in (name for name in PAIRS if name not in ("jawLeft", "mouthLeft")):
        size = np.linalg.norm(parts["Face"].keys[name], axis=-1)
        assert (size * vertices[:, 0]).sum() > 0, name


def test_lips_are_closed_at_rest_and_open_with_the_jaw(gap):
    assert gap() < TOUCHING
    openings = [gap(jawOpen=value) for value in (0.1, 0.4, 0.7, 1.0)]
    assert openings[0] > 0.02
    assert all(b > a for a, b in pairwise(openings))
    assert openings[-1] > 0.2


@pytest.mark.parametrize("value", [0.15, 0.5, 1.0])
def test_mouth_close_seals_the_open_jaw(gap, value):
    assert gap(jawOpen=value, mouthClose=value) < TOUCHING


@pytest.mark.parametrize(
    "names",
    [
        ("mouthPucker",), ("mouthPressLeft", "mouthPressRight"), ("mouthRollLower", "mouthRollUpper"),
        ("mouthSmileLeft", "mouthSmileRight"), ("cheekPuff",), ("mouthShrugLower", "mouthShrugUpper"),
        ("mouthLeft",), ("mouthDimpleLeft", "mouthDimpleRight"), ("browDownLeft", "eyeBlinkLeft"),
    ],
)  # fmt: skip
def test_lips_stay_closed_under(gap, names):
    assert gap(**dict.fromkeys(names, 1.0)) < 0.008


@pytest.mark.parametrize("name", ["mouthFunnel", "mouthLowerDownLeft", "mouthUpperUpRight"])
def test_lips_part_under(gap, name):
    assert gap(**{name: 1.0}) > 0.02


def test_lids_are_open_at_rest_and_shut_by_a_blink(lid_gap):
    for side, name in enumerate(("eyeBlinkLeft", "eyeBlinkRight")):
        assert lid_gap(side) > 0.15
        assert lid_gap(side, **{name: 1.0}) < TOUCHING
        assert lid_gap(1 - side, **{name: 1.0}) > 0.15
    assert lid_gap(0, eyeSquintLeft=1.0) < lid_gap(0) < lid_gap(0, eyeWideLeft=1.0)


def test_a_lid_never_dips_into_the_eyeball_while_it_shuts(parts, face):
    from mouthpiece.demo.character.shape import EYE, EYE_RADIUS

    for value in np.linspace(0.0, 1.0, 9):
        vertices = parts["Face"].posed({"eyeBlinkLeft": value})
        edge = vertices[face.grid.eyes[0].upper]
        assert np.linalg.norm(edge - EYE, axis=-1).min() > EYE_RADIUS


def test_rounding_narrows_and_smiling_widens_the_mouth(parts, face):
    corners = face.grid.mouth.upper[[0, -1]]

    def width(**values):
        ends = parts["Face"].posed(values)[corners]
        return ends[1, 0] - ends[0, 0]

    rest = width()
    assert width(mouthPucker=1.0) < 0.65 * rest
    assert width(mouthFunnel=1.0) < 0.75 * rest
    assert width(mouthSmileLeft=1.0, mouthSmileRight=1.0) > 1.2 * rest
    assert width(mouthStretchLeft=1.0, mouthStretchRight=1.0) > 1.2 * rest


def test_teeth_and_tongue_follow_the_jaw(parts):
    for name in ("Teeth lower", "Tongue"):
        front = parts[name].vertices[:, 1].argmin()
        assert parts[name].keys["jawOpen"][front, 2] < -0.15
    out = parts["Tongue"].posed({"tongueOut": 1.0})
    assert out[:, 1].min() < parts["Face"].vertices[parts["Face"].keys["mouthFunnel"].any(-1), 1].min() * 0.97


def test_building_twice_gives_the_same_character(parts):
    """To 1e-9: numpy's vector units round the last bit by the alignment of the memory they are given."""
    build_face.cache_clear()
    for again in build_parts():
        assert np.abs(again.vertices - parts[again.name].vertices).max() < 1e-9
        for name, move in again.keys.items():
            assert np.abs(move - parts[again.name].keys[name]).max() < 1e-9
