"""`mouthpiece.preview_style`: the real engine on a real face for a moment, and no trace of it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from time import sleep

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.inference.animate import animate, animate_with  # noqa: E402
from mouthpiece.inference.errors import RigError  # noqa: E402
from mouthpiece.inference.model import Model  # noqa: E402
from mouthpiece.inference.regions import Influence, blend  # noqa: E402
from mouthpiece.inference.types import INDEX, TICK_SAMPLES, frame_times  # noqa: E402
from mouthpiece.operators import preview, preview_overlay  # noqa: E402
from mouthpiece.operators.playback import Playback  # noqa: E402
from mouthpiece.operators.preview_overlay import Guard, Overlay, moment  # noqa: E402
from mouthpiece.operators.preview_request import LEAD, excerpt, listed, otherwise, reshaped  # noqa: E402
from mouthpiece.operators.request import Takes, read_request  # noqa: E402
from mouthpiece.rigs.pose import Curves, pose  # noqa: E402
from mouthpiece.rigs.scene_read import read_rig  # noqa: E402
from mouthpiece.rigs.shaping import shaped  # noqa: E402


@pytest.fixture
def settings(stage):
    """A face that stands at odd values, a line of six seconds, and a reference."""
    face = stage.face()
    for place, key in enumerate(face.data.shape_keys.key_blocks[1:]):
        key.value = place / 100
    settings = stage.scene.mouthpiece
    settings.target = face
    settings.audio_path = str(stage.sound(6.0))
    stage.action(stage.motion(100), "Manner")
    bpy.ops.mouthpiece.reference_add(action="Manner")
    return settings


def without_window_manager(content: bytes) -> bytes:
    """A file's blocks but those of the window manager, which holds what the panel says and no one's work.

    The header of a block is code, SDNA index, pointer, length and count in Blender 5, and code, length,
    pointer, SDNA index and count before.
    """
    five = content[7:9] == b"17"
    position, kept, owner = (17, [], b"") if five else (12, [], b"")
    while position < len(content):
        code = content[position : position + 4]
        length = int.from_bytes(
            content[position + 16 : position + 24] if five else content[position + 4 : position + 8], "little"
        )
        end = position + (32 if five else 24) + length
        owner = owner if code == b"DATA" else code
        if owner != b"WM\0\0":
            kept.append(content[position:end])
        position = end
    assert len(kept) > 20
    return b"".join(kept)


@pytest.fixture
def saved(stage) -> Callable[[], bytes]:
    """All of the file as it would be saved now, byte for byte, but for what the panel says."""

    def save() -> bytes:
        read_request(bpy.context)  # Blender makes room for a pointer when it is first looked at, as panels do
        bpy.context.view_layer.update()
        for _ in range(2):  # or what was updated since the last undo step is noted in the file too
            bpy.ops.ed.undo_push(message="probe")
        path = stage.folder / "probe.blend"
        bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, compress=False)
        return without_window_manager(path.read_bytes())

    return save


def test_the_comparison_sees_a_trace(settings, saved) -> None:
    before = saved()
    assert saved() == before
    settings.target.data.shape_keys.key_blocks[1].value += 1e-6
    assert saved() != before


@contextmanager
def watched(face) -> Iterator[list[float]]:
    """Heights of the evaluated face's tip at every update meanwhile; each shape key lifts it."""
    seen: list[float] = []

    def look(_scene, depsgraph) -> None:
        seen.append(face.evaluated_get(depsgraph).data.vertices[2].co.z)

    bpy.app.handlers.depsgraph_update_post.append(look)
    try:
        yield seen
    finally:
        bpy.app.handlers.depsgraph_update_post.remove(look)


def values(face) -> np.ndarray:
    return np.array([key.value for key in face.data.shape_keys.key_blocks[1:]])


def lift(face) -> None:
    """Give every shape key its own height, so that the tip tells what is shown."""
    for place, key in enumerate(face.data.shape_keys.key_blocks[1:]):
        key.data[2].co.z = 0.2 + 0.01 * (place + 1)


def test_the_face_shows_what_the_bake_would_and_the_file_stays_the_same(settings, saved) -> None:
    face = settings.target
    lift(face)
    bpy.context.window_manager.mouthpiece.preview_side = "WITH"
    bpy.context.view_layer.update()
    before, rest = saved(), values(face)
    with watched(face) as seen:
        assert bpy.ops.mouthpiece.preview_style() == {"FINISHED"}
    assert saved() == before
    np.testing.assert_array_equal(values(face), rest)
    request = read_request(bpy.context)
    channels = animate(request.audio[: 4 * 16_000], Model.load(), references=request.references)
    expected = 0.2 + (channels[:, :52] * 0.01 * np.arange(1, 53)).sum(axis=1)
    shown = seen[: len(expected)]
    assert len(expected) == 100 and np.ptp(shown) > 0.005
    np.testing.assert_allclose(shown, expected, atol=1e-4)
    assert bpy.context.window_manager.mouthpiece.status == "Previewed 4.0 s; nothing was changed"


