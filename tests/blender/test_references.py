"""References in the scene: adding, importing, removing, and what they do to a bake."""

from __future__ import annotations

import json

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.inference.livelink import write_csv  # noqa: E402
from mouthpiece.inference.types import INDEX  # noqa: E402
from mouthpiece.operators.request import COURSE, read_request  # noqa: E402


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


def test_a_strip_is_followed_as_the_timeline_plays_it(stage, settings) -> None:
    """By its object and by the button, as by all takes of the character: its part, at its speed."""
    (strip,) = settings.target.data.shape_keys.animation_data.nla_tracks[0].strips
    strip.action_slot = strip.action.slots[0]
    strip.action_frame_end, strip.action_frame_start, strip.scale = 30.0, 10.0, 2.0
    settings.references.add().source = settings.target
    bpy.ops.mouthpiece.reference_add()
    named, active = settings.references
    assert (active.use_range, active.frame_first, active.frame_last) == (True, 10.0, 30.0)
    assert active.rate == pytest.approx(12.0)
    with pytest.raises(RuntimeError, match="all of them are listed already"):
        bpy.ops.mouthpiece.reference_add(scope="CHARACTER")
    whole, again = (take for take, _ in read_request(bpy.context).references)
    assert whole.seconds == pytest.approx(40 / 24, abs=0.05)
    np.testing.assert_array_equal(whole.channels, again.channels)
    named.use_range, named.frame_first, named.frame_last = True, 20.0, 30.0
    part, _ = read_request(bpy.context).references[0]
    assert part.seconds == pytest.approx(20 / 24, abs=0.05), "her own range, at the strip's speed"


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


def told() -> str:
    return bpy.context.window_manager.mouthpiece.status


def face_with(stage, name: str, at: float, action):
    face = stage.face(name, at=(at, 0, 0))
    face.data.shape_keys.animation_data_create().action = action
    face.data.shape_keys.animation_data.action_slot = action.slots[0]
    return face


def test_selection_brings_actions_and_selected_strips_of_any_object_once(stage) -> None:
    one = face_with(stage, "One", 0, stage.action(stage.motion(60), "Angry"))
    tracks = one.data.shape_keys.animation_data.nla_tracks
    fast = tracks.new().strips.new("Fast", 10, stage.action(stage.motion(60, 1.0), "Calm"))
    fast.action_slot = fast.action.slots[0]
    fast.action_frame_start, fast.action_frame_end = fast.action.frame_range
    fast.scale = 0.5
    tracks.new().strips.new("Left out", 200, stage.action(stage.motion(60, 2.0), "Sad")).select = False
    two = face_with(stage, "Two", 9, stage.action(stage.motion(60, 3.0), "Proud"))
    one.select_set(True), two.select_set(True)
    assert bpy.ops.mouthpiece.reference_add(scope="SELECTED") == {"FINISHED"}
    items = stage.scene.mouthpiece.references
    assert [item.name for item in items] == ["Angry", "Fast", "Proud"]
    assert items[1].action.name == "Calm" and items[1].use_range
    assert items[1].rate == pytest.approx(stage.scene.render.fps * 2)  # it is seen twice as fast
    assert items[1].seconds == pytest.approx(items[0].seconds / 2, abs=0.1)
    with pytest.raises(RuntimeError, match="all of them are listed already"):
        bpy.ops.mouthpiece.reference_add(scope="SELECTED")
    assert len(items) == 3


def test_all_takes_of_the_character(stage) -> None:
    face = face_with(stage, "Ada", 0, stage.action(stage.motion(60), "Worn"))
    face_with(stage, "Bob", 9, stage.action(stage.motion(60, 4.0), "Of Bob"))
    stage.action(stage.motion(60, 1.0), "Loose")
    bpy.data.actions.new("Walk")
    stage.write(face, stage.motion(30))  # Mouthpiece's own bake is no reference
    stage.scene.mouthpiece.target = face
    bpy.ops.mouthpiece.reference_add(scope="CHARACTER")
    assert [item.name for item in stage.scene.mouthpiece.references] == ["Worn", "Loose", "Of Bob"]
    assert "Added 3 references (Worn, Loose, Of Bob)" in told()


