"""The mapping table in Blender: filled, edited, saved, loaded, poked and baked."""

from __future__ import annotations

import json

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.inference.errors import RigError  # noqa: E402
from mouthpiece.inference.types import BLENDSHAPES, INDEX, C  # noqa: E402
from mouthpiece.properties import table_of  # noqa: E402
from mouthpiece.rigs.pose import pose  # noqa: E402
from mouthpiece.rigs.scene_read import read_rig  # noqa: E402


def status() -> str:
    return bpy.context.window_manager.mouthpiece.status


def entry(table, channel: str, kind: str, name: str, **values):
    """Add a row to the mapping of the object ``table``."""
    row = table.mouthpiece.entries.add()
    row.channel, row.kind, row.name = channel, kind, name
    for field, value in values.items():
        setattr(row, field, value)
    return row


def frames(**values: float) -> np.ndarray:
    row = np.zeros((1, C), np.float32)
    for name, value in values.items():
        row[0, INDEX[name]] = value
    return row


def value(face, key: str) -> float:
    return face.data.shape_keys.key_blocks[key].value


def test_detection_as_a_table_bakes_the_same(stage) -> None:
    face, motion = stage.face(), stage.motion()
    automatic = pose(read_rig(stage.scene, face), motion)
    assert bpy.ops.mouthpiece.mapping_reset(mode="DETECT") == {"FINISHED"}
    assert len(face.mouthpiece.entries) == len(BLENDSHAPES)
    edited = pose(read_rig(stage.scene, face), motion)
    assert edited[0].paths == automatic[0].paths
    np.testing.assert_array_equal(edited[0].values, automatic[0].values)
    bpy.ops.mouthpiece.mapping_reset(mode="AUTOMATIC")
    assert len(face.mouthpiece.entries) == 0


def test_an_edited_table_decides(stage) -> None:
    face = stage.face(keys=["jawOpen", "Weird"])
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    face.mouthpiece.entries[0].enabled = False
    entry(face, "jawOpen", "SHAPE_KEY", "Weird", gain=0.5, offset=0.1)
    rig = read_rig(stage.scene, face)
    (curves,) = pose(rig, frames(jawOpen=0.8))
    assert curves.paths == (('key_blocks["Weird"].value', 0),)
    assert curves.values[0, 0] == pytest.approx(0.5)
    assert rig.preset == ""


def test_rows_are_added_and_removed(stage) -> None:
    face = stage.face(keys=["jawOpen", "Weird"])
    bpy.ops.mouthpiece.mapping_entry_add()
    assert [row.name for row in face.mouthpiece.entries] == ["jawOpen", ""]
    assert read_rig(stage.scene, face).coverage.matched == ("jawOpen",), "an unfinished row does nothing"
    bpy.ops.mouthpiece.mapping_entry_remove()
    assert [row.name for row in face.mouthpiece.entries] == ["jawOpen"]
    with pytest.raises(RuntimeError, match="has no row number 8"):
        bpy.ops.mouthpiece.mapping_entry_remove(index=7)


def test_a_table_moves_bones_properties_and_several_meshes(stage) -> None:
    armature = stage.armature("Rig", "jaw")
    armature["smirk"] = 0.0
    stage.face("Face", ["Open"], parent=armature)
    stage.face("Teeth", ["Open"], parent=armature)
    jaw = armature.pose.bones["jaw"]
    for mode in ("XYZ", "QUATERNION"):
        jaw.rotation_mode = mode
        armature.mouthpiece.entries.clear()
        entry(armature, "jawOpen", "SHAPE_KEY", "Open")
        entry(armature, "jawOpen", "BONE", "jaw", owner=armature, gain=0.4)
        entry(armature, "jawLeft", "BONE", "jaw", owner=armature, bone_axis="LOCATION_X", gain=0.02)
        row = entry(armature, "mouthSmileLeft", "PROPERTY", "smirk", owner=armature, invert=True)
        row.use_range, row.low, row.high = True, 0.25, 0.75
        motion = np.zeros((50, C), np.float32)
        motion[:, INDEX["jawOpen"]] = motion[:, INDEX["jawLeft"]] = np.linspace(0, 1, 50)
        motion[:, INDEX["mouthSmileLeft"]] = np.linspace(1, 0, 50)
        stage.write(armature, motion)
        stage.at(49.5 / 25)
        assert value(bpy.data.objects["Face"], "Open") == pytest.approx(1.0, abs=1e-3)
        assert value(bpy.data.objects["Teeth"], "Open") == pytest.approx(1.0, abs=1e-3)
        turned = jaw.rotation_quaternion if mode == "QUATERNION" else jaw.rotation_euler.to_quaternion()
        assert turned.to_euler().x == pytest.approx(0.4, abs=1e-3)
        assert jaw.location.x == pytest.approx(0.02, abs=1e-4)
        assert armature["smirk"] == pytest.approx(0.75, abs=1e-3)
    assert len(bpy.data.actions) == 1
    assert len(armature.animation_data.nla_tracks) == 1


