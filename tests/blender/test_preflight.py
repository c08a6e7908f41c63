"""The pre-flight names everything that would keep a face from moving."""

from __future__ import annotations

from collections.abc import Callable

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.rigs.scene_read import read_rig  # noqa: E402


def lines() -> str:
    bpy.ops.mouthpiece.preflight()
    return bpy.context.window_manager.mouthpiece.preflight


@pytest.fixture
def ready(stage):
    """A face and a line that can be baked."""
    face = stage.face()
    stage.scene.mouthpiece.audio_path = str(stage.sound(1.0))
    stage.scene.mouthpiece.target = face
    assert lines() == "Nothing stands in the way of a bake."
    return stage, face


def muted(stage, face) -> None:
    face.data.shape_keys.key_blocks["jawOpen"].mute = True


def pinned(stage, face) -> None:
    face.show_only_shape_key = True


def hidden(stage, face) -> None:
    face.hide_viewport = True


def unrendered(stage, face) -> None:
    face.hide_render = True


def excluded(stage, face) -> None:
    away = bpy.data.collections.new("Away")
    stage.scene.collection.children.link(away)
    away.objects.link(face)
    stage.scene.collection.objects.unlink(face)
    bpy.context.view_layer.layer_collection.children["Away"].exclude = True


def driven(stage, face) -> None:
    face.data.shape_keys.driver_add('key_blocks["jawOpen"].value')


def unbound(stage, face) -> None:
    face.modifiers.new("Follow", "SURFACE_DEFORM")


def boneless(stage, face) -> None:
    face.modifiers.new("Bones", "ARMATURE").show_viewport = False


def no_nla(stage, face) -> None:
    face.data.shape_keys.animation_data_create().use_nla = False


def solo(stage, face) -> None:
    data = face.data.shape_keys.animation_data_create()
    data.nla_tracks.new().is_solo = True


def silenced(stage, face) -> None:
    stage.write(face, stage.motion())
    face.data.shape_keys.animation_data.nla_tracks["Mouthpiece"].mute = True


def covered(stage, face) -> None:
    stage.write(face, stage.motion())
    track = face.data.shape_keys.animation_data.nla_tracks.new()
    track.name = "Mine"
    strip = track.strips.new("Mine", 10, stage.action(stage.motion(10), "Own"))
    strip.action_slot = strip.action.slots[0]


def above(stage, face) -> None:
    data = face.data.shape_keys.animation_data_create()
    data.action = stage.action(stage.motion(10), "Block-out")
    data.action_slot = data.action_suitable_slots[0]


def no_jaw(stage, face) -> None:
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    for row in face.mouthpiece.entries:
        row.enabled = row.channel != "jawOpen"


def no_gain(stage, face) -> None:
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    face.mouthpiece.entries[0].gain = 0.0


def renamed(stage, face) -> None:
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    face.data.shape_keys.key_blocks["jawForward"].name = "Chin"


def unmapped(stage, face) -> None:
    for number, block in enumerate(face.data.shape_keys.key_blocks[1:]):
        block.name = f"Key {number}"


def elsewhere(stage, face) -> None:
    stage.scene.mouthpiece.frame_start = 900.0


def stretched(stage, face) -> None:
    stage.scene.render.frame_map_new = 200


def silent(stage, face) -> None:
    stage.scene.mouthpiece.audio_path = ""


def gone(stage, face) -> None:
    stage.scene.mouthpiece.audio_path = "/nowhere/line.wav"


CASES = {
    muted: "muted shape keys will not show: jawOpen",
    pinned: "a pinned shape key hides all others",
    hidden: "Face is hidden: show it",
    unrendered: "Face is hidden in renders",
    excluded: "Face is in a collection that this view layer leaves out",
    driven: "left alone since a driver moves them: jawOpen",
    unbound: "its modifier Follow is not bound",
    boneless: "its modifier Bones is switched off",
    no_nla: "its NLA is switched off",
    solo: "plays another track solo",
    silenced: "its NLA track Mouthpiece is muted",
    covered: "its NLA track Mine lies above Mouthpiece's",
    above: "Block-out lies above the Mouthpiece track",
    no_jaw: "nothing follows jawOpen",
    no_gain: "A gain of 0 keeps these still: Face: eyeBlinkLeft",
    renamed: "no such shape keys, which its mapping names: jawForward",
    unmapped: "None of the 52 shape keys",
    elsewhere: "outside of the scene's 1 to 250",
    stretched: "Time Stretching plays 100 frames as 200, but not the sound: set Old and New to the same",
    silent: "No dialogue is chosen",
    gone: "/nowhere/line.wav",
}


@pytest.mark.parametrize("spoil", CASES, ids=lambda spoil: spoil.__name__)
def test_every_obstacle_is_named(ready, spoil: Callable) -> None:
    spoil(*ready)
    assert CASES[spoil] in lines()


@pytest.mark.parametrize("what", ["bone", "head"])
def test_what_hides_a_baked_bone_is_named(stage, what: str) -> None:
    armature = stage.armature("Rig", "jaw")
    bone, face = armature.pose.bones["jaw"], stage.face(parent=armature)
    bone.rotation_mode = "XYZ"
    settings = stage.scene.mouthpiece
    settings.target = face
    if what == "bone":
        bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
        row = face.mouthpiece.entries.add()
        row.channel, row.kind, row.name, row.owner = "jawOpen", "BONE", "jaw", armature
    else:
        settings.head_target, settings.head_bone = armature, "jaw"
    bone.keyframe_insert("location", frame=1)
    assert "lies above" not in lines()
    bone.keyframe_insert("rotation_euler", frame=1)
    assert f"Rig: its action {armature.animation_data.action.name} lies above" in lines()
    armature.animation_data.action_blend_type = "COMBINE"
    assert "lies above" not in lines()
    armature.animation_data.action = None
    armature.animation_data.use_nla = False
    assert "Rig: its NLA is switched off" in lines()


@pytest.mark.parametrize("bone", ["head", ""])
def test_a_head_that_a_driver_turns_is_left_alone(stage, bone: str) -> None:
    head = stage.armature("Rig", "head") if bone else stage.empty("Rig")
    turned = head.pose.bones["head"] if bone else head
    turned.rotation_mode = "XYZ"
    settings, face = stage.scene.mouthpiece, stage.face()
    settings.target, settings.head_target, settings.head_bone = face, head, bone
    turned.driver_add("rotation_euler" if bone else "delta_rotation_euler", 1)
    assert f"left alone since a driver turns {bone or 'Rig'}" in lines()
    assert read_rig(stage.scene, face, head, bone).head is None


def test_a_jaw_that_is_a_bone_is_pointed_out(stage) -> None:
    armature = stage.armature("Rig", "DEF-Jaw.001")
    stage.face("Face", ["mouthSmileLeft", "eyeBlinkLeft"], parent=armature)
    stage.scene.mouthpiece.target = armature
    bpy.ops.mouthpiece.preflight()
    told = bpy.context.window_manager.mouthpiece.preflight
    assert "Rig has a bone DEF-Jaw.001: add a row of kind Bone" in told


def test_the_report_counts_and_stays_out_of_the_file(ready) -> None:
    muted(*ready)
    unrendered(*ready)
    bpy.ops.mouthpiece.preflight()
    state = bpy.context.window_manager.mouthpiece
    assert state.status.startswith("2 things to look at") and not state.failed
    assert len(state.preflight.splitlines()) == 2
    bpy.context.scene.mouthpiece.target = None
    assert state.preflight == "", "what was said of one face holds for no other"
