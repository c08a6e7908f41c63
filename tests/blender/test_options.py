"""Bake options in Blender: layers, ranges, fewer keys, the sequencer's time, assets and files."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.inference.errors import AudioError  # noqa: E402
from mouthpiece.inference.livelink import read_take as read_file  # noqa: E402
from mouthpiece.inference.types import BLENDSHAPES, INDEX, C, frame_times  # noqa: E402
from mouthpiece.operators.bake_options import read_options, start_frame  # noqa: E402
from mouthpiece.rigs.bake_plan import plan_bake  # noqa: E402
from mouthpiece.rigs.options import BakeOptions, StripOptions  # noqa: E402
from mouthpiece.rigs.retarget import SceneClock  # noqa: E402
from mouthpiece.rigs.scene_read import curves_of, read_rig  # noqa: E402
from mouthpiece.rigs.scene_write import LinePlan, write_bake, write_lines  # noqa: E402

JAW = INDEX["jawOpen"]


def steady(value: float, count: int = 50) -> np.ndarray:
    motion = np.zeros((count, C), np.float32)
    motion[:, JAW] = value
    return motion


def write(stage, face, motion: np.ndarray, **options) -> bpy.types.Action:
    clock = SceneClock(25.0, 1.0)
    stage.scene.render.fps = 25
    plan = plan_bake(read_rig(stage.scene, face), motion, clock, options=BakeOptions(**options))
    return write_bake(plan)


def jaw(face) -> float:
    return face.data.shape_keys.key_blocks["jawOpen"].value


def own(face) -> list:
    data = face.data.shape_keys.animation_data
    tracks = [track for track in data.nla_tracks if not track.name.endswith("Rest")]
    return [strip for track in tracks for strip in track.strips if "mouthpiece" in strip.action]


def hand_keyed(stage, face, value: float) -> bpy.types.AnimData:
    """An active action of the artist's own."""
    data = face.data.shape_keys.animation_data_create()
    data.action = stage.action(steady(value), "Hand")
    data.action_slot = data.action_suitable_slots[0]
    return data


def test_fewer_keys_show_the_same_within_the_error(stage) -> None:
    face, motion = stage.face(), stage.motion(200)
    action = write(stage, face, motion, tolerance=0.02)
    curves = list(curves_of(action, action.slots[0]))
    counts = [len(curve.keyframe_points) for curve in curves]
    assert max(counts) < 100 and min(counts) >= 2
    frames = 1.0 + frame_times(200) * 25
    shown = np.array([[curve.evaluate(frame) for curve in curves] for frame in frames])
    assert np.abs(shown - motion[:, :52]).max() < 0.0201


def test_a_bake_on_top_of_hand_keys(stage) -> None:
    face = stage.face(keys=["jawOpen"])
    data = hand_keyed(stage, face, 0.2)
    write(stage, face, steady(0.5), strip=StripOptions(additive=True))
    stage.at(1.0)
    assert jaw(face) == pytest.approx(0.7, abs=1e-3)
    assert data.action.name == "Hand" and own(face)[0].blend_type == "ADD"


def test_an_additive_head_bone_turns_on_top(stage) -> None:
    armature = stage.armature("Rig", "head", tail=(0, 0, 1))
    bone = armature.pose.bones["head"]
    face = stage.face(parent=armature)
    rig = read_rig(stage.scene, face, armature, "head")
    motion = steady(0.0)
    motion[:, INDEX["headYaw"]] = 0.3
    plan = plan_bake(rig, motion, SceneClock(24.0), options=BakeOptions(strip=StripOptions(additive=True)))
    write_bake(plan)
    stage.at(1.0)
    assert 2 * np.arccos(min(abs(bone.rotation_quaternion.w), 1.0)) == pytest.approx(0.3, abs=1e-3)


def test_blend_in_and_out(stage) -> None:
    face = stage.face(keys=["jawOpen"])
    write(stage, face, steady(0.8), strip=StripOptions(blend_in=10, blend_out=8))
    (strip,) = own(face)
    assert (strip.blend_in, strip.blend_out) == (10, 8)
    seen = []
    for frame in (1, 6, 30, 47, 51):
        stage.scene.frame_set(frame)
        seen.append(jaw(face))
    assert seen[0] < 0.05 < seen[1] < 0.75 and seen[2] == pytest.approx(0.8, abs=1e-3)
    assert seen[3] < 0.75 and seen[4] < 0.1