def test_nothing_to_add_is_said(stage) -> None:
    stage.face().select_set(True)
    with pytest.raises(RuntimeError, match=r"there is no facial animation\. Select objects"):
        bpy.ops.mouthpiece.reference_add(scope="SELECTED")
    bpy.context.view_layer.objects.active = None
    with pytest.raises(RuntimeError, match="There is no face"):
        bpy.ops.mouthpiece.reference_add(scope="CHARACTER")


def test_summary_and_concern_of_a_reference(stage, settings) -> None:
    bpy.ops.mouthpiece.reference_add()
    item = settings.references[0]
    assert item.concern == "" and item.seconds == pytest.approx(2.36, abs=0.1) and len(item.content) == 64
    assert item.measures[0] == pytest.approx(0.9, abs=0.05)
    item.use_range, item.frame_first, item.frame_last = True, 1.0, 20.0
    assert item.seconds == 0.0 and item.content == ""  # not looked at since
    bpy.ops.mouthpiece.reference_check()
    assert item.concern.startswith("Only 0.8 s long") and "Of little use: Manner" in told()
    item.frame_first = item.frame_last = 20.0
    bpy.ops.mouthpiece.reference_check()
    assert "shorter than one model frame" in item.concern and item.seconds == 0.0


def test_a_still_take_is_told(stage, settings) -> None:
    stage.action(np.full((60, 55), 0.3, np.float32), "Still")
    bpy.ops.mouthpiece.reference_add(action="Still")
    assert "does not move" in settings.references[0].concern and "does not move" in told()


def test_an_imported_take_keeps_its_time_when_the_scene_changes_its_rate(stage, settings) -> None:
    path = stage.folder / "take.csv"
    write_csv(path, stage.motion(120), 60.0)
    bpy.ops.mouthpiece.reference_import(filepath=str(path))
    before, _ = read_request(bpy.context).references[0]
    stage.scene.render.fps = 50
    after, _ = read_request(bpy.context).references[0]
    np.testing.assert_array_equal(before.channels, after.channels)


def test_several_files_at_once_with_one_that_is_wrong(stage, settings) -> None:
    write_csv(stage.folder / "a.csv", stage.motion(150), 60.0)
    write_csv(stage.folder / "b.csv", stage.motion(75), 30.0)
    text = (stage.folder / "b.csv").read_text().splitlines()
    (stage.folder / "b.csv").write_text("\n".join([*text[:-1], text[-1][:90]]))
    (stage.folder / "c.csv").write_text("apples,3\n", "utf-8")
    names = [{"name": name} for name in ("a.csv", "b.csv", "c.csv")]
    done = bpy.ops.mouthpiece.reference_import(directory=str(stage.folder), files=names)
    assert done == {"FINISHED"} and [item.name for item in settings.references] == ["a", "b"]
    assert "a.csv (2.5 s at 60 a second), b.csv (2.5 s at 30 a second)" in told()
    assert "b.csv: 1 of 75 rows are damaged" in told() and "c.csv has no columns" in told()


def test_mediapipe_and_mouthpieces_own_takes_are_imported(stage, settings) -> None:
    frames = [
        {"timestampMs": 1000 * i / 30, "blendshapes": {"jawOpen": float(0.5 + 0.4 * np.sin(i / 4))}}
        for i in range(90)
    ]
    (stage.folder / "web.json").write_text(json.dumps(frames), "utf-8")
    np.savez(stage.folder / "own.npz", channels=stage.motion(75), fps=25.0)
    for name in ("web.json", "own.npz"):
        assert bpy.ops.mouthpiece.reference_import(filepath=str(stage.folder / name)) == {"FINISHED"}
    web, own = (take for take, _ in read_request(bpy.context).references)
    assert web.measured.sum() == 1 and own.measured.sum() == 55
    assert np.ptp(web.channels[:, INDEX["jawOpen"]]) > 0.75
    baked(settings)


def test_a_video_without_a_sound_leaves_the_motion(stage, settings) -> None:
    write_csv(stage.folder / "take.csv", stage.motion(150), 60.0)
    (stage.folder / "take.mov").write_bytes(b"no sound in here")
    bpy.ops.mouthpiece.reference_import(filepath=str(stage.folder / "take.csv"))
    assert settings.references[0].sound is None and "take.mov has no sound that can be read" in told()
    baked(settings)