def test_a_rig_of_bones_alone_is_baked_and_freed(stage) -> None:
    armature = stage.armature("Rig", "jaw")
    jaw = armature.pose.bones["jaw"]
    jaw.rotation_mode = "XYZ"
    entry(armature, "jawOpen", "BONE", "jaw", owner=armature, gain=0.3)
    face = stage.face("Face", ["jawOpen"], parent=armature)
    stage.write(armature, frames(jawOpen=1.0).repeat(30, 0))
    stage.at(0.5)
    assert jaw.rotation_euler.x == pytest.approx(0.3, abs=1e-4)
    assert face.data.shape_keys.animation_data is None
    armature.mouthpiece.entries.clear()
    entry(armature, "jawOpen", "SHAPE_KEY", "jawOpen")
    stage.write(armature, frames(jawOpen=1.0).repeat(30, 0))
    assert face.data.shape_keys.animation_data is not None


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("BONE", "chin", "Rig has no bone 'chin'"),
        ("PROPERTY", "smirk", "Rig has no property 'smirk'"),
        ("PROPERTY", "name", "name is no number"),
    ],
)
def test_wrong_targets_are_named(stage, kind: str, name: str, message: str) -> None:
    armature = stage.armature("Rig", "jaw")
    face = stage.face(parent=armature)
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    entry(face, "jawOpen", kind, name, owner=armature)
    assert any(message in note for note in read_rig(stage.scene, face).notes)


def test_driven_bones_and_properties_are_left_alone(stage) -> None:
    armature = stage.armature("Rig", "jaw")
    armature["smirk"] = 0.0
    armature.driver_add('["smirk"]')
    armature.pose.bones["jaw"].rotation_mode = "XYZ"
    armature.pose.bones["jaw"].driver_add("rotation_euler", 0)
    face = stage.face(parent=armature)
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    entry(face, "jawOpen", "PROPERTY", "smirk", owner=armature)
    entry(face, "jawOpen", "BONE", "jaw", owner=armature)
    rig = read_rig(stage.scene, face)
    assert not rig.controls
    assert any("a driver moves smirk" in note for note in rig.notes)
    assert any("a driver moves jaw" in note for note in rig.notes)


def test_a_driver_that_follows_a_mapped_property_moves_the_face(stage) -> None:
    """The usual rig: controls drive the shape keys, and only the controls may be keyed."""
    control = stage.empty("Controls")
    control["open"] = 0.0
    face = stage.face(keys=["jawOpen"])
    driver = face.data.shape_keys.driver_add('key_blocks["jawOpen"].value').driver
    variable = driver.variables.new()
    variable.name = "open"
    variable.targets[0].id, variable.targets[0].data_path = control, '["open"]'
    driver.expression = "open"
    entry(face, "jawOpen", "PROPERTY", "open", owner=control)
    stage.write(face, frames(jawOpen=0.7).repeat(30, 0))
    stage.at(0.5)
    bpy.context.view_layer.update()
    shown = face.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.shape_keys
    assert control["open"] == pytest.approx(0.7, abs=1e-4)
    assert shown.key_blocks["jawOpen"].value == pytest.approx(0.7, abs=1e-4)


def test_save_and_load_onto_another_character(stage) -> None:
    anna = stage.face("Anna", ["Weird", "jawOpen"], at=(5, 0, 0))
    entry(anna, "jawOpen", "SHAPE_KEY", "Weird", gain=0.5)
    entry(anna, "mouthClose", "SHAPE_KEY", "Weird", owner=anna)
    path = stage.folder / "weird.json"
    assert bpy.ops.mouthpiece.mapping_save(filepath=str(path)) == {"FINISHED"}
    ben = stage.face("Ben", ["Weird"])
    assert bpy.ops.mouthpiece.mapping_load(filepath=str(path)) == {"FINISHED"}
    assert [(row.channel, row.gain) for row in ben.mouthpiece.entries] == [("jawOpen", 0.5)]
    assert "left out: Anna: Weird" in status()
    broken = stage.folder / "broken.json"
    broken.write_text(json.dumps({"format": "mouthpiece-mapping", "version": 1, "entries": [{}]}), "utf-8")
    with pytest.raises(RuntimeError, match=r"broken.json, entry 1"):
        bpy.ops.mouthpiece.mapping_load(filepath=str(broken))
    assert len(ben.mouthpiece.entries) == 1, "a file that cannot be read changes nothing"


