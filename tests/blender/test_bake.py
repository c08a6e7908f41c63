"""`mouthpiece.bake` from a script: the real engine, a real sound, a small face."""

from __future__ import annotations

import sys
import wave
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.inference.animate import animate, animate_with  # noqa: E402
from mouthpiece.inference.decode_aud import load_audio  # noqa: E402
from mouthpiece.inference.errors import Cancelled, RigError  # noqa: E402
from mouthpiece.inference.model import Model  # noqa: E402
from mouthpiece.inference.types import frame_count, frame_times  # noqa: E402
from mouthpiece.operators import request  # noqa: E402
from mouthpiece.operators.job import InferenceJob  # noqa: E402
from mouthpiece.rigs.scene_read import curves_of  # noqa: E402

DIALOGUE = Path(__file__).resolve().parents[2] / "demo" / "dialogue" / "dialogue.flac"


@pytest.fixture
def settings(stage):
    """A face, and a line of 1.03 s (26 frames, the last one padded) to speak."""
    stage.face()
    settings = stage.scene.mouthpiece
    settings.audio_path = str(stage.sound(1.03))
    return settings


def values(face) -> np.ndarray:
    return np.array([key.value for key in face.data.shape_keys.key_blocks[1:]])


def curves(face) -> np.ndarray:
    """Key times and values of the bake, [52, T, 2]."""
    strip = face.data.shape_keys.animation_data.nla_tracks["Mouthpiece"].strips[0]
    bag = strip.action.layers[0].strips[0].channelbag(strip.action_slot)
    return np.array([[tuple(point.co) for point in curve.keyframe_points] for curve in bag.fcurves])


def status() -> str:
    return bpy.context.window_manager.mouthpiece.status


def fails(message: str) -> None:
    """The bake stops with one clear message, also in the panel."""
    with pytest.raises(RuntimeError, match=message):
        bpy.ops.mouthpiece.bake()


@pytest.mark.parametrize("rate", [(24, 1.0), (25, 1.0), (30, 1.001), (30, 1.0), (60, 1.0)])
@pytest.mark.parametrize("start", [1.0, 33.0])
def test_keys_are_the_engines_frames(stage, settings, rate: tuple[int, float], start: float) -> None:
    stage.scene.render.fps, stage.scene.render.fps_base = rate
    settings.frame_start, settings.seed = start, 3
    assert bpy.ops.mouthpiece.bake() == {"FINISHED"}
    audio = load_audio(settings.audio_path)
    frames = animate(audio, Model.load(), seed=3)
    baked = curves(bpy.data.objects["Face"])
    assert baked.shape[1] == frame_count(len(audio)) == 26
    seconds = (baked[0, :, 0] - start) * rate[1] / rate[0]
    np.testing.assert_allclose(seconds, frame_times(26), atol=1e-5)
    np.testing.assert_allclose(baked[:, :, 1].T, frames[:, :52], atol=1e-6)
    stage.at(frame_times(26)[9], start)
    np.testing.assert_allclose(values(bpy.data.objects["Face"]), frames[9, :52], atol=1e-3)


def test_whole_frames(stage, settings) -> None:
    settings.whole_frames = True
    bpy.ops.mouthpiece.bake()
    frames = curves(bpy.data.objects["Face"])[0, :, 0]
    assert np.array_equal(frames, np.arange(1, 26))


def test_closures_that_no_frame_shows_are_told(stage, settings) -> None:
    """Real dialogue at 24 frames a second: what exact times leave half open, whole frames shut."""
    settings.audio_path = str(DIALOGUE)
    bpy.ops.mouthpiece.bake()
    assert "between two frames and show open there: Whole Frames shuts them" in status()
    settings.whole_frames = True
    bpy.ops.mouthpiece.bake()
    assert status().startswith("Baked") and "Whole Frames" not in status()


@pytest.mark.parametrize("samples", [1, 640, 641, 16_000])
def test_sample_counts(stage, settings, samples: int) -> None:
    noise = np.random.default_rng(0).integers(-9000, 9000, samples)
    settings.audio_path = str(stage.write_wave("count.wav", noise))
    bpy.ops.mouthpiece.bake()
    assert curves(bpy.data.objects["Face"]).shape[1] == frame_count(samples)


