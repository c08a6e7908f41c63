"""References in the scene: adding, importing, removing, and what they do to a bake."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.inference.livelink import write_csv  # noqa: E402
from mouthpiece.inference.types import INDEX  # noqa: E402
from mouthpiece.operators.request import read_request  # noqa: E402


@pytest.fixture
def settings(stage):
    """A face with an action of its own, and a line to speak."""
    face = stage.face()
    data = face.data.shape_keys.animation_data_create()
    strip = data.nla_tracks.new().strips.new("Manner", 1, stage.action(stage.motion(60), "Manner"))
    strip.mute = False
    settings = stage.scene.mouthpiece
    settings.target = face
    settings.audio_path = str(stage.sound(1.0))
    return settings


def baked(settings) -> np.ndarray:
    bpy.ops.mouthpiece.bake()
    strip = settings.target.data.shape_keys.animation_data.nla_tracks["Mouthpiece"].strips[0]
    bag = strip.action.layers[0].strips[0].channelbag(strip.action_slot)
    return np.array([[point.co[1] for point in curve.keyframe_points] for curve in bag.fcurves])


def test_a_reference_from_the_selected_object_changes_the_bake(settings) -> None:
    plain = baked(settings)
    assert bpy.ops.mouthpiece.reference_add() == {"FINISHED"}
    assert settings.references[0].action.name == "Manner"
    styled = baked(settings)
    assert not np.array_equal(styled, plain)
    settings.references[0].enabled = False
    np.testing.assert_array_equal(baked(settings), plain)
    settings.references[0].enabled = True
    settings.references[0].weight = 0.0
    np.testing.assert_array_equal(baked(settings), plain)
    settings.references[0].weight = 1.0
    settings.style_strength = 0.0
    np.testing.assert_array_equal(baked(settings), plain)
    settings.style_strength = 1.0
    np.testing.assert_array_equal(baked(settings), styled)


def test_order_of_references_does_not_matter(stage, settings) -> None:
    stage.action(stage.motion(40, phase=2.0), "Other")
    results = []
    for names in (("Manner", "Other"), ("Other", "Manner")):
        settings.references.clear()
        for name in names:
            bpy.ops.mouthpiece.reference_add(action=name)
        results.append(baked(settings))
    np.testing.assert_array_equal(*results)


def test_the_source_object_stands_for_its_animation(settings) -> None:
    settings.references.add().source = settings.target
    take, weight = read_request(bpy.context).references[0]
    assert take.name == "Manner" and weight == 1.0


def test_sound_and_range_of_a_reference(stage, settings) -> None:
    bpy.ops.mouthpiece.reference_add()
    item = settings.references[0]
    item.sound = bpy.data.sounds.load(str(stage.sound(2.0, "take.wav")))
    item.use_range, item.frame_first, item.frame_last = True, 13.0, 37.0
    take, _ = read_request(bpy.context).references[0]
    assert len(take.channels) == 25 and len(take.audio) == 16_000
    assert np.abs(take.audio).max() > 0.01
    plain = baked(settings)
    item.sound = None
    assert read_request(bpy.context).references[0][0].audio is None
    assert plain.shape == baked(settings).shape


def test_unfinished_references_are_named(settings) -> None:
    bpy.context.view_layer.objects.active = None
    bpy.ops.mouthpiece.reference_add()
    with pytest.raises(RuntimeError, match="Reference 1 has no action: choose one"):
        bpy.ops.mouthpiece.bake()
    settings.references[0].enabled = False
    assert bpy.ops.mouthpiece.bake() == {"FINISHED"}
    with pytest.raises(RuntimeError, match="There is no action named Nobody"):
        bpy.ops.mouthpiece.reference_add(action="Nobody")
    assert len(settings.references) == 1


def test_remove(settings) -> None:
    for _ in range(3):
        bpy.ops.mouthpiece.reference_add()
    settings.references[1].weight = 0.5
    assert settings.reference_index == 2
    bpy.ops.mouthpiece.reference_remove(index=1)
    bpy.ops.mouthpiece.reference_remove()
    assert [item.weight for item in settings.references] == [1.0] and settings.reference_index == 0
    with pytest.raises(RuntimeError, match="There is no reference number 8"):
        bpy.ops.mouthpiece.reference_remove(index=7)
    bpy.ops.mouthpiece.reference_remove()
    with pytest.raises(RuntimeError, match="no reference to remove"):
        bpy.ops.mouthpiece.reference_remove()
    assert bpy.data.actions["Manner"]


@pytest.mark.parametrize("rate", [24, 60])
def test_import_of_a_live_link_take(stage, settings, rate: int) -> None:
    stage.scene.render.fps = rate
    motion = stage.motion(120)
    path = stage.folder / "take_1.csv"
    write_csv(path, motion, 60.0)
    stage.sound(2.0, "take_1.wav")
    assert bpy.ops.mouthpiece.reference_import(filepath=str(path)) == {"FINISHED"}
    item = settings.references[0]
    assert item.sound.name == "take_1.wav" and item.action.use_fake_user
    curve = next(iter(item.action.layers[0].strips[0].channelbag(item.action.slots[0]).fcurves))
    seconds = (curve.keyframe_points[-1].co[0] - 1.0) / rate
    assert seconds == pytest.approx(119.5 / 60.0, abs=1e-4)
    take, _ = read_request(bpy.context).references[0]
    jaw = take.channels[:, INDEX["jawOpen"]]
    times = 0.5 / 60 + (np.arange(len(jaw)) + 0.5) / 25
    expected = np.interp(times, (np.arange(120) + 0.5) / 60, motion[:, INDEX["jawOpen"]])
    np.testing.assert_allclose(jaw, expected, atol=5e-3)
    baked(settings)


def test_import_of_something_else(stage, settings) -> None:
    path = stage.folder / "shopping.csv"
    path.write_text("apples,3\n", "utf-8")
    actions = len(bpy.data.actions)
    with pytest.raises(RuntimeError, match=r"shopping\.csv"):
        bpy.ops.mouthpiece.reference_import(filepath=str(path))
    assert len(settings.references) == 0 and len(bpy.data.actions) == actions