def test_a_table_whose_rows_are_all_off_is_not_saved_as_what_was_detected(stage) -> None:
    face = stage.face("Anna", ["jawOpen", "mouthClose"])
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    for row in face.mouthpiece.entries:
        row.enabled = False
    path = stage.folder / "off.json"
    with pytest.raises(RuntimeError, match="none of its rows is complete and switched on"):
        bpy.ops.mouthpiece.mapping_save(filepath=str(path))
    assert not path.exists()
    with pytest.raises(RuntimeError, match="none of its rows is complete and switched on"):
        bpy.ops.mouthpiece.mapping_preset_add(name="Off")


def test_poke_shows_one_movement_and_rest(stage) -> None:
    face = stage.face(keys=["jawOpen", "Blink"])
    assert bpy.ops.mouthpiece.mapping_poke(channel="jawOpen", value=0.8) == {"FINISHED"}
    assert value(face, "jawOpen") == pytest.approx(0.8) and value(face, "Blink") == 0.0
    bpy.ops.mouthpiece.mapping_poke(channel="eyeBlinkLeft")
    assert value(face, "jawOpen") == 0.0 and value(face, "Blink") == pytest.approx(0.5)
    bpy.ops.mouthpiece.mapping_poke(value=0.0)
    assert value(face, "Blink") == 0.0
    with pytest.raises(RuntimeError, match="tongueOut moves nothing of Face"):
        bpy.ops.mouthpiece.mapping_poke(channel="tongueOut")


def test_the_table_is_saved_with_the_file_and_undone_in_one_step(stage) -> None:
    stage.face()
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.mouthpiece.mapping_reset("EXEC_DEFAULT", True, mode="DETECT")
    path = str(stage.folder / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True)
    bpy.ops.ed.undo()
    assert len(bpy.data.objects["Face"].mouthpiece.entries) == 0
    bpy.ops.wm.open_mainfile(filepath=path)
    assert len(bpy.data.objects["Face"].mouthpiece.entries) == len(BLENDSHAPES)


def test_detection_reports_family_and_confidence(stage) -> None:
    stage.face(keys=["あ", "い", "う", "え", "お", "まばたき"])
    bpy.ops.mouthpiece.mapping_detect()
    assert "speech by 5 mouth poses" in status()
    assert "recognised by VRM and MMD vowels, confidence" in bpy.context.window_manager.mouthpiece.coverage


