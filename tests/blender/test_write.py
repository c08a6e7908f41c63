"""Writing: exact values at exact times, only Mouthpiece's own data, all or nothing."""

from __future__ import annotations

import time

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mathutils import Matrix  # noqa: E402

from mouthpiece.inference.errors import RigError  # noqa: E402
from mouthpiece.inference.types import BLENDSHAPES, INDEX, frame_times  # noqa: E402
from mouthpiece.rigs.scene_read import curves_of  # noqa: E402
from mouthpiece.rigs.scene_write import layer as writer  # noqa: E402

RATES = [(24, 1.0), (25, 1.0), (30, 1.001), (30, 1.0), (60, 1.0)]


def values(face) -> np.ndarray:
    return np.array([key.value for key in face.data.shape_keys.key_blocks[1:]])


def strips(datablock) -> list:
    return [strip for track in datablock.animation_data.nla_tracks for strip in track.strips]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("start", [1.0, -20.0, 86.5])
def test_motion_in_seconds_is_the_models_at_any_rate(stage, rate: tuple[int, float], start: float) -> None:
    stage.scene.render.fps, stage.scene.render.fps_base = rate
    face, motion = stage.face(), stage.motion()
    stage.write(face, motion, start=start)
    for frame in (0, 7, 31, 49):
        stage.at(frame_times(50)[frame], start)
        np.testing.assert_allclose(values(face), motion[frame, :52], atol=2e-4)
    stage.at(0.5 * (frame_times(50)[10] + frame_times(50)[11]), start)
    np.testing.assert_allclose(values(face), motion[10:12, :52].mean(axis=0), atol=2e-4)


@pytest.mark.parametrize("rate", RATES)
def test_whole_frames_show_the_same_motion(stage, rate: tuple[int, float]) -> None:
    stage.scene.render.fps, stage.scene.render.fps_base = rate
    face, motion = stage.face(), stage.motion()
    action, _ = stage.write(face, motion, start=10.0, whole=True)
    curve = next(iter(curves_of(action, action.slots[0])))
    frames = np.array([point.co[0] for point in curve.keyframe_points])
    assert np.array_equal(frames, np.round(frames)) and frames[0] == 10
    stage.scene.frame_set(30)
    seconds = 20 * rate[1] / rate[0]
    expected = [np.interp(seconds, frame_times(50), motion[:, i]) for i in range(52)]
    np.testing.assert_allclose(values(face), expected, atol=2e-4)


def test_own_action_slot_and_track(stage) -> None:
    face = stage.face()
    action, _ = stage.write(face, stage.motion())
    data = face.data.shape_keys.animation_data
    assert data.action is None
    assert [track.name for track in data.nla_tracks] == ["Mouthpiece"]
    strip = data.nla_tracks[0].strips[0]
    assert strip.action == action and strip.action_slot.target_id_type == "KEY"
    assert strip.frame_start == 1.0 and strip.scale == 1.0
    assert len(list(curves_of(action, strip.action_slot))) == 52


def test_first_and_last_pose_hold_around_the_sound(stage) -> None:
    """Blender 5 would show every shape key at 1 where no strip plays."""
    face, motion = stage.face(), stage.motion()
    stage.write(face, motion, start=100.0)
    for frame, row in ((50, 0), (300, -1)):
        stage.scene.frame_set(frame)
        np.testing.assert_allclose(values(face), motion[row, :52], atol=2e-4)


def test_keys_are_linear_and_handles_ready_for_editing(stage) -> None:
    action, _ = stage.write(stage.face(), stage.motion())
    points = next(iter(curves_of(action, action.slots[0]))).keyframe_points
    assert {point.interpolation for point in points} == {"LINEAR"}
    assert all(point.handle_left[0] < point.co[0] < point.handle_right[0] for point in points)


def test_names_with_quotes(stage) -> None:
    face = stage.face(keys=['say "ah".jawOpen', "back\\slash.mouthClose"])
    motion = stage.motion()
    stage.write(face, motion)
    stage.at(frame_times(50)[12])
    np.testing.assert_allclose(values(face), motion[12, [INDEX["jawOpen"], INDEX["mouthClose"]]], atol=2e-4)


