"""Rigs with visemes, or with five vowels, speak like the full bake: measured at the lips of the mesh."""

from __future__ import annotations

import numpy as np
import pytest
from rig_faces import VISEMES, VOWELS, Face, closures, speech

from mouthpiece.inference.types import BLENDSHAPES, INDEX, C
from mouthpiece.rigs.build import blend
from mouthpiece.rigs.detect import detect
from mouthpiece.rigs.lips import find_lips
from mouthpiece.rigs.mapping import PoseValue
from mouthpiece.rigs.reduce import reduction
from mouthpiece.rigs.surface import surface_lips


def rig(face: Face, kind: str) -> tuple[dict, object]:
    """Detected poses and the surface of a rig that has nothing but them."""
    if kind == "visemes":
        keys = {f"viseme_{name}": shows for name, shows in VISEMES.items()}
    else:
        keys = {letter: VISEMES[name] for letter, name in VOWELS.items()}
    return detect({"Face": tuple(keys)}).poses, face.surface(keys)


@pytest.mark.parametrize(("kind", "least"), [("visemes", 0.9), ("vowels", 0.8)])
@pytest.mark.parametrize("seen", [True, False], ids=["mesh", "names only"])
def test_the_lips_open_as_in_the_full_bake(face: Face, kind: str, least: float, seen: bool) -> None:
    poses, surface = rig(face, kind)
    values = reduction(poses, surface if seen else None)(speech())
    assert values.min() >= 0.0 and values.max() <= 1.0
    openings = np.array([face.opening(surface.moves[key]) for key in poses])
    baked, full = values @ openings, speech()[:, :52] @ face.channel_openings
    found = float(np.corrcoef(baked, full)[0, 1])
    print(f"{kind} ({'mesh' if seen else 'names'}): r = {found:.3f}, size {baked.std() / full.std():.2f}")
    assert found >= least
    assert baked.std() > 0.5 * full.std()


@pytest.mark.parametrize("kind", ["visemes", "vowels"])
def test_lips_of_a_reduced_rig_shut_at_closures(face: Face, kind: str) -> None:
    poses, surface = rig(face, kind)
    reduced, seal = blend(poses, surface, {})
    values = seal(np.concatenate([speech(), reduced(speech())], axis=1), speech())[:, C:]
    openings = np.array([face.opening(surface.moves[key]) for key in poses])
    full = speech()[:, :52] @ face.channel_openings
    parted = (values @ openings)[closures()]
    print(f"{kind}: widest of {len(parted)} closures {parted.max():.4f} mouth widths")
    assert len(parted) >= 10 and parted.max() < 0.015
    assert np.corrcoef(values @ openings, full)[0, 1] >= (0.9 if kind == "visemes" else 0.8)


def test_a_pose_is_asked_for_by_its_own_look(face: Face) -> None:
    """The channels that a viseme was sculpted from bring back mostly that viseme's look."""
    poses, surface = rig(face, "visemes")
    reduced = reduction(poses, surface)
    lips = surface_lips(surface, poses)
    for name in ("aa", "U", "I", "FF"):
        channels = np.zeros((1, 55), np.float32)
        for channel, value in VISEMES[name].items():
            channels[0, INDEX[channel]] = value
        values = reduced(channels)[0]
        look = sum(v * lips.landmarks(surface.moves[k]) for v, k in zip(values, reduced.keys, strict=True))
        wanted = lips.landmarks(surface.moves[f"viseme_{name}"])
        assert np.linalg.norm(look - wanted) < 0.6 * np.linalg.norm(wanted), name


def test_sliders_that_end_early_are_respected(face: Face) -> None:
    poses, surface = rig(face, "vowels")
    values = reduction(poses, surface, {"A": 0.3})(speech())
    assert values[:, list(poses).index("A")].max() <= 0.3 + 1e-6


