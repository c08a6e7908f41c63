"""Which meshes make a character, and what stands against animating them."""

from __future__ import annotations

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.inference.errors import RigError  # noqa: E402
from mouthpiece.rigs.scene_read import character_objects, find_table, read_rig, table_owner  # noqa: E402


def members(stage, target) -> list[str]:
    return [face.mesh for face in read_rig(stage.scene, target).faces]


def link_from_library(stage, name: str):
    """Save the object to a file of its own, start anew and link it."""
    path = str(stage.folder / "library.blend")
    bpy.data.libraries.write(path, {bpy.data.objects[name]}, fake_user=True)
    bpy.data.objects.remove(bpy.data.objects[name])
    bpy.data.orphans_purge(do_recursive=True)
    with bpy.data.libraries.load(path, link=True) as (_, wanted):
        wanted.objects = [name]
    stage.scene.collection.objects.link(wanted.objects[0])
    return wanted.objects[0]


def test_meshes_of_one_armature(stage) -> None:
    anna, ben = stage.armature("Anna", "head"), stage.armature("Ben", "head")
    stage.face("Anna face", parent=anna)
    lashes = stage.face("Anna lashes", ["eyeBlinkLeft"], at=(0, 0, 9))
    lashes.modifiers.new("Armature", "ARMATURE").object = anna
    stage.face("Ben face", parent=ben)
    for target in (anna, bpy.data.objects["Anna face"], lashes):
        assert sorted(members(stage, target)) == ["Anna face", "Anna lashes"]
    assert members(stage, ben) == ["Ben face"]


def test_meshes_of_one_collection_must_touch(stage) -> None:
    face = stage.face("Face")
    stage.face("Teeth", ["jawOpen"], at=(0, 0, 0.1))
    stage.face("Stranger", at=(2, 0, 0))
    assert members(stage, face) == ["Face", "Teeth"]


def test_a_parent_empty_stands_for_its_character(stage) -> None:
    root = stage.empty("Anna")
    stage.face("Face", parent=root)
    stage.face("Teeth", ["jawOpen"], parent=bpy.data.objects["Face"], at=(0, 0, 5))
    assert members(stage, root) == ["Face", "Teeth"]


def test_parts_without_matching_keys_are_ignored(stage) -> None:
    root = stage.empty("Anna")
    face = stage.face("Face", parent=root)
    stage.face("Shirt", ["Wrinkles"], parent=root)
    stage.face("Shoes", [], parent=root)
    assert members(stage, face) == ["Face"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ([], "Face has no shape keys: select the face"),
        (["A", "B"], r"None of the 2 shape keys of Face \(A, B"),
    ],
)
def test_faces_without_usable_keys(stage, keys: list[str], message: str) -> None:
    with pytest.raises(RigError, match=message):
        read_rig(stage.scene, stage.face(keys=keys))


def test_targets_of_another_scene(stage) -> None:
    face = stage.face()
    elsewhere = bpy.data.scenes.new("Elsewhere")
    with pytest.raises(RigError, match="Face is not in the scene Elsewhere"):
        read_rig(elsewhere, face)


def test_objects_without_a_mesh(stage) -> None:
    with pytest.raises(RigError, match="Lamp has no shape keys"):
        read_rig(stage.scene, stage.empty("Lamp"))


def test_linked_rig(stage) -> None:
    stage.face("Face")
    linked = link_from_library(stage, "Face")
    with pytest.raises(RigError, match=r"Face: its shape keys are linked from a library; override its mesh"):
        read_rig(stage.scene, linked)


def test_object_override_of_a_linked_mesh(stage) -> None:
    stage.face("Face")
    override = link_from_library(stage, "Face").override_create(remap_local_usages=True)
    with pytest.raises(RigError, match="linked from a library"):
        read_rig(stage.scene, override)


