"""Rigs whose jaw is a bone, or a property that drives: closed is closed on the posed mesh too."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.inference.types import BLENDSHAPES  # noqa: E402
from mouthpiece.rigs.bake_plan import plan_bake  # noqa: E402
from mouthpiece.rigs.options import BakeOptions  # noqa: E402
from mouthpiece.rigs.retarget import SceneClock  # noqa: E402
from mouthpiece.rigs.scene_read import read_rig  # noqa: E402
from mouthpiece.rigs.scene_write import write_bake  # noqa: E402
from mouthpiece.rigs.surface import Surface  # noqa: E402

ROOM = Path(__file__).resolve().parents[1] / "rigs"


def module(name: str, file: str):
    spec = importlib.util.spec_from_file_location(name, ROOM / file)
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


faces = module("rig_faces", "faces.py")
head = module("rig_flame", "flame_head.py").flame_head(5)
WIDE = -0.32
"""Radians by which the jaw of these rigs opens."""
SOME = slice(20, 300, 4)


def boned(stage, keys: dict[str, dict[str, float]], mode: str = "XYZ"):
    """The demo face with the given shape keys, and an armature whose jaw carries chin and lower lip."""
    face = faces.demo()
    surface = face.surface(keys) if keys else Surface(face.rest, {})
    mesh = bpy.data.meshes.new("Face")
    mesh.from_pydata(surface.rest.tolist(), [], [])
    item = bpy.data.objects.new("Face", mesh)
    armature = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    for one in (item, armature):
        stage.scene.collection.objects.link(one)
    for key in ("Basis", *keys) if keys else ():
        block = item.shape_key_add(name=key)
        block.value = 0.0
        if key != "Basis":
            block.data.foreach_set("co", (surface.rest + surface.moves[key]).ravel())
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for name, place in (("neck", (0, 0.1, -0.9)), ("jaw", head.jaw_joint)):
        bone = armature.data.edit_bones.new(name)
        bone.head, bone.tail = place, np.add(place, (0, -0.3, 0))
    armature.data.edit_bones["jaw"].parent = armature.data.edit_bones["neck"]
    bpy.ops.object.mode_set(mode="OBJECT")
    for bone in armature.pose.bones:
        bone.rotation_mode = mode
    groups = {name: item.vertex_groups.new(name=name) for name in ("jaw", "neck")}
    for vertex, weight in enumerate(head.jaw_weights):
        groups["jaw"].add([vertex], weight, "REPLACE")
        groups["neck"].add([vertex], 1.0 - weight, "REPLACE")
    item.parent = armature
    item.modifiers.new("Armature", "ARMATURE").object = armature
    bpy.context.view_layer.objects.active = item
    return item, armature


def row(table, channel: str, kind: str, name: str, **values) -> None:
    entry = table.mouthpiece.entries.add()
    entry.channel, entry.kind, entry.name = channel, kind, name
    for field, value in values.items():
        setattr(entry, field, value)


def bake(stage, item, seal: bool = True) -> None:
    plan = plan_bake(
        read_rig(stage.scene, item), faces.speech(), SceneClock(24.0), options=BakeOptions(seal=seal)
    )
    write_bake(plan)


def openings(stage, item, frames) -> np.ndarray:
    """Lip gap of the mesh as Blender shows it, in mouth widths."""
    face, found = faces.demo(), []
    for frame in frames:
        stage.at((frame + 0.5) / 25)
        shown = item.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
        places = np.empty(len(shown.vertices) * 3, np.float32)
        shown.vertices.foreach_get("co", places)
        found.append(face.opening(places.reshape(-1, 3).astype(np.float64)))
    return np.array(found)


def without_jaw() -> dict[str, dict[str, float]]:
    return {name: {name: 1.0} for name in BLENDSHAPES if name != "jawOpen"}


def measured(stage, item, label: str) -> tuple[float, float, float]:
    """Correlation of the lip gap with the full face's, the widest closure, and that without the seal."""
    face, motion = faces.demo(), faces.speech()
    shut = faces.closures()[:8]
    bake(stage, item, seal=False)
    loose = float(np.abs(openings(stage, item, shut)).max())
    bake(stage, item)
    frames = np.arange(len(motion))[SOME]
    full = face.rest_opening + motion[frames, :52] @ face.channel_openings
    r = float(np.corrcoef(openings(stage, item, frames).clip(0), full.clip(0))[0, 1])
    closed = float(np.abs(openings(stage, item, shut)).max())
    print(
        f"{label}: lip gap r = {r:.3f}, widest of {len(shut)} closures {closed:.4f} mouth widths, "
        f"{loose:.4f} without the seal"
    )
    return r, closed, loose