def test_an_inverted_pose_with_an_offset_moves_the_same_mesh_alike(face: Face) -> None:
    """A key that rests at 1 and shows its viseme at 0, and one that is shifted, give the same face."""
    poses, surface = rig(face, "visemes")
    plain, _ = blend(poses, surface, {})
    blended = plain(speech())
    laid = {"viseme_aa": PoseValue(inverted=True), "viseme_U": PoseValue(offset=-0.25)}
    turned = surface.turned(["viseme_aa"])
    reduced, _ = blend(poses, turned, {}, laid=laid)
    values = reduced.values(reduced(speech()))
    place = {key: i for i, key in enumerate(poses)}
    np.testing.assert_allclose(values[:, place["viseme_aa"]], 1.0 - blended[:, place["viseme_aa"]], atol=1e-5)
    np.testing.assert_allclose(values[:, place["viseme_U"]], blended[:, place["viseme_U"]] - 0.25, atol=1e-5)
    np.testing.assert_allclose(values[:, place["viseme_O"]], blended[:, place["viseme_O"]], atol=1e-5)
    back, known = reduced.inverse(values)
    expected, _ = plain.inverse(blended)
    np.testing.assert_allclose(back, expected, atol=1e-3)
    assert known.any()


def test_a_pose_keeps_to_its_range(face: Face) -> None:
    poses, surface = rig(face, "vowels")
    laid = {"A": PoseValue(inverted=True, low=0.4, high=0.9), "O": PoseValue(low=0.1, high=0.5)}
    reduced, _ = blend(poses, surface.turned(["A"]), {"O": 0.3}, laid=laid)
    values = dict(zip(poses, reduced.values(reduced(speech())).T, strict=True))
    assert values["A"].min() >= 0.4 - 1e-6 and values["A"].max() <= 0.9 + 1e-6
    assert values["O"].min() >= 0.1 - 1e-6 and values["O"].max() <= 0.3 + 1e-6


def test_poses_are_read_back_into_channels(face: Face) -> None:
    """A take on the viseme rig opens the canonical mouth as it opened the rig's."""
    poses, surface = rig(face, "visemes")
    reduced = reduction(poses, surface)
    back, known = reduced.inverse(reduced(speech()))
    assert known[INDEX["jawOpen"]] and not known[INDEX["browInnerUp"]]
    openings = face.channel_openings
    found = np.corrcoef(back[:, :52] @ openings, speech()[:, :52] @ openings)[0, 1]
    print(f"visemes read back: r = {found:.3f}")
    assert found > 0.95


def test_lips_are_found_where_they_are(face: Face) -> None:
    """The pairs lie on the true lip line, and their gap is the true one."""
    lips = find_lips(face.rest, face.fields[INDEX["jawOpen"]])
    assert 0.8 < lips.width / face.width < 1.3
    for found, true in ((lips.upper, face.upper), (lips.lower, face.lower)):
        middle = face.rest[found[4]] - face.rest[true].mean(axis=0)
        assert np.linalg.norm(middle) < 0.1 * face.width
    gaps = np.array([lips.gap(field) * lips.width / face.width for field in face.fields])
    np.testing.assert_allclose(gaps, face.channel_openings, atol=0.08)
    assert np.corrcoef(gaps, face.channel_openings)[0, 1] > 0.98


@pytest.mark.parametrize("turn", [(0, 2, 1), (1, 0, 2)], ids=["Y up", "facing X"])
def test_lips_are_found_on_meshes_that_stand_otherwise(face: Face, turn: tuple[int, int, int]) -> None:
    jaw = INDEX["jawOpen"]
    plain = find_lips(face.rest, face.fields[jaw])
    turned = find_lips(face.rest[:, turn], face.fields[jaw][:, turn])
    assert turned.gap(face.fields[jaw][:, turn]) == pytest.approx(plain.gap(face.fields[jaw]), rel=0.05)


def test_meshes_without_lips() -> None:
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 30), np.linspace(-1, 1, 30)), -1).reshape(-1, 2)
    sheet = np.column_stack([grid[:, 0], np.zeros(900), grid[:, 1]])
    sinking = np.column_stack([np.zeros((900, 2)), -np.clip(0.5 - np.abs(sheet[:, 2]), 0, 1)])
    assert find_lips(sheet, sinking) is None
    assert find_lips(sheet, np.zeros_like(sheet)) is None
    assert find_lips(sheet[:3], sinking[:3]) is None


def test_every_channel_is_in_the_order_of_the_faces(face: Face) -> None:
    assert len(face.fields) == len(BLENDSHAPES)