def test_a_range_lies_over_the_former_bake(stage) -> None:
    face = stage.face(keys=["jawOpen"])
    write(stage, face, steady(0.3, 100))
    write(stage, face, steady(0.9, 100), span=(30.0, 60.0), strip=StripOptions(patch=True))
    shown = []
    for frame in (10, 45, 90):
        stage.scene.frame_set(frame)
        shown.append(round(jaw(face), 3))
    assert shown == [0.3, 0.9, 0.3]
    write(stage, face, steady(0.6, 100), span=(25.0, 65.0), strip=StripOptions(patch=True))
    assert len(own(face)) == 2, "a patch takes the place of what lies under it"
    stage.scene.frame_set(45)
    assert jaw(face) == pytest.approx(0.6, abs=1e-3)
    write(stage, face, steady(0.5, 100))
    assert len(own(face)) == 1 and len(bpy.data.actions) == 1


def test_a_range_alone_holds_its_ends(stage) -> None:
    face = stage.face(keys=["jawOpen"])
    write(stage, face, steady(0.4, 100), span=(30.0, 60.0), strip=StripOptions(patch=True))
    for frame in (5, 95):
        stage.scene.frame_set(frame)
        assert jaw(face) == pytest.approx(0.4, abs=1e-3)


def test_settings_become_options(stage) -> None:
    settings, output = stage.scene.mouthpiece, stage.scene.mouthpiece.output
    plain = read_options(stage.scene)
    assert plain.span is None and plain.tolerance == 0.0 and plain.seal and np.all(plain.gains == 1.0)
    settings.whole_frames, output.use_fewer_keys, output.tolerance = True, True, 0.02
    output.intensity_brows, output.layer, output.blend_in, output.seal = 0.5, "ADD", 5.0, False
    output.span, output.first, output.last = "FRAMES", 10.0, 20.0
    options = read_options(stage.scene)
    assert options.whole and options.tolerance == pytest.approx(0.02) and not options.seal
    assert options.span == (10.0, 20.0) and options.strip == StripOptions(True, 5.0, 0.0, True)
    assert options.gains[INDEX["browInnerUp"]] == 0.5 and options.gains[JAW] == 1.0
    output.span = "PREVIEW"
    assert read_options(stage.scene).span == (stage.scene.frame_start, stage.scene.frame_end)
    stage.scene.use_preview_range, stage.scene.frame_preview_start = True, 7
    assert read_options(stage.scene).span[0] == 7
    bpy.ops.mouthpiece.bake_options_reset()
    assert output.span == "ALL" and output.intensity_brows == 1.0 and output.seal


def test_the_bake_starts_where_the_sequencer_plays_the_sound(stage) -> None:
    stage.face()
    settings = stage.scene.mouthpiece
    settings.sound = bpy.data.sounds.load(str(stage.sound(1.0)))
    settings.output.start = "STRIP"
    with pytest.raises(RuntimeError, match=r"line.wav is no sound strip of the sequencer in Scene"):
        bpy.ops.mouthpiece.bake()
    editor = stage.scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strip = strips.new_sound("line", settings.sound.filepath, 1, 41)
    settings.sound = strip.sound
    assert start_frame(stage.scene) == 41.0
    assert bpy.ops.mouthpiece.bake() == {"FINISHED"}
    first = own(bpy.data.objects["Face"])[0].action.frame_range[0]
    assert first == pytest.approx(41.0 + 0.5 / 25 * 24, abs=1e-3)
    assert "set Sound Start" not in bpy.context.window_manager.mouthpiece.status