def test_sound_blocks_packed_and_unpacked_give_the_same(stage, settings) -> None:
    face = bpy.data.objects["Face"]
    path = settings.audio_path
    bpy.ops.mouthpiece.bake()
    expected = curves(face)
    settings.audio_path = ""
    settings.sound = bpy.data.sounds.load(path)
    bpy.ops.mouthpiece.bake()
    np.testing.assert_array_equal(curves(face), expected)
    settings.sound.pack()
    (stage.folder / "line.wav").unlink()
    bpy.ops.mouthpiece.bake()
    np.testing.assert_array_equal(curves(face), expected)


def test_relative_paths(stage, settings) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(stage.folder / "scene.blend"))
    stage.scene.mouthpiece.audio_path = "//line.wav"
    assert bpy.ops.mouthpiece.bake() == {"FINISHED"}


def test_undo_takes_the_bake_back_in_one_step(stage, settings) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.mouthpiece.bake("EXEC_DEFAULT", True)
    assert "Mouthpiece" in bpy.data.objects["Face"].data.shape_keys.animation_data.nla_tracks
    bpy.ops.ed.undo()
    assert bpy.data.objects["Face"].data.shape_keys.animation_data is None
    assert len(bpy.data.actions) == 0
    bpy.ops.ed.redo()
    assert "Mouthpiece" in bpy.data.objects["Face"].data.shape_keys.animation_data.nla_tracks


def test_same_seed_same_bake(stage, settings) -> None:
    bpy.ops.mouthpiece.bake()
    first = curves(bpy.data.objects["Face"])
    bpy.ops.mouthpiece.bake()
    np.testing.assert_array_equal(curves(bpy.data.objects["Face"]), first)
    assert len(bpy.data.actions) == 1


def test_cancel_half_way_changes_nothing(stage, settings, everything, monkeypatch) -> None:
    """Cancel is pressed at half of the progress of the real engine."""
    settings.audio_path = str(stage.sound(4.0, "long.wav"))
    bpy.ops.mouthpiece.bake()
    before, seen = everything(), []

    def watched(*arguments, progress, **options):
        def report(done: float) -> None:
            progress(done)
            seen.append(bpy.context.window_manager.mouthpiece.progress)
            if done >= 0.5 and not bpy.context.window_manager.mouthpiece.cancel_requested:
                assert bpy.ops.mouthpiece.cancel() == {"FINISHED"}

        return animate_with(*arguments, progress=report, **options)

    monkeypatch.setattr(request, "animate_with", watched)
    settings.seed = 9
    assert bpy.ops.mouthpiece.bake() == {"CANCELLED"}
    assert everything() == before
    assert 0.0 < max(seen) < 1.0
    assert status() == "Cancelled; nothing was changed"
    assert not bpy.context.window_manager.mouthpiece.running
    monkeypatch.undo()
    assert bpy.ops.mouthpiece.bake() == {"FINISHED"}


def test_cancel_needs_a_running_bake(stage) -> None:
    with pytest.raises(RuntimeError, match="No bake is running"):
        bpy.ops.mouthpiece.cancel()


def test_worker_thread_gives_the_same_frames_and_stops(stage, settings) -> None:
    """The interface's way: inference beside the main thread, polled from a timer."""
    wanted = request.read_request(bpy.context)
    job = InferenceJob(wanted)
    job.start()
    job.join()
    np.testing.assert_array_equal(job.poll(), animate(wanted.audio, Model.load()))
    assert job.progress == pytest.approx(1.0)
    stopped = InferenceJob(wanted)
    stopped.cancel()
    stopped.start()
    stopped.join()
    with pytest.raises(Cancelled):
        stopped.poll()


def test_target_deleted_while_the_model_runs(stage, settings) -> None:
    wanted = request.read_request(bpy.context)
    bpy.data.objects.remove(bpy.data.objects["Face"])
    with pytest.raises(RigError, match="Face is no longer in the scene"):
        wanted.rig()


