"""`mouthpiece.live_toggle` from a script: the face follows the playhead unbaked, and no trace stays."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

import mouthpiece  # noqa: E402
from mouthpiece.inference.animate import animate  # noqa: E402
from mouthpiece.inference.model import Model  # noqa: E402
from mouthpiece.inference.types import INDEX  # noqa: E402
from mouthpiece.operators import live  # noqa: E402
from mouthpiece.operators.request import read_request  # noqa: E402
from mouthpiece.rigs.pose import pose  # noqa: E402
from mouthpiece.rigs.scene_read import read_rig  # noqa: E402


@pytest.fixture
def settings(stage):
    """A face at 25 frames a second whose frames fall on the model's, a line and a reference."""
    face = stage.face()
    stage.scene.render.fps = 25
    settings = stage.scene.mouthpiece
    settings.target, settings.audio_path = face, str(stage.sound(6.0))
    settings.frame_start = 0.5
    stage.action(stage.motion(100), "Manner")
    bpy.ops.mouthpiece.reference_add(action="Manner")
    yield settings
    if bpy.context.window_manager.mouthpiece.live:
        bpy.ops.mouthpiece.live_toggle()


def values() -> np.ndarray:
    return np.array([key.value for key in bpy.data.objects["Face"].data.shape_keys.key_blocks[1:]])


def baked(settings) -> np.ndarray:
    request = read_request(bpy.context)
    channels = request.infer(lambda _: None, lambda: False)
    parts = pose(read_rig(bpy.context.scene, settings.target), channels)
    return parts[0].values


def test_every_frame_shows_what_the_bake_would(stage, settings) -> None:
    expected = baked(settings)
    assert bpy.ops.mouthpiece.live_toggle() == {"FINISHED"}
    for frame in range(1, 100):
        stage.scene.frame_set(frame)
        np.testing.assert_allclose(values(), expected[frame - 1], atol=1e-6, err_msg=f"frame {frame}")
    assert bpy.ops.mouthpiece.live_toggle() == {"FINISHED"}
    assert not values().any() and not live.running
    assert settings.target.data.shape_keys.animation_data is None
    stage.scene.frame_set(20)
    assert not values().any()


def test_sliders_are_live(stage, settings) -> None:
    bpy.ops.mouthpiece.live_toggle()
    stage.scene.frame_set(60)
    before = values()
    settings.valence = 1.0
    live.running[0].tick(bpy.context)
    smile = INDEX["mouthSmileLeft"]
    assert values()[smile] > before[smile] + 0.2 or values()[smile] == 1.0
    settings.valence = 0.0
    settings.references[0].enabled = False
    live.running[0].tick(bpy.context)
    plain = animate(read_request(bpy.context).audio, Model.load())
    assert np.abs(values() - before).max() > 1e-4
    settings.influence_mouth = 0.5
    live.running[0].tick(bpy.context)
    assert plain.shape == (150, 55)


def test_intensity_is_live(stage, settings) -> None:
    """What changes no performance needs no new one: the face of this frame moves less, or more, at once."""
    bpy.ops.mouthpiece.live_toggle()
    stage.scene.frame_set(60)
    before, mouth, lids = values(), INDEX["jawOpen"], INDEX["eyeBlinkLeft"]
    made = dict(live.running[0]._stream._made)
    settings.output.intensity_mouth = 0.5
    live.running[0].tick(bpy.context)
    np.testing.assert_allclose(values()[mouth], 0.5 * before[mouth], atol=1e-6)
    np.testing.assert_allclose(values()[lids], before[lids], atol=1e-6)
    assert before[mouth] > 0.0 and made.keys() <= live.running[0]._stream._made.keys()
    settings.output.intensity_mouth = 1.0
    live.running[0].tick(bpy.context)
    np.testing.assert_allclose(values(), before, atol=1e-6)


@pytest.mark.parametrize("field", ["intensity_mouth", "smoothing", "seal"])
def test_a_changed_option_is_no_undo_step_with_the_previews_face(stage, settings, field: str) -> None:
    """Sliders can be moved without a click that the guard sees, as by Ctrl and the wheel."""
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.mouthpiece.live_toggle()
    stage.scene.frame_set(60)
    assert values().max() > 0.01
    setattr(settings.output, field, {"intensity_mouth": 1.5, "smoothing": 0.1, "seal": False}[field])
    bpy.ops.ed.undo_push(message="option")
    bpy.ops.mouthpiece.live_toggle()
    bpy.ops.ed.undo()
    bpy.ops.ed.redo()
    assert not values().any()


def test_a_face_that_is_renamed_meanwhile_gets_its_values_back(stage, settings) -> None:
    bpy.ops.mouthpiece.live_toggle()
    stage.scene.frame_set(60)
    settings.target.data.shape_keys.name = "Renamed"
    stage.scene.frame_set(61)
    bpy.ops.mouthpiece.live_toggle()
    assert not values().any()