@pytest.mark.parametrize("mode", ["XYZ", "QUATERNION"])
@pytest.mark.parametrize("closing", [0.5, 1.0])
def test_lips_meet_where_the_jaw_is_a_bone(stage, mode: str, closing: float) -> None:
    """mouthClose was sculpted for another jaw than the bone's."""
    keys = without_jaw() | {"mouthClose": {"mouthClose": closing}}
    item, armature = boned(stage, keys, mode)
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    row(item, "jawOpen", "BONE", "jaw", owner=armature, gain=WIDE)
    r, closed, loose = measured(stage, item, f"jaw bone, {mode}, mouthClose × {closing}")
    assert closed < 0.015 and r >= 0.98
    assert closing == 1.0 or loose > 0.03, "this rig needs the seal"


def test_what_stands_between_does_not_matter(stage, everything) -> None:
    """A former bake at an open mouth, a turned neck, and a modifier that makes vertices change nothing, and
    looking at the rig leaves no trace."""
    item, armature = boned(stage, without_jaw())
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    row(item, "jawOpen", "BONE", "jaw", owner=armature, gain=WIDE)
    plain = read_rig(stage.scene, item).seal
    bake(stage, item)
    armature.pose.bones["neck"].rotation_euler = (0.2, 0.5, 0.1)
    item.modifiers.new("Subdivision", "SUBSURF")
    stage.at(float(faces.speech()[:, 17].argmax()) / 25)
    before, turn = everything(), armature.pose.bones["jaw"].rotation_euler.x
    assert abs(turn) > 0.1, "the mouth is open"
    looked = read_rig(stage.scene, item).seal
    np.testing.assert_allclose(looked.gaps, plain.gaps, atol=0.01)
    assert looked.rest == pytest.approx(plain.rest, abs=0.005)
    assert everything() == before and armature.pose.bones["jaw"].rotation_euler.x == turn
    assert item.modifiers["Subdivision"].show_viewport
    item.hide_set(True)
    hidden = read_rig(stage.scene, item)
    assert hidden.seal is None, "a seal that knows half of the lips does harm"
    assert any("so nothing shuts them; show its mesh" in note for note in hidden.notes)


def test_lips_meet_where_a_property_drives_the_jaw(stage) -> None:
    """The usual production rig: a control drives bone and corrective shape, and only the control is keyed."""
    item, armature = boned(stage, without_jaw() | {"mouthClose": {"mouthClose": 0.5}})
    armature["open"] = 0.0
    driver = armature.pose.bones["jaw"].driver_add("rotation_euler", 0).driver
    variable = driver.variables.new()
    variable.name = "open"
    variable.targets[0].id, variable.targets[0].data_path = armature, '["open"]'
    driver.expression = f"open * {WIDE} / 10"
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    row(item, "jawOpen", "PROPERTY", "open", owner=armature, gain=10.0)
    r, closed, loose = measured(stage, item, "driven jaw, mouthClose × 0.5")
    assert closed < 0.015 and r >= 0.98 and loose > 0.03


def test_a_face_of_bones_alone_shuts_its_lips(stage) -> None:
    item, armature = boned(stage, {})
    row(armature, "jawOpen", "BONE", "jaw", owner=armature, gain=WIDE)
    r, closed, loose = measured(stage, item, "bones alone")
    assert closed < 0.015 and r >= 0.88 and loose > 0.03


def test_visemes_add_to_a_jaw_of_bone_only_what_it_lacks(stage) -> None:
    """Without regard for the bone the mouth would open twice."""
    keys = {f"viseme_{name}": shows for name, shows in faces.VISEMES.items() if shows}
    item, armature = boned(stage, keys)
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    row(item, "jawOpen", "BONE", "jaw", owner=armature, gain=WIDE)
    r, closed, _ = measured(stage, item, "visemes and a jaw bone")
    assert closed < 0.02 and r >= 0.9
    face, motion = faces.demo(), faces.speech()
    widest = int((motion[:, :52] @ face.channel_openings).argmax())
    full = float(motion[widest, :52] @ face.channel_openings)
    assert openings(stage, item, [widest])[0] == pytest.approx(full, rel=0.35)