def test_override_of_the_mesh_is_animated_and_saved(stage) -> None:
    stage.face("Face")
    override = link_from_library(stage, "Face").override_create(remap_local_usages=True)
    override.data = override.data.override_create(remap_local_usages=True)
    motion = stage.motion()
    stage.write(override, motion)
    path = str(stage.folder / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    stage.at(0.02)
    key = stage.scene.objects["Face"].data.shape_keys
    assert key.key_blocks["jawOpen"].value == pytest.approx(float(motion[0, 17]), abs=2e-4)


def test_linked_part_leaves_the_rest(stage) -> None:
    stage.face("Teeth", ["jawOpen"])
    link_from_library(stage, "Teeth")
    rig = read_rig(stage.scene, stage.face("Face"))
    assert [face.mesh for face in rig.faces] == ["Face"]
    assert any("Teeth: its shape keys are linked" in note for note in rig.notes)


def test_linked_rig_made_local_works(stage) -> None:
    stage.face("Face")
    linked = link_from_library(stage, "Face")
    for item in (linked, linked.data):
        item.make_local()
    stage.write(bpy.data.objects["Face"], stage.motion())


def test_driven_keys_are_left_alone(stage) -> None:
    face = stage.face()
    key = face.data.shape_keys
    key.driver_add('key_blocks["jawOpen"].value')
    _, plan = stage.write(face, stage.motion())
    assert 'key_blocks["jawOpen"].value' not in [path for path, _ in plan.curves[0].paths]
    assert "Face: left alone since a driver moves them: jawOpen." in plan.notes


def test_fully_driven_rig(stage) -> None:
    face = stage.face(keys=["jawOpen", "mouthClose"])
    for name in ("jawOpen", "mouthClose"):
        face.data.shape_keys.driver_add(f'key_blocks["{name}"].value')
    with pytest.raises(RigError, match="left alone since a driver moves them: jawOpen, mouthClose"):
        read_rig(stage.scene, face)


def test_locked_keys_are_animated(stage) -> None:
    """Blender's lock protects the shape from sculpting, not the value."""
    face, motion = stage.face(keys=["jawOpen"]), stage.motion()
    face.data.shape_keys.key_blocks["jawOpen"].lock_shape = True
    stage.write(face, motion)
    stage.at(0.02)
    assert face.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(float(motion[0, 17]), abs=2e-4)


def test_muted_and_pinned_keys_are_reported(stage) -> None:
    face = stage.face()
    face.data.shape_keys.key_blocks["jawOpen"].mute = True
    face.show_only_shape_key = True
    notes = " ".join(read_rig(stage.scene, face).notes)
    assert "muted shape keys will not show: jawOpen." in notes
    assert "a pinned shape key hides all others" in notes


def test_absolute_keys(stage) -> None:
    face = stage.face()
    face.data.shape_keys.use_relative = False
    with pytest.raises(RigError, match="turn on Relative"):
        read_rig(stage.scene, face)


def test_tweak_mode(stage) -> None:
    face = stage.face()
    stage.write(face, stage.motion())
    data = face.data.shape_keys.animation_data
    data.use_tweak_mode = True
    if not data.use_tweak_mode:
        pytest.skip("this Blender enters tweak mode only in the editor")
    with pytest.raises(RigError, match="tweak mode"):
        read_rig(stage.scene, face)


def test_nla_that_hides_the_bake_is_reported(stage) -> None:
    face = stage.face()
    face.data.shape_keys.animation_data_create().use_nla = False
    assert any("NLA is switched off" in note for note in read_rig(stage.scene, face).notes)


@pytest.mark.parametrize(
    ("bone", "message"), [("", "is an armature: choose its head bone"), ("neck", "has no bone 'neck'")]
)
def test_armature_heads_need_a_bone(stage, bone: str, message: str) -> None:
    armature = stage.armature("Rig", "head")
    with pytest.raises(RigError, match=message):
        read_rig(stage.scene, stage.face(), armature, bone)


def test_heads_that_turn_by_axis_and_angle(stage) -> None:
    head = stage.empty("Head")
    head.rotation_mode = "AXIS_ANGLE"
    with pytest.raises(RigError, match="set its rotation mode to XYZ"):
        read_rig(stage.scene, stage.face(), head)


def test_the_table_that_is_drawn_is_the_one_that_is_read(stage) -> None:
    """Found among those that hold tables, it is the first of all that makes up the character."""
    armature, other = stage.armature("Rig", "head"), stage.armature("Other", "head")
    faces = [
        stage.face("Face"),
        stage.face("Carried", parent=armature),
        stage.face("Away", at=(9, 0, 0)),
        stage.face("Far", at=(20, 0, 0), parent=other),
    ]
    objects = [*faces, armature, other, stage.empty("Prop")]
    for holder in objects:
        holder.mouthpiece.entries.add()
        for target in objects:
            expected = table_owner(character_objects(stage.scene, target))
            assert find_table(stage.scene, target) == expected, (holder.name, target.name)
        holder.mouthpiece.entries.clear()