def while_it_runs(monkeypatch, change) -> None:
    """Bake, and let the artist ``change`` something while the model works."""

    def changed(*arguments, **options):
        change()
        return animate_with(*arguments, **options)

    monkeypatch.setattr(request, "animate_with", changed)
    bpy.ops.mouthpiece.bake()


def test_what_is_renamed_while_the_model_runs_is_baked_all_the_same(stage, settings, monkeypatch) -> None:
    settings.head_target = head = stage.empty("Head")
    face = settings.target = bpy.data.objects["Face"]

    def rename() -> None:
        face.name, head.name, stage.scene.name = "Ada", "Ada's head", "Shot"
        stage.empty("Face"), stage.empty("Head")

    while_it_runs(monkeypatch, rename)
    assert curves(face).shape[1] == 26
    assert "Mouthpiece" in head.animation_data.nla_tracks


def test_another_scene_shown_while_the_model_runs_keeps_its_references(stage, settings, monkeypatch) -> None:
    own, other = stage.scene, bpy.data.scenes.new("Other")
    settings.target = bpy.data.objects["Face"]
    stage.action(stage.motion(100), "Manner")
    bpy.ops.mouthpiece.reference_add(action="Manner")
    item = other.mouthpiece.references.add()
    item.action, item.name, item.seconds = bpy.data.actions["Manner"], "Theirs", 7.0
    while_it_runs(monkeypatch, lambda: setattr(bpy.context.window, "scene", other))
    assert bpy.context.scene == other
    assert (item.seconds, item.share) == (7.0, -1.0)
    assert own.mouthpiece.references[0].share == pytest.approx(1.0, abs=1e-4)
    assert "view layer" not in status()


def test_a_head_deleted_while_the_model_runs_is_said_and_its_former_bake_stays(
    stage, settings, monkeypatch
) -> None:
    settings.head_target = stage.empty("Head")
    bpy.ops.mouthpiece.bake()
    former = [action.name for action in bpy.data.actions]
    with pytest.raises(RuntimeError, match="The head Head is no longer in the scene: choose it again"):
        while_it_runs(monkeypatch, lambda: bpy.data.objects.remove(bpy.data.objects["Head"]))
    assert [action.name for action in bpy.data.actions] == former


def test_keyed_emotion_is_sampled_at_the_sounds_times(stage, settings) -> None:
    settings.frame_start = 10.0
    for frame, value in ((10, 0.0), (34, 1.0)):
        settings.valence = value
        settings.keyframe_insert("valence", frame=frame)
    wanted = request.read_request(bpy.context)
    assert wanted.valence.shape == (26,) and wanted.arousal == 0.0
    assert np.all(np.diff(wanted.valence[:24]) > 0)
    assert wanted.valence[12] == pytest.approx(0.5, abs=0.02)
    assert bpy.ops.mouthpiece.bake() == {"FINISHED"}


def keyed_mood(stage, settings, name: str = "valence", values=((1, 0.0), (11, 0.5))):
    """The curve of a keyed mood and the action that it is in; the mood is 0.2 at this moment."""
    for frame, value in values:
        setattr(settings, name, value)
        settings.keyframe_insert(name, frame=frame)
    data = stage.scene.animation_data
    setattr(settings, name, 0.2)
    return next(iter(curves_of(data.action, data.action_slot))), data


def test_keyed_emotion_is_heard_as_blender_shows_it(stage, settings) -> None:
    """Within the slider's range, and not where its curve is muted."""
    settings.audio_path = str(stage.sound(8.0))
    curve, _ = keyed_mood(stage, settings)
    for key in curve.keyframe_points:
        key.interpolation = "LINEAR"
    curve.extrapolation = "LINEAR"
    assert request.read_request(bpy.context).valence.max() == 1.0
    curve.mute, settings.valence = True, 0.2
    assert request.read_request(bpy.context).valence == pytest.approx(0.2)


def test_a_mood_that_cannot_be_read_is_said(stage, settings) -> None:
    _, data = keyed_mood(stage, settings)
    action, slot = data.action, data.action_slot
    bpy.ops.mouthpiece.bake()
    assert "Valence" not in status()
    track = data.nla_tracks.new()
    track.strips.new("Mood", 1, action).action_slot = slot
    data.action = None
    settings.valence = 0.2
    bpy.ops.mouthpiece.bake()
    assert "The keys of Valence lie on the NLA strip Mood of Scene" in status()
    track.mute = True
    bpy.ops.mouthpiece.bake()
    assert "Valence" not in status()
    settings.driver_add("arousal")
    bpy.ops.mouthpiece.bake()
    assert "Arousal of Scene has a driver" in status()