def test_rebake_replaces_only_its_own(stage) -> None:
    face = stage.face()
    key = face.data.shape_keys
    own = stage.action(stage.motion(10), "Own")
    data = key.animation_data_create()
    track = data.nla_tracks.new()
    track.name = "Mine"
    track.strips.new("Mine", 500, own)
    first, _ = stage.write(face, stage.motion())
    data.nla_tracks["Mouthpiece"].mute = True
    above = data.nla_tracks.new()
    above.name = "Above"
    second, _ = stage.write(face, stage.motion(phase=1.0), start=40.0)
    assert [track.name for track in data.nla_tracks] == ["Mine", "Mouthpiece", "Above"]
    assert data.nla_tracks["Mouthpiece"].mute
    assert [strip.action.name for strip in strips(key)] == ["Own", "Mouthpiece Face"]
    assert strips(key)[1].frame_start == 40.0
    assert sorted(action.name for action in bpy.data.actions) == ["Mouthpiece Face", "Own"]


def test_rebake_spares_strips_of_the_user_on_its_track(stage) -> None:
    face = stage.face()
    stage.write(face, stage.motion())
    key = face.data.shape_keys
    track = key.animation_data.nla_tracks["Mouthpiece"]
    track.strips.new("Mine", 900, stage.action(stage.motion(10), "Own"))
    stage.write(face, stage.motion())
    assert sorted(strip.action.name for strip in strips(key)) == ["Mouthpiece Face", "Own"]


def test_rebake_of_one_character_spares_its_duplicate(stage) -> None:
    face = stage.face()
    action, _ = stage.write(face, stage.motion())
    twin = face.copy()
    twin.data = face.data.copy()
    twin.location.x = 5
    stage.scene.collection.objects.link(twin)
    assert strips(twin.data.shape_keys)[0].action == action
    new, _ = stage.write(face, stage.motion(phase=1.0))
    assert strips(face.data.shape_keys)[0].action == new
    assert strips(twin.data.shape_keys)[0].action == action


def test_active_action_stays_and_is_reported(stage) -> None:
    face = stage.face()
    data = face.data.shape_keys.animation_data_create()
    data.action = stage.action(stage.motion(10), "Block-out")
    data.action_slot = data.action_suitable_slots[0]
    _, plan = stage.write(face, stage.motion())
    assert data.action.name == "Block-out"
    assert any("Block-out lies above the Mouthpiece track and hides it on 52" in note for note in plan.notes)


def test_linked_duplicates_are_written_once(stage) -> None:
    face = stage.face()
    twin = bpy.data.objects.new("Twin", face.data)
    stage.scene.collection.objects.link(twin)
    action, plan = stage.write(twin, stage.motion())
    assert len(plan.curves) == 1 and len(action.slots) == 1
    assert len(strips(face.data.shape_keys)) == 1


def test_all_meshes_of_the_character_share_one_action(stage) -> None:
    root = stage.empty("Anna")
    face = stage.face("Face", parent=root)
    parts = [
        stage.face("Teeth", ["jawOpen"], parent=root),
        stage.face("Tongue", ["Tongue_Out", "Jaw_Open"], parent=root),
        stage.face("Lashes", ["eyeBlink_L", "eyeBlink_R"], parent=root),
    ]
    other = stage.face("Ben")
    other.location.x = 3
    motion = stage.motion()
    action, _ = stage.write(face, motion)
    assert len(action.slots) == 4
    stage.at(frame_times(50)[30])
    assert values(parts[0])[0] == pytest.approx(motion[30, INDEX["jawOpen"]], abs=2e-4)
    assert values(parts[1])[0] == pytest.approx(motion[30, INDEX["tongueOut"]], abs=2e-4)
    assert values(parts[2])[1] == pytest.approx(motion[30, INDEX["eyeBlinkRight"]], abs=2e-4)
    assert other.data.shape_keys.animation_data is None


def test_slider_maximum_is_reported(stage) -> None:
    face = stage.face()
    face.data.shape_keys.key_blocks["jawOpen"].slider_max = 0.5
    _, plan = stage.write(face, stage.motion(200))
    assert any("slider's maximum cuts jawOpen;" in note for note in plan.notes)


@pytest.mark.parametrize("breaks_at", [0, 1])
def test_an_error_half_way_changes_nothing(stage, everything, monkeypatch, breaks_at: int) -> None:
    root = stage.empty("Anna")
    face = stage.face("Face", parent=root)
    stage.face("Teeth", ["jawOpen"], parent=root)
    stage.write(face, stage.motion())
    extra = stage.face("Tongue", ["tongueOut"], parent=root)
    before, calls = everything(), []
    add_strip = writer.add_strip

    def breaking(*arguments) -> None:
        calls.append(arguments)
        if len(calls) > breaks_at:
            raise RuntimeError("no room")
        add_strip(*arguments)

    monkeypatch.setattr(writer, "add_strip", breaking)
    with pytest.raises(RuntimeError, match="no room"):
        stage.write(face, stage.motion(phase=1.0))
    assert everything() == before
    assert extra.data.shape_keys.animation_data is None


