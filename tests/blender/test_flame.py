"""A FLAME-shaped head in Blender: recognised, baked, exported, imported and followed."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.inference.types import HEAD, INDEX  # noqa: E402
from mouthpiece.rigs.flame_file import read_flame  # noqa: E402
from mouthpiece.rigs.rig import TakeSource  # noqa: E402
from mouthpiece.rigs.scene_read import read_rig, read_take  # noqa: E402

ROOM = Path(__file__).resolve().parents[1] / "rigs"


def module(name: str, file: str):
    spec = importlib.util.spec_from_file_location(name, ROOM / file)
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


faces = module("rig_faces", "faces.py")
flame_head = module("rig_flame", "flame_head.py").flame_head
TAILS = {"XYZ": (0, -0.3, 0), "QUATERNION": (0.1, -0.2, 0.1)}
"""Where bones point, in add-ons that keep them plain and in those that do not."""


def flame(stage, components: int = 50, mode: str = "QUATERNION", low: float = -5.0):
    """A head as FLAME add-ons make it: numbered shapes, and the bones root, neck, jaw and eyes."""
    shape = flame_head(components)
    mesh = bpy.data.meshes.new("FLAME")
    mesh.from_pydata(shape.surface.rest.tolist(), [], [])
    item = bpy.data.objects.new("FLAME", mesh)
    stage.scene.collection.objects.link(item)
    item.shape_key_add(name="Basis")
    for key in [*(f"Shape{i}" for i in range(1, 4)), *shape.surface.moves]:
        block = item.shape_key_add(name=key)
        block.slider_min, block.slider_max, block.value = low, 5.0, 0.0
        if key in shape.surface.moves:
            block.data.foreach_set("co", (shape.surface.rest + shape.surface.moves[key]).ravel())
    armature = bpy.data.objects.new("FLAME rig", bpy.data.armatures.new("FLAME rig"))
    stage.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    joints = {"root": (0, 0.1, -1.2), "neck": (0, 0.1, -0.9), "jaw": shape.jaw_joint}
    joints |= {"left_eye": shape.eyes[0], "right_eye": shape.eyes[1]}
    for name, place in joints.items():
        bone = armature.data.edit_bones.new(name)
        bone.head, bone.tail = place, np.add(place, TAILS[mode])
    for name, parent in (("neck", "root"), ("jaw", "neck"), ("left_eye", "neck"), ("right_eye", "neck")):
        armature.data.edit_bones[name].parent = armature.data.edit_bones[parent]
    bpy.ops.object.mode_set(mode="OBJECT")
    for bone in armature.pose.bones:
        bone.rotation_mode = mode
    jaw, neck = item.vertex_groups.new(name="jaw"), item.vertex_groups.new(name="neck")
    for vertex, weight in enumerate(shape.jaw_weights):
        jaw.add([vertex], weight, "REPLACE")
        neck.add([vertex], 1.0 - weight, "REPLACE")
    item.parent = armature
    item.modifiers.new("Armature", "ARMATURE").object = armature
    return item, armature


def opening(stage, item, frames) -> np.ndarray:
    """Lip opening of the evaluated mesh, mouth widths; the head is held still for it."""
    face, found = faces.demo(), []
    for frame in frames:
        stage.at((frame + 0.5) / 25)
        shown = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
        places = np.empty(len(face.rest) * 3, np.float32)
        shown.data.vertices.foreach_get("co", places)
        found.append(face.opening(places.reshape(-1, 3).astype(np.float64)))
    return np.array(found)


@pytest.mark.parametrize("mode", TAILS)
def test_a_flame_head_speaks(stage, mode: str) -> None:
    item, armature = flame(stage, mode=mode)
    stage.scene.mouthpiece.target = item
    assert bpy.context.window_manager.mouthpiece.face == "FLAME: a FLAME head"
    rig = read_rig(stage.scene, item)
    assert rig.preset == "FLAME" and rig.head.bone == "neck"
    assert {control.path.split('"')[1] for control in rig.controls} == {"jaw", "left_eye", "right_eye"}
    assert not any("Shape1" in face.mapping.drives for face in rig.faces)
    motion = faces.speech()
    stage.write(item, motion)
    frames = np.arange(20, 300, 7)
    full = motion[frames, :52] @ faces.demo().channel_openings
    r = float(np.corrcoef(opening(stage, item, frames), full)[0, 1])
    print(f"FLAME head in Blender, {mode}: lip opening r = {r:.3f} with the full bake")
    assert r > 0.95
    assert np.abs(opening(stage, item, faces.closures()[:6])).max() < 0.03
    assert armature.animation_data is not None


def test_eyes_and_neck_turn(stage) -> None:
    item, armature = flame(stage)
    motion = np.zeros((50, 55), np.float32)
    motion[:, INDEX["eyeLookOutLeft"]] = motion[:, INDEX["eyeLookInRight"]] = 1.0
    motion[:, INDEX["headYaw"]] = 0.3
    stage.write(item, motion)
    stage.at(1.0)
    bpy.context.view_layer.update()
    for bone, turn in (("neck", 0.3), ("left_eye", 0.9), ("right_eye", 0.9)):
        posed = armature.pose.bones[bone]
        change = posed.matrix @ armature.data.bones[bone].matrix_local.inverted()
        forward = change.to_3x3() @ __import__("mathutils").Vector((0, -1, 0))
        assert np.arctan2(forward.x, -forward.y) == pytest.approx(turn, abs=0.06), bone


def test_sliders_that_stop_at_zero_are_reported(stage) -> None:
    item, _ = flame(stage, low=0.0)
    assert any("set their range to -5 … 5" in note for note in read_rig(stage.scene, item).notes)


def test_ten_minutes_on_a_flame_head_take_less_than_a_second_more(stage) -> None:
    item, _ = flame(stage, components=100)
    long = np.tile(faces.speech(), (31, 1))[:15_000]
    rig = read_rig(stage.scene, item)
    started = time.perf_counter()
    from mouthpiece.rigs.pose import pose

    pose(rig, long)
    took = time.perf_counter() - started
    print(f"ten minutes onto 100 FLAME components: {took:.2f} s")
    assert took < 1.0


@pytest.mark.parametrize("suffix", [".npz", ".csv"])
def test_export_import_and_reading_back(stage, suffix: str) -> None:
    item, armature = flame(stage)
    motion = faces.speech().copy()
    motion[:, [INDEX[name] for name in HEAD]] = 0.1 * np.sin(np.arange(len(motion))[:, None] / 9.0)
    stage.write(item, motion)
    path = stage.folder / f"spoken{suffix}"
    bpy.context.view_layer.objects.active = item
    assert bpy.ops.mouthpiece.flame_export(filepath=str(path)) == {"FINISHED"}
    saved = read_flame(path)
    assert saved.expression.shape[1] == 50 and set(saved.turns) == {"jaw", "neck", "left_eye", "right_eye"}
    jaw = saved.turns["jaw"]
    assert jaw[:, 0].max() > 0.1 and np.abs(jaw[:, 1:]).max() < 0.05, "the jaw opens about the face's left"
    settings = stage.scene.mouthpiece
    assert bpy.ops.mouthpiece.flame_import(filepath=str(path)) == {"FINISHED"}
    assert [reference.name for reference in settings.references] == ["spoken"]
    take = read_take(TakeSource(settings.references[0].action, "", 24.0))
    count, openings = len(take.channels), faces.demo().channel_openings
    wanted = 0.5 * (motion[:-1] + motion[1:])[:count, :52] @ openings
    r = float(np.corrcoef(take.channels[: len(wanted), :52] @ openings, wanted)[0, 1])
    print(f"FLAME parameters read back into channels: lip opening r = {r:.3f}")
    assert r > 0.9 and take.measured[INDEX["jawOpen"]]
    assert armature.animation_data is not None


def test_what_is_no_flame_head_is_named(stage) -> None:
    stage.face("Plain")
    with pytest.raises(RuntimeError, match="Plain is no FLAME head: it needs expression shapes"):
        bpy.ops.mouthpiece.flame_export(filepath=str(stage.folder / "a.npz"))
    item, _ = flame(stage, components=10)
    bpy.context.view_layer.objects.active = item
    with pytest.raises(RuntimeError, match="has no animation to export"):
        bpy.ops.mouthpiece.flame_export(filepath=str(stage.folder / "a.npz"))
    with pytest.raises(RuntimeError, match="does not exist"):
        bpy.ops.mouthpiece.flame_import(filepath=str(stage.folder / "gone.npz"))
    assert not stage.scene.mouthpiece.references