def test_the_table_of_an_overridden_character_is_kept(stage) -> None:
    """Characters usually come from a library; what the artist maps belongs to the shot."""
    face = stage.face("Face", ["jawOpen", "Weird"])
    library = str(stage.folder / "library.blend")
    bpy.data.libraries.write(library, {face}, fake_user=True)
    bpy.data.objects.remove(face)
    bpy.data.orphans_purge(do_recursive=True)
    with bpy.data.libraries.load(library, link=True) as (_, wanted):
        wanted.objects = ["Face"]
    linked = wanted.objects[0]
    stage.scene.collection.objects.link(linked)
    bpy.context.view_layer.objects.active = linked
    with pytest.raises(RuntimeError, match="Face is linked from a library and can hold no mapping"):
        bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    override = linked.override_create(remap_local_usages=True)
    override.data = override.data.override_create(remap_local_usages=True)
    bpy.context.view_layer.objects.active = override
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    entry(override, "jawOpen", "SHAPE_KEY", "Weird", gain=0.5)
    path = str(stage.folder / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    rows = stage.scene.objects["Face"].mouthpiece.entries
    assert [(row.channel, row.name, row.gain) for row in rows] == [
        ("jawOpen", "jawOpen", 1.0),
        ("jawOpen", "Weird", 0.5),
    ]
    (curves,) = pose(read_rig(stage.scene, stage.scene.objects["Face"]), frames(jawOpen=0.8))
    np.testing.assert_allclose(curves.values, [[0.8, 0.4]], atol=1e-6)


def test_one_number_of_several_is_moved(stage) -> None:
    control, face = stage.empty("Control"), stage.face()
    control["pair"] = [0.0, 0.0]
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    entry(face, "jawOpen", "PROPERTY", "location[2]", owner=control)
    entry(face, "browInnerUp", "PROPERTY", "pair[1]", owner=control, gain=0.5)
    stage.write(face, frames(jawOpen=0.8, browInnerUp=0.6).repeat(20, 0))
    stage.at(0.4)
    assert tuple(control.location) == pytest.approx((0, 0, 0.8), abs=1e-4)
    assert tuple(control["pair"]) == pytest.approx((0, 0.3), abs=1e-4)
    entry(face, "jawOpen", "PROPERTY", "location[3]", owner=control)
    assert any("Control has no property 'location[3]'" in n for n in read_rig(stage.scene, face).notes)


def test_a_detection_that_finds_nothing_keeps_the_table(stage) -> None:
    face = stage.face(keys=["Aaqq", "Bbqq"])
    entry(face, "jawOpen", "SHAPE_KEY", "Aaqq")
    with pytest.raises(RuntimeError, match="Nothing of Face was recognised"):
        bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    assert [row.name for row in face.mouthpiece.entries] == ["Aaqq"]


def test_a_table_whose_rows_are_all_off_drives_nothing(stage) -> None:
    face = stage.face()
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    for row in face.mouthpiece.entries:
        row.enabled = False
    with pytest.raises(RigError, match="Every row of the mapping of Face is switched off or unfinished"):
        read_rig(stage.scene, face)
    bpy.ops.mouthpiece.preflight()
    told = bpy.context.window_manager.mouthpiece.preflight
    assert "make the mapping automatic" in told


def test_a_bone_without_an_object_is_of_the_armature_that_holds_the_table(stage) -> None:
    """As the panel offers its bones."""
    armature = stage.armature("Rig", "jaw")
    stage.face(parent=armature)
    entry(armature, "jawOpen", "BONE", "jaw", gain=0.3)
    (control,) = read_rig(stage.scene, armature).controls
    assert control.owner == "Rig" and control.part == "ROTATION"
    entry(armature, "jawOpen", "PROPERTY", "smirk")
    assert any("Rig has no property 'smirk'" in note for note in read_rig(stage.scene, armature).notes)


@pytest.mark.parametrize("chosen", ["Character", "Face"])
def test_a_table_is_found_from_the_face_and_from_what_carries_it(stage, chosen: str) -> None:
    root = stage.empty("Character")
    stage.face("Face", parent=root)
    stage.face("Teeth", ["jawOpen"], parent=root)
    settings = stage.scene.mouthpiece
    settings.target = root
    assert bpy.ops.mouthpiece.mapping_reset(mode="DETECT") == {"FINISHED"}
    assert len(table_of(bpy.context).mouthpiece.entries) > 50
    for row in table_of(bpy.context).mouthpiece.entries:
        row.enabled = row.channel == "jawOpen"
    settings.target = bpy.data.objects[chosen]
    assert bpy.context.window_manager.mouthpiece.face == f"{chosen}: 1 row of its mapping"
    rig = read_rig(stage.scene, settings.target)
    assert [set(face.mapping.drives) for face in rig.faces] == [{"jawOpen"}, {"jawOpen"}]


def test_a_range_the_wrong_way_round_is_said_and_no_other_row_advised(stage) -> None:
    armature = stage.armature("Rig", "jaw")
    stage.scene.mouthpiece.target = face = stage.face("Face", ["Smile", "jawForward"], parent=armature)
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    row = entry(face, "jawOpen", "BONE", "jaw", owner=armature)
    row.use_range, row.low, row.high = True, 0.8, 0.2
    bpy.ops.mouthpiece.preflight()
    told = bpy.context.window_manager.mouthpiece.preflight
    assert (
        "Face: the row of jawOpen and jaw is left out since its range ends (0.2) below its start (0.8)"
        in told
    )
    assert "add a row of kind Bone" not in told and "nothing follows jawOpen" in told


def test_what_cannot_be_set_is_named_before_it_is_baked(stage) -> None:
    face = stage.face()
    stage.scene.mouthpiece.audio_path = str(stage.sound(0.2))
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    entry(face, "jawOpen", "PROPERTY", "data.total_vert_sel", owner=face)
    assert bpy.ops.mouthpiece.bake() == {"FINISHED"}
    assert "Face: data.total_vert_sel cannot be set; choose another property" in status()
    assert bpy.ops.mouthpiece.preview_style() == {"FINISHED"}


def test_a_preview_leaves_switches_and_whole_numbers_what_they_are(stage) -> None:
    face, control = stage.face(), stage.empty("Control")
    control["on"], control["count"], control["switches"] = True, 3, [True, False]
    stage.scene.mouthpiece.target, stage.scene.mouthpiece.audio_path = face, str(stage.sound(0.4))
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    for name in ("on", "count", "switches[0]"):
        entry(face, "jawOpen", "PROPERTY", name, owner=control)
    assert bpy.ops.mouthpiece.preview_style() == {"FINISHED"}
    assert control["on"] is True and control["count"] == 3 and list(control["switches"]) == [True, False]