@pytest.mark.parametrize("mode", ["XYZ", "ZYX", "QUATERNION"])
def test_head_empty_turns_on_top_of_its_own_pose(stage, mode: str) -> None:
    face, head = stage.face(), stage.empty("Head")
    head.rotation_euler.x = 0.5
    head.rotation_mode = mode
    motion = np.zeros_like(stage.motion())
    motion[:, INDEX["headYaw"]] = np.linspace(0.1, 0.5, 50)
    stage.write(face, motion, head=head)
    stage.at(frame_times(50)[20])
    bpy.context.view_layer.update()
    turn = head.matrix_world.to_3x3()
    expected = Matrix.Rotation(float(motion[20, INDEX["headYaw"]]), 3, "Z") @ Matrix.Rotation(0.5, 3, "X")
    np.testing.assert_allclose(np.array(turn), np.array(expected), atol=1e-4)


@pytest.mark.parametrize("mode", ["XYZ", "QUATERNION"])
def test_head_bone_turns_in_the_characters_space(stage, mode: str) -> None:
    """However the bone points, positive yaw turns the character about the vertical."""
    armature = stage.armature("Rig", "head")
    armature.pose.bones["head"].rotation_mode = mode
    face = stage.face(parent=armature)
    motion = np.zeros_like(stage.motion())
    motion[:, INDEX["headYaw"]] = 0.3
    motion[:, INDEX["headPitch"]] = np.linspace(-0.2, 0.2, 50)
    stage.write(face, motion, head=armature, bone="head")
    stage.at(frame_times(50)[40])
    bone = armature.pose.bones["head"]
    turn = bone.matrix.to_3x3() @ bone.bone.matrix_local.to_3x3().inverted()
    angles = turn.to_euler("YXZ")  # yaw · pitch · roll: roll first
    assert angles.z == pytest.approx(0.3, abs=1e-4)
    assert angles.x == pytest.approx(float(motion[40, INDEX["headPitch"]]), abs=1e-4)


def test_a_head_no_longer_mapped_is_freed(stage) -> None:
    face, head = stage.face(), stage.empty("Head")
    stage.write(face, stage.motion(), head=head)
    assert len(strips(head)) == 1
    stage.write(face, stage.motion())
    assert strips(head) == []
    assert len(bpy.data.actions) == 1


def test_ten_minutes_on_fifty_two_keys_take_less_than_a_second(stage) -> None:
    face, motion = stage.face(), stage.motion(15_000)
    started = time.perf_counter()
    action, _ = stage.write(face, motion)
    took = time.perf_counter() - started
    curves = list(curves_of(action, action.slots[0]))
    assert len(curves) == len(BLENDSHAPES) and {len(c.keyframe_points) for c in curves} == {15_000}
    assert took < 1.0, f"writing took {took:.2f} s"


def test_a_mesh_that_left_the_mapping_is_freed(stage) -> None:
    root = stage.empty("Root")
    face, tongue = stage.face("Face", parent=root), stage.face("Tongue", ["tongueOut"], parent=root)
    stage.write(face, stage.motion())
    assert strips(tongue.data.shape_keys)
    row = face.mouthpiece.entries.add()
    row.channel, row.kind, row.name, row.owner = "jawOpen", "SHAPE_KEY", "jawOpen", face
    action, _ = stage.write(face, stage.motion(), start=200.0)
    assert not strips(tongue.data.shape_keys)
    assert list(bpy.data.actions) == [action]


def test_a_strip_that_is_being_tweaked_stops_a_bake_before_anything_changes(stage, everything) -> None:
    armature = stage.armature("Rig", "head")
    armature.pose.bones["head"].rotation_mode = "XYZ"
    face = stage.face(parent=armature)
    stage.write(face, stage.motion(), head=armature, bone="head")
    data = armature.animation_data
    data.nla_tracks[0].strips[0].select, data.nla_tracks.active = True, data.nla_tracks[0]
    data.use_tweak_mode = True
    stage.at(0.0)
    before = everything()
    for head in ({"head": armature, "bone": "head"}, {}):  # without, its strip would go all the same
        with pytest.raises(RigError, match="Rig: an NLA strip is in tweak mode; leave it"):
            stage.write(face, stage.motion(), **head)
    assert everything() == before
    data.use_tweak_mode = False
    stage.write(face, stage.motion())