def test_report_names_what_was_matched_and_missing(stage) -> None:
    stage.face(keys=["jawOpen", "Mouth_Close", "Freckles"])
    stage.scene.mouthpiece.audio_path = str(stage.sound(0.2))
    assert bpy.ops.mouthpiece.mapping_detect() == {"FINISHED"}
    assert status().startswith("Face: 2 of 52 channels matched; missing eyeBlinkLeft")
    assert "unused: Freckles" in bpy.context.window_manager.mouthpiece.coverage
    bpy.ops.mouthpiece.bake()
    assert status().startswith("Baked 5 frames onto 2 shape keys of 1 mesh; 2 of 52 channels matched")


def test_nothing_selected(stage) -> None:
    stage.scene.mouthpiece.audio_path = str(stage.sound(0.2))
    fails("Select the face")
    with pytest.raises(RuntimeError, match="Select the face"):
        bpy.ops.mouthpiece.mapping_detect()


def test_no_sound(stage) -> None:
    stage.face()
    fails("Choose a dialogue sound")


def test_bad_sounds_change_nothing(stage, settings, everything) -> None:
    before = everything()
    (stage.folder / "noise.wav").write_bytes(b"not a sound" * 50)
    empty = stage.write_wave("empty.wav", np.zeros(0))
    for name in ("gone.wav", "noise.wav", empty.name):
        settings.audio_path = str(stage.folder / name)
        fails(name)
        assert name in status() and bpy.context.window_manager.mouthpiece.failed
        assert everything() == before
    settings.audio_path = str(stage.folder / "line.wav")
    assert bpy.ops.mouthpiece.bake() == {"FINISHED"}
    assert not bpy.context.window_manager.mouthpiece.failed


def test_bad_rigs_change_nothing(stage, settings, everything) -> None:
    settings.target = stage.face("Bare", [], at=(9, 0, 0))
    before = everything()
    fails("Bare has no shape keys")
    settings.target = stage.face("Odd", ["A", "B"], at=(12, 0, 0))
    before = everything()
    fails("None of the 2 shape keys of Odd")
    assert everything() == before


def test_the_processor_takes_over_from_an_absent_device_and_the_panel_says_so(stage, settings) -> None:
    assert bpy.ops.mouthpiece.bake() == {"FINISHED"}
    assert "not available" not in status()
    settings.device = "coreml"
    assert bpy.ops.mouthpiece.bake() == {"FINISHED"}
    assert "because 'coreml' is not available: this ONNX Runtime drives" in status()


def test_a_sound_elsewhere_in_the_sequencer_is_reported(stage, settings) -> None:
    editor = stage.scene.sequence_editor_create()
    strip = editor.strips.new_sound("Line", settings.audio_path, channel=1, frame_start=40)
    settings.sound = strip.sound
    bpy.ops.mouthpiece.bake()
    assert "line.wav starts at frame 40 in the sequencer, the bake at 1; set Sound Start to 40" in status()
    settings.frame_start = 40.0
    bpy.ops.mouthpiece.bake()
    assert "sequencer" not in status()


def test_a_missing_onnx_runtime_is_named(stage, settings, everything, monkeypatch) -> None:
    before = everything()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    fails("ONNX Runtime cannot be loaded")
    assert everything() == before


def test_many_channels_and_rates_decode(stage, settings) -> None:
    """Eight channels at 192 kHz, as field recorders write."""
    path = stage.folder / "field.wav"
    samples = np.random.default_rng(0).integers(-9000, 9000, (96_000, 8)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(8)
        file.setsampwidth(2)
        file.setframerate(192_000)
        file.writeframes(samples.tobytes())
    settings.audio_path = str(path)
    bpy.ops.mouthpiece.bake()
    assert abs(curves(bpy.data.objects["Face"]).shape[1] - 13) <= 1