def test_keyed_mood_neither_begins_anew_at_every_frame_nor_leaves_the_bakes_clock(
    stage, settings, monkeypatch
) -> None:
    for frame, value in ((1, -1.0), (120, 1.0)):
        settings.valence = value
        settings.keyframe_insert("valence", frame=frame)
    sound = stage.scene.sequence_editor_create().strips.new_sound(
        "line", settings.audio_path, channel=1, frame_start=20
    )
    settings.sound, settings.output.start = sound.sound, "STRIP"
    expected = baked(settings)
    bpy.ops.mouthpiece.live_toggle()
    begun = []
    monkeypatch.setattr(live.running[0]._stream, "change", begun.append)
    start = read_request(bpy.context).clock.start
    assert start == sound.frame_final_start
    for frame in (40, 41, 70):
        stage.scene.frame_set(frame)
        live.running[0].tick(bpy.context)
        after, share = divmod(frame - start - 0.5, 1.0)
        between = (1 - share) * expected[int(after)] + share * expected[int(after) + 1]
        np.testing.assert_allclose(values(), between, atol=1e-6, err_msg=f"frame {frame}")
    assert not begun


def test_influence_by_region_is_live(stage, settings) -> None:
    settings.influence_mouth, settings.influence_brows = 0.5, 0.0
    expected = baked(settings)
    bpy.ops.mouthpiece.live_toggle()
    for frame in (1, 2, 3):
        stage.scene.frame_set(frame)
        np.testing.assert_allclose(values(), expected[frame - 1], atol=1e-6)


def test_an_animated_face_has_its_own_animation_back(stage, settings) -> None:
    key = settings.target.data.shape_keys
    for frame, value in ((1, 0.1), (101, 0.9)):
        key.key_blocks["jawOpen"].value = value
        key.key_blocks["jawOpen"].keyframe_insert("value", frame=frame)
    bpy.ops.mouthpiece.live_toggle()
    stage.scene.frame_set(51)
    assert values()[INDEX["jawOpen"]] != pytest.approx(0.5, abs=1e-3)
    bpy.ops.mouthpiece.live_toggle()
    assert key.key_blocks["jawOpen"].value == pytest.approx(0.5, abs=1e-3)


def test_undo_and_saving_find_the_artists_values(stage, settings) -> None:
    bpy.ops.ed.undo_push(message="start")
    settings.seed = 2
    bpy.ops.ed.undo_push(message="seed")
    bpy.ops.mouthpiece.live_toggle()
    stage.scene.frame_set(40)
    assert values().any()
    bpy.ops.ed.undo()
    assert not values().any()
    bpy.context.scene.frame_set(41)
    assert values().any()
    path = str(stage.folder / "saved.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True)
    with bpy.data.libraries.load(path) as (_, there):
        there.objects = ["Face"]
    assert not any(block.value for block in there.objects[0].data.shape_keys.key_blocks)
    bpy.data.objects.remove(there.objects[0])


def test_opening_another_file_ends_it(stage, settings) -> None:
    bpy.ops.mouthpiece.live_toggle()
    stage.scene.frame_set(40)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    assert not live.running[0].guard.overlay.shown
    assert not any("_on_frame" in str(handler) for handler in bpy.app.handlers.frame_change_post)
    bpy.context.window_manager.mouthpiece.live = True
    bpy.ops.mouthpiece.live_toggle()
    assert not live.running


def test_disabling_the_extension_ends_it(stage, settings) -> None:
    bpy.ops.mouthpiece.live_toggle()
    stage.scene.frame_set(40)
    mouthpiece.unregister()
    assert not values().any() and not live.running
    mouthpiece.register()
    assert not bpy.context.window_manager.mouthpiece.live
    assert bpy.ops.mouthpiece.live_toggle() == {"FINISHED"}
    assert bpy.context.window_manager.mouthpiece.status.startswith("Live preview on")


def test_a_deleted_face_is_said(stage, settings) -> None:
    bpy.ops.mouthpiece.live_toggle()
    stage.scene.frame_set(10)
    bpy.data.objects.remove(settings.target)
    stage.scene.frame_set(11)
    with pytest.raises(Exception, match="face is no longer in the scene"):
        live.running[0].tick(bpy.context)


def test_what_is_missing_is_said(stage) -> None:
    with pytest.raises(RuntimeError, match="Select the face"):
        bpy.ops.mouthpiece.live_toggle()
    stage.face()
    stage.scene.mouthpiece.audio_path = str(stage.folder / "gone.wav")
    with pytest.raises(RuntimeError, match=r"gone\.wav"):
        bpy.ops.mouthpiece.live_toggle()
    assert not live.running and not bpy.context.window_manager.mouthpiece.live


def test_the_microphone_is_cleanly_absent(stage, settings, monkeypatch) -> None:
    monkeypatch.setattr(live, "available", lambda: False)
    bpy.context.window_manager.mouthpiece.live_source = "MICROPHONE"
    with pytest.raises(RuntimeError, match="needs the Python package sounddevice"):
        bpy.ops.mouthpiece.live_toggle()
    bpy.context.window_manager.mouthpiece.live_source = "DIALOGUE"
    assert not live.running


def test_it_says_that_the_processor_took_over(settings) -> None:
    settings.device = "coreml"
    assert bpy.ops.mouthpiece.live_toggle() == {"FINISHED"}
    assert bpy.context.window_manager.mouthpiece.status.count("'coreml' is not available") == 1
    assert not live.running[0].notices()
