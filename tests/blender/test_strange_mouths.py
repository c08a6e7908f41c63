"""Bakes onto real meshes that lack ARKit shapes, measured on the mesh as Blender evaluates it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.inference.types import BLENDSHAPES, frame_times  # noqa: E402
from mouthpiece.rigs.scene_read import read_rig  # noqa: E402

_spec = importlib.util.spec_from_file_location(
    "rig_faces", Path(__file__).resolve().parents[1] / "rigs" / "faces.py"
)
faces = importlib.util.module_from_spec(_spec)
sys.modules["rig_faces"] = faces
_spec.loader.exec_module(faces)

SOME = slice(20, 300, 4)
"""Frames that are looked at."""


def made(stage, name: str, face, keys: dict[str, dict[str, float]]):
    """A Blender mesh of ``face`` with the given shape keys."""
    surface = face.surface(keys)
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(surface.rest.tolist(), [], [])
    item = bpy.data.objects.new(name, mesh)
    stage.scene.collection.objects.link(item)
    item.shape_key_add(name="Basis")
    for key, move in surface.moves.items():
        block = item.shape_key_add(name=key)
        block.value = 0.0
        block.data.foreach_set("co", (surface.rest + move).ravel())
    return item


def openings(stage, item, face, frames: np.ndarray) -> np.ndarray:
    """Lip gap of the evaluated mesh, in mouth widths."""
    found = []
    for frame in frames:
        stage.at(frame_times(frame + 1)[-1])
        shown = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
        places = np.empty(len(face.rest) * 3, np.float32)
        shown.data.vertices.foreach_get("co", places)
        found.append(face.opening(places.reshape(-1, 3).astype(np.float64)))
    return np.array(found)


RIGS = {
    "visemes": ({f"viseme_{name}": shows for name, shows in faces.VISEMES.items()}, 0.9),
    "vowels": ({letter: faces.VISEMES[name] for letter, name in faces.VOWELS.items()}, 0.8),
}


@pytest.mark.parametrize("kind", RIGS)
@pytest.mark.parametrize("which", ["demo", "ict"])
def test_a_baked_mouth_opens_like_the_full_one(stage, which: str, kind: str) -> None:
    if which == "ict" and not faces.ICT.is_file():
        pytest.skip("needs ../shared/data/rigs/ict_face.npz")
    face, (keys, least) = getattr(faces, which)(), RIGS[kind]
    item = made(stage, "Face", face, keys)
    motion = faces.speech()
    stage.write(item, motion)
    frames = np.arange(len(motion))[SOME]
    shown = openings(stage, item, face, frames)
    full = face.rest_opening + motion[frames, :52] @ face.channel_openings
    found = float(np.corrcoef(shown, full)[0, 1])
    print(f"{which}, {kind}: r = {found:.3f} with the full bake")
    assert found >= least
    assert openings(stage, item, face, faces.closures()[:6]).max() < face.rest_opening + 0.02


def test_a_viseme_whose_key_works_backwards(stage) -> None:
    """The artist inverts its row: the mesh opens as with a key that was made the usual way."""
    face, motion = faces.demo(), faces.speech()
    keys = {f"viseme_{name}": shows for name, shows in faces.VISEMES.items() if shows}
    item = made(stage, "Face", face, keys)
    frames = np.arange(len(motion))[SOME]
    stage.write(item, motion)
    usual = openings(stage, item, face, frames)
    blocks = item.data.shape_keys.key_blocks
    places = {block.name: np.empty(len(face.rest) * 3, np.float32) for block in blocks}
    for block in blocks:
        block.data.foreach_get("co", places[block.name])
    wide = places["viseme_aa"] - places["Basis"]
    for block in blocks:
        turned = places["Basis"] if block.name == "viseme_aa" else places[block.name] + wide
        block.data.foreach_set("co", turned)
    bpy.context.view_layer.objects.active = item
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    for row in item.mouthpiece.entries:
        row.invert = row.name == "viseme_aa"
    stage.write(item, motion)
    found = openings(stage, item, face, frames)
    np.testing.assert_allclose(found, usual, atol=0.01)


@pytest.mark.skipif(not faces.ICT.is_file(), reason="needs ../shared/data/rigs/ict_face.npz")
def test_lip_gap_on_the_ict_mesh_follows_and_closes(stage) -> None:
    """With its own names: every shape is found, and closed is closed on this mesh."""
    face = faces.ict()
    names = {name: name.replace("Left", "_L").replace("Right", "_R") for name in BLENDSHAPES[:-1]}
    names |= {name: name for name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight")}
    item = made(stage, "ICT", face, {own: {name: 1.0} for name, own in names.items()})
    rig = read_rig(stage.scene, item)
    assert rig.faces[0].mapping.unused == () and rig.preset == "ICT FaceKit"
    motion = faces.speech()
    stage.write(item, motion)
    frames = np.arange(len(motion))[SOME]
    shown = openings(stage, item, face, frames)
    full = face.rest_opening + motion[frames, :52] @ face.channel_openings
    found = float(np.corrcoef(shown.clip(0), full.clip(0))[0, 1])
    shut = openings(stage, item, face, faces.closures()[:8])
    print(f"ICT: lip gap r = {found:.4f}, at closures {shut.min():.4f} … {shut.max():.4f} mouth widths")
    assert found >= 0.98
    assert np.abs(shut).max() < 0.015