def test_intensity_and_smoothing_reach_the_bake(stage) -> None:
    face = stage.face()
    settings = stage.scene.mouthpiece
    settings.audio_path = str(stage.sound(1.0))
    bpy.ops.mouthpiece.bake()
    full = _values(face)
    settings.output.intensity_mouth = 0.5
    bpy.ops.mouthpiece.bake()
    np.testing.assert_allclose(_values(face)[:, JAW], 0.5 * full[:, JAW], atol=1e-5)
    np.testing.assert_allclose(
        _values(face)[:, INDEX["browInnerUp"]], full[:, INDEX["browInnerUp"]], atol=1e-5
    )


def _values(face) -> np.ndarray:
    action = own(face)[0].action
    curves = curves_of(action, action.slots[0])
    return np.array([[point.co[1] for point in curve.keyframe_points] for curve in curves]).T


@pytest.mark.parametrize("rate", [25.0, 60.0])
def test_a_bake_is_exported_with_the_artists_edits(stage, rate: float) -> None:
    face, motion = stage.face(), stage.motion(50)
    stage.write(face, motion)
    path = stage.folder / "bake.csv"
    assert bpy.ops.mouthpiece.bake_export(filepath=str(path), fps=rate) == {"FINISHED"}
    take = read_file(path)
    assert take.fps == pytest.approx(rate, rel=1e-3) and abs(take.seconds - 2.0) < 0.05
    if rate == 25.0:
        np.testing.assert_allclose(take.channels[:, :52], motion[:, :52], atol=2e-3)
    curve = next(iter(curves_of(own(face)[0].action, own(face)[0].action_slot)))
    assert "eyeBlinkLeft" in curve.data_path
    for point in curve.keyframe_points:
        point.co[1] = 0.25
    curve.update()
    bpy.ops.mouthpiece.bake_export(filepath=str(path), fps=rate)
    np.testing.assert_allclose(read_file(path).channels[:, INDEX["eyeBlinkLeft"]], 0.25, atol=1e-4)


def test_exports_that_cannot_be_written(stage) -> None:
    face = stage.face()
    with pytest.raises(RuntimeError, match="Face has no bake of Mouthpiece: press Bake first"):
        bpy.ops.mouthpiece.bake_export(filepath=str(stage.folder / "bake.csv"))
    stage.write(face, stage.motion())
    with pytest.raises(RuntimeError, match="cannot be written"):
        bpy.ops.mouthpiece.bake_export(filepath=str(stage.folder / "no" / "bake.csv"))


def test_assets_are_copies_that_bakes_leave_alone(stage) -> None:
    face = stage.face()
    stage.write(face, stage.motion())
    assert bpy.ops.mouthpiece.bake_to_asset(kind="TAKE") == {"FINISHED"}
    stage.scene.frame_set(20)
    bpy.ops.mouthpiece.bake_to_asset(kind="POSE")
    take, pose = bpy.data.actions["Face Take"], bpy.data.actions["Face Pose 20"]
    assert take.asset_data is not None and pose.asset_data is not None and "mouthpiece" not in take
    assert {len(curve.keyframe_points) for curve in curves_of(pose, pose.slots[0])} == {1}
    jaw_curve = next(c for c in curves_of(pose, pose.slots[0]) if "jawOpen" in c.data_path)
    assert jaw_curve.evaluate(20) == pytest.approx(jaw(face), abs=1e-4)
    stage.write(face, stage.motion(phase=1.0))
    assert {action.name for action in bpy.data.actions} == {"Face Take", "Face Pose 20", "Mouthpiece Face"}
    stage.scene.mouthpiece.references.add().action = take
    stage.scene.mouthpiece.audio_path = str(stage.sound(0.3))
    assert bpy.ops.mouthpiece.bake() == {"FINISHED"}, "a take that was kept may be followed"
    assert len(BLENDSHAPES) == 52


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(("frames", "start"), [(24, 1.0), (24, 101.3), (30, 1001.0), (60, 1.0)])
def test_an_export_begins_and_ends_with_the_sound(stage, whole: bool, frames: int, start: float) -> None:
    stage.scene.render.fps = frames
    motion = np.zeros((60, C), np.float32)
    motion[:, JAW] = np.linspace(0, 1, 60)
    stage.write(stage.face(), motion, whole=whole, start=start)
    path = stage.folder / "bake.csv"
    bpy.ops.mouthpiece.bake_export(filepath=str(path), fps=25.0)
    take = read_file(path)
    assert len(take.channels) == 60
    np.testing.assert_allclose(take.channels[2:-2, JAW], motion[2:-2, JAW], atol=2e-3)