def test_a_preview_has_the_intensity_and_the_calm_of_the_bake(settings) -> None:
    face, output = settings.target, settings.output
    lift(face)
    bpy.context.window_manager.mouthpiece.preview_side = "WITH"
    output.intensity_mouth, output.intensity_eyes, output.smoothing = 1.5, 0.0, 0.1
    bpy.context.view_layer.update()
    with watched(face) as seen:
        bpy.ops.mouthpiece.preview_style()
    request = read_request(bpy.context)
    channels = animate(request.audio[: 4 * 16_000], Model.load(), references=request.references)
    expected = 0.2 + (shaped(channels, request.options)[:, :52] * 0.01 * np.arange(1, 53)).sum(axis=1)
    plain = 0.2 + (channels[:, :52] * 0.01 * np.arange(1, 53)).sum(axis=1)
    np.testing.assert_allclose(seen[: len(expected)], expected, atol=1e-4)
    assert np.abs(expected - plain).max() > 0.01


def test_a_playing_preview_is_posed_anew_for_what_changes_the_face_alone(settings) -> None:
    request, scene = read_request(bpy.context), bpy.context.scene
    settings.output.blend_in, settings.output.use_fewer_keys = 3.0, True
    assert reshaped(request, scene) is None
    for name, value in (("intensity_mouth", 0.5), ("smoothing", 0.1), ("seal", False)):
        setattr(settings.output, name, value)
        posed = reshaped(request, scene)
        assert posed is not None and reshaped(posed, scene) is None
        request = posed


class Playing:
    """A preview as it plays in a window: the operator's own methods, on an object that is not Blender's."""

    def __init__(self) -> None:
        self._job = None
        self._begin(bpy.context)
        self._guard = Guard(Overlay(), self._undone, self._end)

    def __getattr__(self, name: str) -> Callable:
        return partial(getattr(preview.MOUTHPIECE_OT_preview_style, name), self)

    def play(self) -> None:
        """Until what was asked for last is shown."""
        self._tick(bpy.context)
        while self._job is not None:
            sleep(0.02)
            self._tick(bpy.context)


def test_a_playing_preview_follows_another_face_sound_and_scene(stage, settings, monkeypatch) -> None:
    monkeypatch.setattr(Playback, "start", lambda self: None)
    monkeypatch.setattr(Playback, "position", 0.5)
    anna, bert = settings.target, stage.face("Bert", at=(5, 0, 0))
    stage.scene.frame_set(100)
    rest, playing = values(anna), Playing()
    try:
        playing.play()
        assert np.abs(values(anna) - rest).max() > 0.01 and not values(bert).any()
        settings.target = bert
        playing.play()
        assert values(bert).max() > 0.01 and np.array_equal(values(anna), rest)
        settings.audio_path = str(stage.sound(1.0, "short.wav"))
        playing.play()
        settings.references[0].weight = 0.7
        playing.play()
        assert playing._channels.shape[1] == 25 and values(bert).max() > 0.01
        bpy.context.window.scene = bpy.data.scenes.new("Other")
        with pytest.raises(RigError, match="Select the face, or choose it in the Mouthpiece tab"):
            playing.play()
    finally:
        playing._guard.overlay.rest()
    assert not values(bert).any()


def test_both_sides_in_turns(settings) -> None:
    face = settings.target
    lift(face)
    bpy.context.view_layer.update()
    with watched(face) as seen:
        bpy.ops.mouthpiece.preview_style()
    assert np.abs(np.array(seen[:100]) - np.array(seen[100:200])).max() > 1e-3
    settings.references[0].enabled = False
    bpy.context.view_layer.update()
    with watched(face) as plain:
        bpy.ops.mouthpiece.preview_style()
    np.testing.assert_array_equal(plain[:100], plain[100:200])
    np.testing.assert_allclose(plain[:100], seen[100:200], atol=1e-6)


def test_no_undo_step_is_made(settings) -> None:
    bpy.ops.ed.undo_push(message="start")
    settings.seed = 4
    bpy.ops.ed.undo_push(message="seed")
    bpy.ops.mouthpiece.preview_style("EXEC_DEFAULT", True)
    bpy.ops.ed.undo()
    assert bpy.context.scene.mouthpiece.seed == 0
    bpy.ops.ed.redo()
    assert bpy.context.scene.mouthpiece.seed == 4
    np.testing.assert_allclose(values(bpy.data.objects["Face"]), np.arange(52) / 100, atol=1e-6)