def test_empty_the_list(settings) -> None:
    for _ in range(3):
        bpy.ops.mouthpiece.reference_add()
    bpy.ops.mouthpiece.reference_remove(all=True)
    assert len(settings.references) == 0 and bpy.data.actions["Manner"]


def test_the_bake_says_what_each_reference_gave(stage, settings) -> None:
    stage.action(stage.motion(100, phase=2.0), "Other")
    bpy.ops.mouthpiece.reference_add()
    bpy.ops.mouthpiece.reference_add(action="Other")
    bpy.ops.mouthpiece.reference_add(action="Other")
    settings.references[2].enabled = False
    assert all(item.share < 0 and not item.course for item in settings.references)
    baked(settings)
    manner, other, unused = settings.references
    assert manner.share + other.share == pytest.approx(1.0, abs=1e-4) and min(manner.share, other.share) > 0
    assert len(manner.course) == len(other.course) == COURSE and set(manner.course) <= set("▁▂▃▄▅▆▇█")
    assert unused.share < 0
    other.weight = 0.05
    before = other.share
    baked(settings)
    assert other.share < before
    settings.style_strength = 0.0
    baked(settings)
    assert manner.share == other.share == 0.0


def test_buttons_forget_what_the_last_one_was_told(settings) -> None:
    """Blender fills in from the last run what a button does not say, but for what is to be forgotten."""
    for operator, names in (
        (bpy.ops.mouthpiece.reference_remove, ("index", "all")),
        (bpy.ops.mouthpiece.reference_add, ("action", "slot")),
        (bpy.ops.mouthpiece.cast_assign, ("clear",)),
        (bpy.ops.mouthpiece.cast_add, ("name", "channel")),
        (bpy.ops.mouthpiece.mapping_entry_remove, ("index",)),
    ):
        properties = operator.get_rna_type().properties
        assert all(properties[name].is_skip_save for name in names)
    for _ in range(2):
        settings.references.add()
    bpy.ops.mouthpiece.reference_remove("INVOKE_DEFAULT", True, all=True)
    for _ in range(3):
        settings.references.add()
    bpy.ops.mouthpiece.reference_remove("INVOKE_DEFAULT", True)
    assert len(settings.references) == 2


def test_a_reference_is_read_through_its_character_when_its_track_is_muted(stage, settings) -> None:
    face = stage.face("Odd", ["Kxa", "Kxb", "Kxc"], at=(3, 0, 0))
    for channel, name in (("jawOpen", "Kxa"), ("mouthSmileLeft", "Kxb"), ("browInnerUp", "Kxc")):
        row = face.mouthpiece.entries.add()
        row.channel, row.kind, row.name = channel, "SHAPE_KEY", name
    action, _ = stage.write(face, stage.motion(60))
    for name in [name for name, _ in action.items() if name.startswith("mouthpiece")]:
        del action[name]
    settings.target = face
    bpy.ops.mouthpiece.reference_add(scope="CHARACTER")
    read = [read_request(bpy.context).references[0][0].channels]
    face.data.shape_keys.animation_data.nla_tracks[0].mute = True
    read.append(read_request(bpy.context).references[0][0].channels)
    np.testing.assert_array_equal(*read)


def test_how_an_actor_stands_is_no_turn_of_the_head(stage, settings) -> None:
    actor, takes = stage.face("Actor", at=(3, 0, 0)), []
    for angle in (0.0, 1.57):
        actor.rotation_euler[2] = angle
        for frame in (1, 50):
            actor.keyframe_insert("rotation_euler", frame=frame)
            for name in ("jawOpen", "mouthSmileLeft", "mouthFunnel"):
                block = actor.data.shape_keys.key_blocks[name]
                block.value = frame / 60
                block.keyframe_insert("value", frame=frame)
        settings.references.clear()
        settings.references.add().action = actor.data.shape_keys.animation_data.action
        takes.append(read_request(bpy.context).references[0][0].channels)
    np.testing.assert_allclose(*takes, atol=1e-6)