def test_an_export_holds_what_every_mesh_shows(stage) -> None:
    root = stage.empty("Root")
    gaze = [name for name in BLENDSHAPES if name.startswith("eyeLook")]
    stage.face("Eyes", gaze, parent=root)
    stage.face("Face", [name for name in BLENDSHAPES if name not in gaze], parent=root)
    motion = stage.motion(50)
    stage.write(root, motion)
    stage.scene.mouthpiece.target = root
    path = stage.folder / "bake.csv"
    bpy.ops.mouthpiece.bake_export(filepath=str(path), fps=25.0)
    np.testing.assert_allclose(read_file(path).channels[:, :52], motion[:, :52], atol=2e-3)


def lines_of(stage, face) -> None:
    """Two lines side by side, from frame 1 and from frame 101."""
    rig, clocks = read_rig(stage.scene, face), (SceneClock(25.0, 1.0), SceneClock(25.0, 101.0))
    stage.scene.render.fps = 25
    plans = [plan_bake(rig, steady(0.2 + 0.5 * i), clock) for i, clock in enumerate(clocks)]
    write_lines([LinePlan(f"line {i}", plan, 1.0 + 100 * i, 51.0 + 100 * i) for i, plan in enumerate(plans)])


def test_of_many_lines_the_one_that_plays_is_exported_and_kept(stage) -> None:
    face = stage.face()
    lines_of(stage, face)
    path = stage.folder / "bake.csv"
    for frame, value in ((110, 0.7), (20, 0.2)):
        stage.scene.frame_set(frame)
        assert bpy.ops.mouthpiece.bake_export(filepath=str(path), fps=25.0) == {"FINISHED"}
        np.testing.assert_allclose(read_file(path).channels[:, JAW], value, atol=1e-4)
        assert "1 other bakes" in bpy.context.window_manager.mouthpiece.status
        bpy.ops.mouthpiece.bake_to_asset(kind="POSE")
        pose = next(action for action in bpy.data.actions if action.name.endswith(f"Pose {frame}"))
        curve = next(c for c in curves_of(pose, pose.slots[0]) if "jawOpen" in c.data_path)
        assert curve.evaluate(frame) == pytest.approx(value, abs=1e-4)


def test_a_pose_is_what_a_moved_strip_shows(stage) -> None:
    face = stage.face()
    stage.write(face, stage.motion(50))
    strip = own(face)[0]
    strip.frame_end += 20
    strip.frame_start += 20
    strip.scale = 1.0
    stage.scene.frame_set(35)
    bpy.ops.mouthpiece.bake_to_asset(kind="POSE")
    pose = bpy.data.actions["Face Pose 35"]
    curve = next(c for c in curves_of(pose, pose.slots[0]) if "jawOpen" in c.data_path)
    assert curve.evaluate(35) == pytest.approx(jaw(face), abs=1e-4)


def test_the_sequencers_start_is_where_the_sound_is_heard(stage) -> None:
    settings = stage.scene.mouthpiece
    editor = stage.scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    path = str(stage.sound(2.0))
    old, new = strips.new_sound("old", path, 1, 10), strips.new_sound("new", path, 2, 100)
    settings.sound = new.sound = old.sound
    settings.output.start = "STRIP"
    old.mute = True
    assert start_frame(stage.scene) == 100.0
    new.sound_offset = 0.25
    assert start_frame(stage.scene) == 106.0
    new.mute = True
    assert start_frame(stage.scene) == 10.0, "where none is heard, the first"


def status() -> str:
    return bpy.context.window_manager.mouthpiece.status