def test_an_error_half_way_leaves_no_trace(settings, saved, monkeypatch) -> None:
    before, count = saved(), 0

    def fails(parts, row):
        nonlocal count
        count += 1
        if count > 7:
            raise RigError("The face has gone: choose another.")
        return show(overlay, parts, row)

    overlay, show = Overlay(), Overlay.show
    monkeypatch.setattr(
        Overlay, "show", lambda self, parts, row=0: (setattr(overlay, "_kept", self._kept), fails(parts, row))
    )
    with pytest.raises(RuntimeError, match="The face has gone"):
        bpy.ops.mouthpiece.preview_style()
    assert count == 8 and saved() == before


def test_cancel_leaves_no_trace(settings, saved) -> None:
    before, seen = saved(), []

    def press(*_) -> None:
        seen.append(True)
        if len(seen) == 5:
            bpy.context.window_manager.mouthpiece.cancel_requested = True

    bpy.app.handlers.depsgraph_update_post.append(press)
    assert bpy.ops.mouthpiece.preview_style() == {"CANCELLED"}
    bpy.app.handlers.depsgraph_update_post.remove(press)
    assert 5 <= len(seen) < 12 and saved() == before


@pytest.fixture
def overlaid(settings):
    """An overlay with other values on the face, guarded as while a preview plays."""
    overlay, told = Overlay(), []
    guard = Guard(overlay, lambda: told.append("undo"), lambda: told.append("load"))
    guard.install()
    rig = read_rig(bpy.context.scene, settings.target)

    def show() -> None:
        overlay.show(pose(rig, np.full((1, 55), 0.9, np.float32)))

    yield overlay, show, told
    guard.remove()