def strips_of(scene):
    editor = scene.sequence_editor_create()
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def retimed(scene, strip) -> None:
    """Let a strip play twice as fast, as an editor does; Blender asks for a sequencer to do it in."""
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    area.type = "SEQUENCE_EDITOR"
    if hasattr(bpy.context.workspace, "sequencer_scene"):
        bpy.context.workspace.sequencer_scene = scene
    strip.select, scene.sequence_editor.active_strip = True, strip
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.sequencer.retiming_key_add(timeline_frame=int(strip.frame_final_start))
        bpy.ops.sequencer.retiming_segment_speed_set(speed=200.0, keep_retiming=False)
    assert len(strip.retiming_keys)


def test_a_retimed_strip_is_followed_by_nobody(stage) -> None:
    settings, scene = stage.scene.mouthpiece, stage.scene
    settings.target = stage.face()
    settings.audio_path = str(stage.sound(2.0))
    scene.sequence_editor_create()
    retimed(scene, scene.sequence_editor.strips.new_sound("fast", settings.audio_path, 1, 11))
    said = "fast: the strip is retimed, which bends its sound: render it to a file of its own first."
    settings.output.start = "STRIP"
    with pytest.raises(RuntimeError, match=said):
        bpy.ops.mouthpiece.bake()
    bpy.ops.mouthpiece.preflight()
    assert said in bpy.context.window_manager.mouthpiece.preflight
    settings.output.start = "FRAME"
    assert bpy.ops.mouthpiece.bake() == {"FINISHED"} and said in status()
    bpy.ops.mouthpiece.preflight()
    assert said in bpy.context.window_manager.mouthpiece.preflight


@pytest.mark.parametrize("kind", ["another data-block", "a path"])
def test_the_sequencers_sound_is_known_by_its_file(stage, kind: str) -> None:
    """Loading a file and dropping it onto the sequencer makes two sounds of it."""
    stage.face()
    settings, path = stage.scene.mouthpiece, stage.sound(1.0)
    if kind == "a path":
        bpy.ops.wm.save_as_mainfile(filepath=str(stage.folder / "scene.blend"))
        settings = stage.scene.mouthpiece
        settings.audio_path = f"//{path.name}"
    else:
        settings.sound = bpy.data.sounds.load(str(path))
    strips_of(stage.scene).new_sound("line", str(path), 1, 41)
    bpy.ops.mouthpiece.bake()
    assert "line.wav starts at frame 41 in the sequencer, the bake at 1" in status()
    settings.output.start = "STRIP"
    assert start_frame(stage.scene) == 41.0
    stage.scene.sequence_editor.strips_all[0].sound.filepath = str(stage.folder / "other.wav")
    with pytest.raises(RuntimeError, match=r"line\.wav is no sound strip of the sequencer in Scene"):
        bpy.ops.mouthpiece.bake()


def test_a_sequencer_in_a_scene_of_its_own_tells_the_start(stage) -> None:
    if "sequencer_scene" not in bpy.types.WorkSpace.bl_rna.properties:
        pytest.skip("the sequencer shows the active scene")
    settings = stage.scene.mouthpiece
    settings.audio_path, settings.output.start = str(stage.sound(1.0)), "STRIP"
    edit = bpy.context.workspace.sequencer_scene = bpy.data.scenes.new("Edit")
    strips_of(edit).new_sound("line", settings.audio_path, 1, 41)
    assert start_frame(stage.scene) == 41.0
    edit.render.fps = stage.scene.render.fps + 6
    with pytest.raises(AudioError, match="no sound strip of the sequencer in Scene"):
        start_frame(stage.scene)


def test_a_sound_cut_into_pieces_with_a_gap_is_said(stage) -> None:
    stage.face()
    settings = stage.scene.mouthpiece
    settings.sound = bpy.data.sounds.load(str(stage.sound(2.0)))
    settings.output.start = "STRIP"
    strips = strips_of(stage.scene)
    first, second = (
        strips.new_sound(name, settings.sound.filepath, 1 + i, 11) for i, name in enumerate("ab")
    )
    first.frame_final_end = second.frame_final_start = 30
    bpy.ops.mouthpiece.bake()
    assert "in the sequencer" not in status(), "a cut alone moves nothing"
    second.frame_start += 24
    bpy.ops.mouthpiece.bake()
    assert "play line.wav from frames 11, 35 on, and this bake follows 11 alone" in status()