def test_a_file_saved_meanwhile_holds_the_artists_values(stage, settings, overlaid) -> None:
    overlay, show, _ = overlaid
    rest = values(settings.target)
    show()
    assert overlay.shown and values(settings.target).min() > 0.85
    path = str(stage.folder / "meanwhile.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True)
    assert not overlay.shown
    with bpy.data.libraries.load(path) as (_, there):
        there.objects = ["Face"]
    np.testing.assert_array_equal(values(there.objects[0]), rest)


def test_undo_and_another_frame_and_another_file_find_the_artists_values(stage, settings, overlaid) -> None:
    _, show, told = overlaid
    rest = values(settings.target)
    bpy.ops.ed.undo_push(message="before")
    settings.seed = 3
    bpy.ops.ed.undo_push(message="seed")
    show()
    bpy.ops.ed.undo()
    np.testing.assert_array_equal(values(bpy.data.objects["Face"]), rest)
    assert told == ["undo"]


def test_another_frame_and_another_file(stage, settings, overlaid) -> None:
    overlay, show, told = overlaid
    rest = values(settings.target)
    show()
    bpy.context.scene.frame_set(7)
    np.testing.assert_array_equal(values(settings.target), rest)
    show()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    assert told == ["load"] and not overlay.shown
    overlay.rest()


def test_a_changed_setting_lets_the_preview_rest_first(settings, overlaid) -> None:
    """So that the undo step of a slider holds the artist's own values."""
    overlay, show, _ = overlaid
    bpy.context.window_manager.mouthpiece.previewing = True
    for name, value in (("style_strength", 0.4), ("influence_brows", 0.5), ("valence", 0.3), ("seed", 8)):
        show()
        setattr(settings, name, value)
        assert not overlay.shown
    show()
    settings.references[0].weight = 0.5
    assert not overlay.shown
    bpy.context.window_manager.mouthpiece.previewing = False


class Event:
    def __init__(self, kind: str, value: str) -> None:
        self.type, self.value = kind, value


def test_nothing_is_shown_while_a_button_is_held(settings, overlaid) -> None:
    """The events that a window sends around a click, an orbit and a pulled slider, whose own go elsewhere."""
    _, show, _ = overlaid
    guard = preview_overlay.installed[0]
    show()
    guard.see(Event("LEFTMOUSE", "PRESS"))
    assert guard.quiet and not guard.overlay.shown
    guard.see(Event("LEFTMOUSE", "RELEASE"))
    assert not guard.quiet
    show()
    guard.see(Event("MIDDLEMOUSE", "PRESS"))
    assert not guard.quiet and guard.overlay.shown
    guard.see(Event("LEFTMOUSE", "PRESS"))
    assert guard.quiet
    guard.see(Event("MOUSEMOVE", "NOTHING"))
    assert not guard.quiet


def test_the_artists_own_edits_survive(settings, overlaid) -> None:
    """Only what the preview shows is put back, and what is gone is left alone."""
    overlay, show, _ = overlaid
    face = settings.target
    own = face.shape_key_add(name="Freckles")
    own.value = 0.1
    show()
    own.value = 0.6
    face.shape_key_remove(face.data.shape_keys.key_blocks["jawOpen"])
    overlay.rest()
    assert own.value == pytest.approx(0.6)
    assert face.data.shape_keys.key_blocks["eyeBlinkRight"].value == pytest.approx(0.07)
    show_again = pose(read_rig(bpy.context.scene, face), np.full((1, 55), 0.9, np.float32))
    overlay.show(show_again)
    bpy.data.objects.remove(face)
    overlay.rest()


def test_bones_objects_and_custom_properties_rest_too(stage) -> None:
    rig = stage.armature("Rig", "Head")
    rig.pose.bones["Head"].rotation_mode = "XYZ"
    rig["smile"] = 0.25
    rig.pose.bones["Head"]["jaw"] = 2
    before = rig.matrix_world.copy()
    paths = (
        ('pose.bones["Head"].rotation_euler', 1),
        ("delta_rotation_euler", 2),
        ('["smile"]', 0),
        ('pose.bones["Head"]["jaw"]', 0),
    )
    overlay = Overlay()
    overlay.show([Curves(rig, "OBJECT", "Rig", paths, np.array([[0.5, 0.25, 0.75, 3.0]], np.float32))])
    bpy.context.view_layer.update()
    assert rig.pose.bones["Head"].rotation_euler[1] == 0.5 and rig["smile"] == 0.75
    assert rig.pose.bones["Head"]["jaw"] == 3 and rig.matrix_world != before
    overlay.rest()
    bpy.context.view_layer.update()
    assert rig.pose.bones["Head"].rotation_euler[1] == 0.0 and rig["smile"] == 0.25
    assert rig.pose.bones["Head"]["jaw"] == 2 and rig.matrix_world == before


@pytest.mark.parametrize("kind", ["LIGHT", "CAMERA", "LATTICE", "CURVE", "META", "SPEAKER"])
def test_what_the_data_of_any_object_shows_is_put_back(stage, kind: str) -> None:
    made = {
        "LIGHT": (lambda: bpy.data.lights.new("Lit", "POINT"), "energy"),
        "CAMERA": (lambda: bpy.data.cameras.new("Lit"), "shift_x"),
        "LATTICE": (lambda: bpy.data.lattices.new("Lit"), '["glow"]'),
        "CURVE": (lambda: bpy.data.curves.new("Lit", "CURVE"), "extrude"),
        "META": (lambda: bpy.data.metaballs.new("Lit"), "threshold"),
        "SPEAKER": (lambda: bpy.data.speakers.new("Lit"), "volume"),
    }
    make, path = made[kind]
    data = make()
    data["glow"] = 0.25
    before = data.path_resolve(path)
    overlay = Overlay()
    overlay.show([Curves(data, data.id_type, "Lit", ((path, 0),), np.array([[0.5]], np.float32))])
    assert data.path_resolve(path) == 0.5
    overlay.rest()
    assert data.path_resolve(path) == before


def test_unregistering_ends_previews(overlaid) -> None:
    overlay, show, told = overlaid
    show()
    preview_overlay.leave_all()
    assert not overlay.shown and told == ["load"] and not preview_overlay.installed


def test_the_excerpt_is_the_part_at_the_playhead(stage, settings) -> None:
    request = read_request(bpy.context)
    rate = stage.scene.render.fps
    late = excerpt(request, 1 + 3 * rate, 2.0)
    assert (late.first, late.last, late.lead) == (75, 125, 75)
    assert len(late.audio) == 2 * 16_000
    early = excerpt(request, 1 + 0.5 * rate, 2.0)
    assert (early.first, early.lead) == (12, 12)
    for outside in (-40, 1 + 60 * rate):
        assert excerpt(request, outside, 4.0).first == 0
    end = excerpt(request, 1 + 5 * rate, 4.0)
    assert end.last == 150
    whole = animate(request.audio, Model.load(), references=request.references)
    for part in (early, late):
        shown = part.infer(lambda _: None, lambda: False)
        assert shown.shape == (2, 50, 55)
        np.testing.assert_array_equal(shown[1], whole[part.first : part.last])


def test_influence_reaches_the_bake_by_region(settings) -> None:
    settings.influence_mouth, settings.influence_eyes = 0.0, 0.5
    request = read_request(bpy.context)
    assert request.influence == Influence(mouth=0.0, eyes=0.5)
    model = Model.load()
    plain, styled = (animate(request.audio, model, references=r) for r in ((), request.references))
    made = request.infer(lambda _: None, lambda: False)
    np.testing.assert_array_equal(made, blend(plain, styled, request.influence))
    assert np.array_equal(made[:, INDEX["jawOpen"]], plain[:, INDEX["jawOpen"]])
    assert not np.array_equal(plain[:, INDEX["jawOpen"]], styled[:, INDEX["jawOpen"]])


def test_changed_settings_ask_for_another_performance(settings, monkeypatch) -> None:
    takes: Takes = {}
    request = read_request(bpy.context, takes)
    before = listed(settings)
    assert not otherwise(request, bpy.context, takes)
    settings.style_strength = 0.3
    assert otherwise(request, bpy.context, takes) == {"style_strength": pytest.approx(0.3)}
    settings.style_strength = 1.0
    monkeypatch.setattr("mouthpiece.operators.request.reference_take", None)  # nothing is read again
    settings.references[0].weight = 0.5
    assert otherwise(request, bpy.context, takes) == {"references": ((request.references[0][0], 0.5),)}
    settings.references[0].enabled = False
    assert otherwise(request, bpy.context, takes) == {"references": ()}
    assert listed(settings) == before
    settings.references[0].use_range = True
    assert listed(settings) != before


def test_a_keyed_mood_is_no_other_performance_at_every_frame(stage, settings) -> None:
    for frame, value in ((1, -1.0), (100, 1.0)):
        settings.valence = value
        settings.keyframe_insert("valence", frame=frame)
    takes: Takes = {}
    keyed = read_request(bpy.context, takes)
    stage.scene.frame_set(60)
    assert settings.valence > 0
    assert not otherwise(keyed, bpy.context, takes)
    settings.arousal = 0.5
    assert otherwise(keyed, bpy.context, takes) == {"arousal": 0.5}


def test_a_driven_mood_is_no_other_performance_at_every_frame(stage, settings) -> None:
    driven = stage.scene.driver_add("mouthpiece.valence").driver
    driven.type, driven.expression = "SCRIPTED", "frame / 100"
    stage.scene.frame_set(10)
    takes: Takes = {}
    held = read_request(bpy.context, takes)
    stage.scene.frame_set(60)
    assert settings.valence == pytest.approx(0.6)
    assert not otherwise(held, bpy.context, takes)
    settings.arousal = 0.5
    assert otherwise(held, bpy.context, takes) == {"arousal": 0.5}


def test_far_into_a_line_an_excerpt_draws_what_the_bake_draws_there(settings) -> None:
    """What the model hears first is cut, but chance is that of the line's own frames."""
    settings.references[0].enabled = False
    request = read_request(bpy.context)
    request = replace(request, audio=np.tile(request.audio, 4))
    part = excerpt(request, 1 + 22 * bpy.context.scene.render.fps, 1.0)
    begin = part.first - part.lead
    assert part.lead == LEAD and begin == 50
    sound = request.audio[begin * TICK_SAMPLES : part.last * TICK_SAMPLES]
    model = Model.load()
    there, elsewhere = (animate_with(sound, model, None, first=first)[LEAD:] for first in (begin, 0))
    shown = part.infer(lambda _: None, lambda: False)[0]
    np.testing.assert_array_equal(shown, there)
    assert not np.array_equal(shown, elsewhere)


def test_moments_lie_between_frames(settings) -> None:
    channels = np.zeros((3, 55), np.float32)
    channels[:, INDEX["jawOpen"]] = 0.0, 0.5, 1.0
    parts = pose(read_rig(bpy.context.scene, settings.target), channels)
    jaw = next(i for i, (path, _) in enumerate(parts[0].paths) if "jawOpen" in path)
    for seconds, value in ((0.0, 0.0), (0.02, 0.0), (0.04, 0.25), (0.06, 0.5), (0.1, 1.0), (9.0, 1.0)):
        assert moment(parts, seconds, 25)[0].values[0, jaw] == pytest.approx(value, abs=1e-6)
    assert frame_times(3)[1] == pytest.approx(0.06)


def test_it_says_that_the_processor_took_over(settings) -> None:
    settings.device = "coreml"
    bpy.context.scene.frame_set(60)
    assert bpy.ops.mouthpiece.preview_style() == {"FINISHED"}
    assert bpy.context.window_manager.mouthpiece.status.count("'coreml' is not available") == 1
