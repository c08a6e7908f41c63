"""`mouthpiece.batch_bake`: a dialogue of two, a folder and a table, in a real scene with the real engine."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.inference.animate import animate  # noqa: E402
from mouthpiece.inference.decode_aud import load_audio  # noqa: E402
from mouthpiece.inference.model import Model  # noqa: E402
from mouthpiece.inference.types import INDEX, C  # noqa: E402
from mouthpiece.operators import batch  # noqa: E402
from mouthpiece.rigs.scene_sequencer import read_strips  # noqa: E402
from mouthpiece.rigs.scene_write.line_strips import LineStrip  # noqa: E402

MOUTH = [INDEX[name] for name in ("jawOpen", "mouthClose", "mouthPucker", "mouthSmileLeft", "mouthFunnel")]
UPPER = [INDEX[name] for name in ("eyeBlinkLeft", "browInnerUp", "eyeLookDownLeft")]


class Dialogue:
    """Anna on channel 1 and Bert on channel 2, at 25 frames a second."""

    def __init__(self, stage) -> None:
        self.stage, self.scene = stage, stage.scene
        self.scene.render.fps = 25
        self.batch = self.scene.mouthpiece.batch
        self.batch.output = str(stage.folder / "out")
        self.scene.sequence_editor_create()
        for channel, name in enumerate(("Anna", "Bert"), 1):
            self.scene.mouthpiece.target = stage.face(name, at=(3 * channel, 0, 0))
            bpy.ops.mouthpiece.cast_add(channel=channel)

    def strip(self, name: str, channel: int, start: int, seconds: float = 1.0):
        path = self.stage.sound(seconds, f"{name}.wav")
        return self.scene.sequence_editor.strips.new_sound(
            name, str(path), channel=channel, frame_start=start
        )

    def lines_of_files(self, *names: str) -> None:
        """From now on the batch is of a folder with short sounds of these names."""
        folder = self.stage.folder / "lines"
        folder.mkdir()
        for name in names:
            self.stage.sound(0.3, f"lines/{name}")
        self.batch.source, self.batch.folder = "FOLDER", str(folder)

    def bake(self) -> set[str]:
        return bpy.ops.mouthpiece.batch_bake()

    def report(self) -> dict:
        return json.loads((self.stage.folder / "out" / "report.json").read_text("utf-8"))

    def statuses(self) -> dict[str, str]:
        return {line["id"]: line["status"] for line in self.report()["lines"]}


@pytest.fixture
def dialogue(stage) -> Dialogue:
    return Dialogue(stage)


def strips(name: str) -> dict[str, object]:
    """The NLA strips of a face's Mouthpiece track, by name, in order."""
    tracks = bpy.data.objects[name].data.shape_keys.animation_data.nla_tracks
    assert [track.name for track in tracks] == ["Mouthpiece"]
    return {strip.name: strip for strip in tracks[0].strips}


def curves(strip) -> np.ndarray:
    """Key times and values of a strip's action, [52, T, 2]."""
    bag = strip.action.layers[0].strips[0].channelbag(strip.action_slot)
    return np.array([[tuple(point.co) for point in curve.keyframe_points] for curve in bag.fcurves])


def test_two_speak_and_listen(dialogue) -> None:
    dialogue.strip("hello", 1, 11)
    dialogue.strip("answer", 2, 36, 1.2)
    assert dialogue.bake() == {"FINISHED"}
    anna, bert = strips("Anna"), strips("Bert")
    assert list(anna) == ["Anna listens at -14", "hello", "Anna listens at 36"]
    assert list(bert) == ["Bert listens at -14", "answer", "Bert listens at 66"]
    spans = {name: (strip.frame_start, strip.frame_end) for name, strip in (anna | bert).items()}
    assert spans["hello"] == (11, 36) and spans["answer"] == (36, 66)
    assert spans["Anna listens at -14"] == (-14, 11) and spans["Anna listens at 36"] == (36, 91)
    for strip in (anna | bert).values():
        assert strip.action_frame_start == strip.frame_start and strip.scale == pytest.approx(1.0)
    spoken, heard = curves(anna["hello"]), curves(anna["Anna listens at 36"])
    assert np.ptp(spoken[INDEX["jawOpen"], :, 1]) > 0.02
    assert np.all(heard[MOUTH, :, 1] == 0) and np.ptp(heard[UPPER, :, 1]) > 0
    assert spoken[0, 0, 0] == pytest.approx(11.5) and heard[0, 0, 0] == pytest.approx(36.5)
    assert set(dialogue.statuses().values()) == {"done"}
    assert (dialogue.stage.folder / "out" / "report.html").read_text("utf-8").count("svg class=curve") == 6


def test_a_line_is_that_of_a_single_bake(dialogue) -> None:
    dialogue.batch.listening = False
    strip = dialogue.strip("hello", 1, 5)
    dialogue.bake()
    line = next(line for line in dialogue.report()["lines"])
    assert line["id"] == "hello"
    audio = load_audio(bpy.path.abspath(strip.sound.filepath))
    from mouthpiece.inference.batch.line import own_seed

    expected = animate(audio, Model.load(), seed=own_seed(0, "hello"))
    baked = curves(strips("Anna")["hello"])
    np.testing.assert_allclose(baked[:, :, 1].T, expected[:, :52], atol=1e-3)


def test_trimmed_strips_speak_what_is_heard(dialogue) -> None:
    dialogue.batch.listening = False
    strip = dialogue.strip("hello", 1, 5, 2.0)
    strip.frame_offset_start, strip.frame_offset_end = 10, 5
    (read,) = read_strips(dialogue.scene)
    assert (read.start, read.end) == (15, 50) and read.lead == pytest.approx(10 / 25)
    dialogue.bake()
    found = strips("Anna")["hello"]
    assert (found.frame_start, found.frame_end) == (15, 50)
    assert curves(found).shape[1] == 35


def test_assignment_goes_before_the_channel_and_is_remembered(dialogue) -> None:
    dialogue.batch.listening = False
    strip = dialogue.strip("hello", 1, 5)
    other = dialogue.strip("other", 1, 60)
    other.select, strip.select = False, True
    dialogue.batch.cast_index = 1
    assert bpy.ops.mouthpiece.cast_assign() == {"FINISHED"}
    path = str(dialogue.stage.folder / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert bpy.ops.mouthpiece.batch_bake() == {"FINISHED"}
    assert list(strips("Bert")) == ["hello"] and list(strips("Anna")) == ["other"]


def test_assigned_strips_follow_a_new_name(dialogue) -> None:
    dialogue.batch.listening = False
    strip = dialogue.strip("hello", 9, 5)
    strip.select = True
    dialogue.batch.cast_index = 1
    bpy.ops.mouthpiece.cast_assign()
    bert, anna = dialogue.batch.cast[1], dialogue.batch.cast[0]
    bert.name = "Robert"
    assert strip.mouthpiece_character == "Robert"
    assert dialogue.bake() == {"FINISHED"} and list(strips("Bert")) == ["hello"]
    anna.name = "Robert"
    bert.name = "Bert"
    assert strip.mouthpiece_character == "Robert", "which of two it is cannot be told"


def test_bad_lines_are_named_and_stop_nobody(dialogue) -> None:
    dialogue.batch.listening = False
    dialogue.strip("good", 1, 5)
    dialogue.strip("nobody's", 7, 5)
    gone = dialogue.strip("gone", 2, 5)
    gone.sound.filepath = "//nowhere.wav"
    assert dialogue.bake() == {"FINISHED"}
    assert dialogue.statuses() == {"good": "done", "nobody's": "failed", "gone": "failed"}
    said = {line["id"]: line["reason"] for line in dialogue.report()["lines"]}
    assert "nobody speaks it" in said["nobody's"] and "nowhere.wav" in said["gone"]
    rows = bpy.context.window_manager.mouthpiece.batch_rows
    assert [row.status for row in rows] == ["failed", "failed", "done"]
    assert list(strips("Anna")) == ["good"]


def test_baking_again_replaces_only_what_is_baked_again(dialogue) -> None:
    dialogue.batch.listening = False
    one, two = dialogue.strip("one", 1, 5), dialogue.strip("two", 1, 60)
    dialogue.bake()
    before = strips("Anna")["one"].action.name, curves(strips("Anna")["one"])
    dialogue.batch.source = "SELECTED"
    one.select, two.select = False, True
    two.frame_start = 70
    dialogue.bake()
    found = strips("Anna")
    assert list(found) == ["one", "two"] and found["two"].frame_start == 70
    assert found["one"].action.name == before[0]
    np.testing.assert_array_equal(curves(found["one"]), before[1])
    assert sorted(action.name for action in bpy.data.actions) == ["one", "two"]


def test_resume_makes_nothing_twice(dialogue) -> None:
    dialogue.strip("hello", 1, 5)
    dialogue.strip("answer", 2, 40)
    dialogue.bake()
    before = curves(strips("Anna")["hello"])
    dialogue.bake()
    assert set(dialogue.statuses().values()) == {"kept"}
    np.testing.assert_array_equal(curves(strips("Anna")["hello"]), before)
    dialogue.batch.resume = False
    dialogue.bake()
    assert set(dialogue.statuses().values()) == {"done"}


def test_cancelled_changes_nothing_and_goes_on_later(dialogue, everything, monkeypatch) -> None:
    dialogue.strip("hello", 1, 5)
    before = everything()
    from mouthpiece.operators import batch as operator

    state = bpy.context.window_manager.mouthpiece
    show = operator._show
    monkeypatch.setattr(operator, "_show", lambda *_: setattr(state, "cancel_requested", True))
    assert dialogue.bake() == {"CANCELLED"}
    assert everything() == before and "Cancelled" in state.status
    monkeypatch.setattr(operator, "_show", show)
    assert dialogue.bake() == {"FINISHED"}


def test_nothing_to_bake_is_said(dialogue, everything) -> None:
    before = everything()
    with pytest.raises(RuntimeError, match="no audible sound strip"):
        dialogue.bake()
    dialogue.batch.source = "FOLDER"
    with pytest.raises(RuntimeError, match="Nothing is chosen"):
        dialogue.bake()
    dialogue.strip("hello", 1, 5)
    dialogue.batch.source = "STRIPS"
    bpy.data.objects["Anna"].data.shape_keys.key_blocks[3].name = "a"
    bpy.data.objects["Anna"].shape_key_clear()
    with pytest.raises(RuntimeError, match="Anna has no shape keys"):
        dialogue.batch.listening = False
        dialogue.bake()
    assert not bpy.context.window_manager.mouthpiece.running
    assert before["actions"] == everything()["actions"]


def test_one_face_without_a_cast_speaks_everything(stage) -> None:
    stage.face("Only")
    scene = stage.scene
    scene.render.fps = 25
    scene.mouthpiece.batch.output = str(stage.folder / "out")
    scene.sequence_editor_create().strips.new_sound("a", str(stage.sound(0.5)), channel=3, frame_start=1)
    assert bpy.ops.mouthpiece.batch_bake() == {"FINISHED"}
    assert list(strips("Only")) == ["Only listens at -24", "a", "Only listens at 14"]


def test_the_references_of_each_are_followed(dialogue) -> None:
    dialogue.batch.listening = False
    dialogue.strip("one", 1, 5)
    dialogue.bake()
    plain = curves(strips("Anna")["one"])
    settings = dialogue.scene.mouthpiece
    item = settings.references.add()
    item.action = dialogue.stage.action(dialogue.stage.motion(100))
    dialogue.batch.cast_index = 0
    assert bpy.ops.mouthpiece.cast_update() == {"FINISHED"}
    settings.references.clear()
    dialogue.bake()
    assert not np.array_equal(curves(strips("Anna")["one"])[:, :, 1], plain[:, :, 1])
    assert bpy.ops.mouthpiece.cast_load() == {"FINISHED"}
    assert settings.target.name == "Anna" and len(settings.references) == 1


def test_a_folder_becomes_actions(dialogue) -> None:
    dialogue.lines_of_files("Anna_1.wav", "Bert_1.wav", "Carl_1.wav")
    for _ in range(2):
        assert dialogue.bake() == {"FINISHED"}
        assert sorted(action.name for action in bpy.data.actions) == ["Anna_1", "Bert_1"]
    assert dialogue.statuses() == {"Anna_1": "kept", "Bert_1": "kept", "Carl_1": "failed"}
    assert all(action.use_fake_user for action in bpy.data.actions)
    assert bpy.data.objects["Anna"].data.shape_keys.animation_data is None


def test_a_table_becomes_actions(dialogue) -> None:
    dialogue.stage.sound(0.3, "x.wav")
    table = dialogue.stage.folder / "lines.csv"
    table.write_text(
        "id,audio,character,valence,format\na,x.wav,Anna,0.5,csv\nb,x.wav,Bert,,\nc,none.wav,Anna,,\n"
    )
    dialogue.batch.source, dialogue.batch.manifest = "MANIFEST", str(table)
    assert dialogue.bake() == {"FINISHED"}
    assert dialogue.statuses() == {"a": "done", "b": "done", "c": "failed"}
    assert sorted(action.name for action in bpy.data.actions) == ["a", "b"]
    assert (dialogue.stage.folder / "out" / "a.csv").is_file()


def test_a_line_of_one_frame_is_a_line(dialogue) -> None:
    folder = dialogue.stage.folder / "lines"
    folder.mkdir()
    for name, seconds in (("Anna_1.wav", 0.3), ("Anna_2.wav", 0.03)):
        dialogue.stage.sound(seconds, f"lines/{name}")
    dialogue.batch.source, dialogue.batch.folder = "FOLDER", str(folder)
    assert dialogue.bake() == {"FINISHED"}
    assert sorted(action.name for action in bpy.data.actions) == ["Anna_1", "Anna_2"]


def test_one_face_without_a_cast_speaks_a_folder_in_its_own_manner(stage) -> None:
    stage.face("Only")
    settings = stage.scene.mouthpiece
    settings.style_strength, settings.valence, settings.arousal = 0.3, 0.8, -0.5
    sound = stage.sound(0.5, "a.wav")
    settings.batch.output = str(stage.folder / "out")
    settings.batch.source, settings.batch.folder = "FOLDER", str(stage.folder)
    assert bpy.ops.mouthpiece.batch_bake() == {"FINISHED"}
    from mouthpiece.inference.batch.line import own_seed

    (curve,) = (
        curve
        for curve in bpy.data.actions["a"].layers[0].strips[0].channelbags[0].fcurves
        if curve.data_path == 'key_blocks["mouthSmileLeft"].value'
    )
    made = animate(load_audio(sound), Model.load(), valence=0.8, arousal=-0.5, seed=own_seed(0, "a"))
    smiles = [point.co[1] for point in curve.keyframe_points]
    np.testing.assert_allclose(smiles, made[:, INDEX["mouthSmileLeft"]], atol=1e-3)


def test_undo_takes_the_batch_back_in_one_step(dialogue) -> None:
    dialogue.strip("hello", 1, 5)
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.mouthpiece.batch_bake("EXEC_DEFAULT", True)
    assert strips("Anna")
    bpy.ops.ed.undo()
    assert bpy.data.objects["Anna"].data.shape_keys.animation_data is None


def test_strips_of_the_artist_stay(dialogue) -> None:
    action = dialogue.stage.action(dialogue.stage.motion(20), "Mine")
    data = bpy.data.objects["Anna"].data.shape_keys.animation_data_create()
    data.nla_tracks.new().strips.new("Mine", 100, action).action_slot = action.slots[0]
    dialogue.strip("hello", 1, 5)
    for _ in range(2):
        dialogue.bake()
        names = [[strip.name for strip in track.strips] for track in data.nla_tracks]
        assert names == [["Mine"], ["Anna listens at -20", "hello", "Anna listens at 30"]]


def test_her_strips_show_around_lines_that_lie_over_them(dialogue) -> None:
    """What she moves is hers between lines; all else holds the pose of the line before."""
    dialogue.batch.listening = False
    action = dialogue.stage.action(np.full((200, C), 0.4, np.float32), "Mine")
    bag = action.layers[0].strips[0].channelbags[0]
    for curve in [curve for curve in bag.fcurves if "jawOpen" not in curve.data_path]:
        bag.fcurves.remove(curve)
    face = bpy.data.objects["Anna"].data.shape_keys
    data = face.animation_data_create()
    data.nla_tracks.new().strips.new("Mine", 1, action).action_slot = action.slots[0]

    def shown(frame: int) -> tuple[float, float]:
        dialogue.scene.frame_set(frame)
        return tuple(face.key_blocks[name].value for name in ("jawOpen", "browInnerUp"))

    dialogue.strip("one", 1, 21)
    dialogue.strip("two", 1, 81)
    dialogue.bake()
    for _ in range(2):
        assert [track.name for track in data.nla_tracks][1:] == ["Mouthpiece Rest", "Mouthpiece"]
        names = [[strip.name for strip in track.strips] for track in data.nla_tracks]
        assert names == [["Mine"], ["one rest", "two rest"], ["one", "two"]]
        for frame in (5, 60, 180):
            assert shown(frame)[0] == pytest.approx(0.4, abs=1e-3)
        one, two = (curves(strip)[INDEX["browInnerUp"], :, 1] for strip in data.nla_tracks[2].strips)
        for frame, held in ((5, one[0]), (60, one[-1]), (180, two[-1])):
            assert shown(frame)[1] == pytest.approx(held, abs=1e-3)
        assert np.ptp([shown(frame)[0] for frame in range(22, 45)]) > 0.01
        only(dialogue, "two")
    data.nla_tracks["Mouthpiece"].is_solo = True
    only(dialogue, "one")
    assert [track.is_solo for track in data.nla_tracks] == [False, False, True]
    data.nla_tracks[0].strips[0].extrapolation = "NOTHING"
    dialogue.batch.source = "STRIPS"
    dialogue.bake()
    assert [track.name for track in data.nla_tracks][1:] == ["Mouthpiece"], "she does not show all the time"
    assert {strip.extrapolation for strip in data.nla_tracks[1].strips} == {"HOLD"}


def test_it_says_that_the_processor_took_over(dialogue) -> None:
    dialogue.strip("hello", 1, 11)
    dialogue.scene.mouthpiece.device = "coreml"
    assert dialogue.bake() == {"FINISHED"}
    assert "'coreml' is not available" in bpy.context.window_manager.mouthpiece.status
    assert "'coreml' is not available" in dialogue.report()["notes"][0]


def test_a_table_may_ask_for_what_the_scene_has(dialogue) -> None:
    dialogue.stage.sound(0.3, "x.wav")
    table = dialogue.stage.folder / "lines.csv"
    table.write_text("id,audio,character,format\na,x.wav,Anna,glb+npz\nb,x.wav,,\n")
    dialogue.batch.source, dialogue.batch.manifest = "MANIFEST", str(table)
    assert dialogue.bake() == {"FINISHED"}
    assert dialogue.statuses() == {"a": "done", "b": "failed"}
    assert (dialogue.stage.folder / "out" / "a.npz").is_file()


def test_scenes_of_two_frame_rates_are_refused(dialogue, everything) -> None:
    if not hasattr(bpy.context.workspace, "sequencer_scene"):
        pytest.skip("the sequencer has a scene of its own from Blender 5 on")
    dialogue.strip("hello", 1, 5)
    bpy.context.workspace.sequencer_scene = dialogue.scene
    other = bpy.data.scenes.new("Other")
    other.render.fps = 30
    bpy.context.workspace.sequencer_scene = other
    other.sequence_editor_create()
    before = everything()
    with pytest.raises(RuntimeError, match="Other runs at 30 frames a second, Scene at 25"):
        dialogue.bake()
    assert everything() == before


def test_the_bakes_own_options_hold_for_every_line(dialogue) -> None:
    dialogue.batch.listening = False
    dialogue.strip("hello", 1, 5)
    dialogue.bake()
    full = curves(strips("Anna")["hello"])[:, :, 1]
    output = dialogue.scene.mouthpiece.output
    output.intensity_mouth, output.span = 0.0, "FRAMES"
    dialogue.bake()
    calm = curves(strips("Anna")["hello"])[:, :, 1]
    assert calm.shape == full.shape and full[MOUTH].max() > 0 and np.all(calm[MOUTH] == 0)
    np.testing.assert_array_equal(calm[UPPER], full[UPPER])


def key(owner, name: str, *keys: tuple[float, float]) -> None:
    """Key a property of the scene: frame and value."""
    for frame, value in keys:
        setattr(owner, name, value)
        owner.keyframe_insert(name, frame=frame)


def test_keyed_emotion_holds_at_each_strips_time(stage) -> None:
    stage.face("Only")
    scene = stage.scene
    scene.render.fps = 25
    scene.mouthpiece.batch.output, scene.mouthpiece.batch.listening = str(stage.folder / "out"), False
    key(scene.mouthpiece, "valence", (1, -1.0), (101, 1.0))
    add = scene.sequence_editor_create().strips.new_sound
    for frame in (1, 101):
        add(f"at {frame}", str(stage.sound(0.8)), channel=1, frame_start=frame)
    scene.frame_set(300)  # the playhead does not matter
    assert bpy.ops.mouthpiece.batch_bake() == {"FINISHED"}
    audio, found = load_audio(stage.sound(0.8)), strips("Only")
    from mouthpiece.inference.batch.line import own_seed

    curve = scene.animation_data.action.layers[0].strips[0].channelbags[0].fcurves[0]
    for frame in (1, 101):
        valence = np.array([curve.evaluate(frame + 0.5 + tick) for tick in range(20)])
        options = {"arousal": 0.0, "seed": own_seed(0, f"at {frame}")}
        expected = animate(audio, Model.load(), valence=valence, **options)
        flat = animate(audio, Model.load(), valence=0.0, **options)
        baked = curves(found[f"at {frame}"])[:, :, 1].T
        np.testing.assert_allclose(baked, expected[:, :52], atol=1e-3)
        assert np.abs(baked - flat[:, :52]).max() > 0.01


def test_a_character_stores_keyed_emotion_and_keeps_it(dialogue) -> None:
    settings, cast = dialogue.scene.mouthpiece, dialogue.batch.cast
    dialogue.strip("hello", 1, 5)
    dialogue.strip("answer", 2, 40)
    key(settings, "valence", (1, -1.0), (80, 1.0))
    assert dialogue.bake() == {"FINISHED"}
    assert "The keys of Valence are not those of Anna, Bert" in dialogue.report()["notes"][0]
    still = curves(strips("Bert")["answer"])
    dialogue.batch.cast_index = 1
    assert bpy.ops.mouthpiece.cast_update() == {"FINISHED"}
    dialogue.bake()
    assert "not those of Anna:" in dialogue.report()["notes"][0]
    moved = curves(strips("Bert")["answer"])
    assert not np.array_equal(moved, still) and dialogue.statuses()["hello"] == "kept"
    dialogue.batch.cast_index = 0
    assert bpy.ops.mouthpiece.cast_load() == {"FINISHED"}  # whose mood is constant
    assert bpy.ops.mouthpiece.cast_remove() == {"FINISHED"}  # Bert moves up, and his keys with him
    bag = dialogue.scene.animation_data.action.layers[0].strips[0].channelbags[0]
    assert [curve.data_path for curve in bag.fcurves] == ["mouthpiece.batch.cast[0].valence"]
    assert [tuple(point.co) for point in bag.fcurves[0].keyframe_points] == [(1, -1), (80, 1)]
    dialogue.bake()
    mouth = curves(strips("Bert")["answer"])[MOUTH]  # the upper face goes on from another pose now
    np.testing.assert_array_equal(mouth, moved[MOUTH])
    assert cast[0].name == "Bert" and dialogue.report()["notes"] == []


def test_a_line_that_the_next_runs_into_ends_there(dialogue) -> None:
    dialogue.batch.listening = False
    dialogue.strip("first", 1, 1, 2.0)
    second = dialogue.strip("second", 3, 40, 1.0)
    inner = dialogue.strip("inner", 4, 10, 0.4)
    for strip in dialogue.scene.sequence_editor.strips:
        strip.select = strip in (second, inner)
    dialogue.batch.cast_index = 0
    assert bpy.ops.mouthpiece.cast_assign() == {"FINISHED"}
    assert dialogue.bake() == {"FINISHED"}
    spans = {name: (strip.frame_start, strip.frame_end) for name, strip in strips("Anna").items()}
    assert spans == {"first": (1, 40), "second": (40, 65)}
    report = dialogue.report()
    assert report["notes"] == [
        "first ends at frame 40 instead of 51, where second begins: Anna cannot say both at once."
    ]
    assert dialogue.statuses() == {"first": "done", "inner": "failed", "second": "done"}
    reason = next(line["reason"] for line in report["lines"] if line["id"] == "inner")
    assert "Anna says first at the same time (frames 1 to 51)" in reason and "move or mute" in reason
    dialogue.batch.source = "SELECTED"
    second.select = inner.select = False
    dialogue.scene.sequence_editor.strips["first"].select = True
    dialogue.bake()
    spans = {name: (strip.frame_start, strip.frame_end) for name, strip in strips("Anna").items()}
    assert spans == {"first": (1, 40), "second": (40, 65)}, "baking one again takes no other's place"


def test_two_of_the_cast_may_share_a_face(dialogue) -> None:
    """Anna calm and Anna angry: one face, which says one line at a time and listens once."""
    dialogue.scene.mouthpiece.target = bpy.data.objects["Anna"]
    assert bpy.ops.mouthpiece.cast_add(name="Angry", channel=3) == {"FINISHED"}
    dialogue.strip("calm", 1, 1, 1.0)
    dialogue.strip("angry", 3, 21, 1.0)
    assert dialogue.bake() == {"FINISHED"}
    spans = {name: (strip.frame_start, strip.frame_end) for name, strip in strips("Anna").items()}
    assert spans == {
        "Anna listens at -24": (-24, 1),
        "calm": (1, 21),
        "angry": (21, 46),
        "Anna listens at 46": (46, 71),
    }
    assert list(strips("Bert")) == ["Bert listens at -24"]


def test_baking_a_part_leaves_the_listening_of_the_rest(dialogue) -> None:
    dialogue.strip("hello", 1, 100)
    dialogue.strip("answer", 2, 130)
    dialogue.strip("late", 1, 400)
    dialogue.strip("music", 9, 200, 5.0)  # which nobody speaks, and nobody listens to
    dialogue.bake()
    before = {name: (strip.frame_start, strip.frame_end) for name, strip in strips("Anna").items()}
    dialogue.batch.source = "SELECTED"
    for strip in dialogue.scene.sequence_editor.strips:
        strip.select = strip.name == "late"
    dialogue.bake()
    assert sorted(dialogue.statuses()) == [
        "Anna listens at 375",
        "Anna listens at 425",
        "Bert listens at 375",
        "late",
    ]
    after = {name: (strip.frame_start, strip.frame_end) for name, strip in strips("Anna").items()}
    assert after == before and len(after) == 6


def test_a_cast_that_contradicts_itself_is_named(dialogue) -> None:
    dialogue.batch.listening = False
    dialogue.batch.cast[1].channel = 1
    dialogue.strip("whose", 1, 5)
    mine = dialogue.strip("mine", 1, 60)
    mine.mouthpiece_character = "Bert"
    dialogue.scene.mouthpiece.target = bpy.data.objects["Anna"]
    bpy.ops.mouthpiece.cast_add(name="Carl", channel=5)
    dialogue.batch.cast[2].name = "Anna"
    other = dialogue.strip("twice", 4, 120)
    other.mouthpiece_character = "Anna"
    assert dialogue.bake() == {"FINISHED"}
    said = {line["id"]: line["reason"] for line in dialogue.report()["lines"]}
    assert "channel 1 belongs to Anna and Bert" in said["whose"] and said["mine"] == ""
    assert "two characters of the cast are named Anna" in said["twice"]


def test_only_what_is_heard_is_a_line(dialogue) -> None:
    """Muted strips, channels and meta strips are silent, and a meta strip shows a part of what is in it."""
    editor = dialogue.scene.sequence_editor
    dialogue.strip("heard", 1, 1)
    dialogue.strip("muted", 2, 1).mute = True
    dialogue.strip("silent channel", 3, 1)
    editor.channels[3].mute = True
    for name, channel in (("meta", 5), ("silent meta", 6)):
        meta = editor.strips.new_meta(name, channel, 100)
        path = str(dialogue.stage.sound(2.0, f"{name}.wav"))
        meta.strips.new_sound(f"in {name}", path, channel=1, frame_start=100)
        meta.frame_final_end, meta.mute = 130, name == "silent meta"
    found = {strip.name: (strip.start, strip.end, strip.lead) for strip in read_strips(dialogue.scene)}
    assert found == {"heard": (1, 26, 0), "in meta": (100, 130, 0)}
    editor.strips["meta"].frame_final_start = 110
    (_, inner) = read_strips(dialogue.scene)
    assert (inner.start, inner.end) == (110, 130) and inner.lead == pytest.approx(10 / 25)


def test_a_line_given_to_another_falls_silent_where_it_was(dialogue) -> None:
    dialogue.batch.listening = False
    strip = dialogue.strip("hello", 1, 11)
    dialogue.bake()
    assert list(strips("Anna")) == ["hello"]
    strip.mouthpiece_character = "Bert"
    dialogue.bake()
    assert list(strips("Bert")) == ["hello"]
    assert not bpy.data.objects["Anna"].data.shape_keys.animation_data.nla_tracks


def test_a_line_that_is_being_tweaked_is_given_to_nobody(dialogue, everything) -> None:
    dialogue.batch.listening = False
    strip = dialogue.strip("hello", 1, 11)
    dialogue.bake()
    data = bpy.data.objects["Anna"].data.shape_keys.animation_data
    data.nla_tracks[0].strips[0].select, data.nla_tracks.active = True, data.nla_tracks[0]
    data.use_tweak_mode = True
    strip.mouthpiece_character = "Bert"
    before = everything()
    with pytest.raises(RuntimeError, match="an NLA strip is in tweak mode; leave it"):
        dialogue.bake()
    assert everything() == before
    data.use_tweak_mode = False
    assert dialogue.bake() == {"FINISHED"} and list(strips("Bert")) == ["hello"]


def test_actions_laid_out_by_hand_go_on_playing_when_a_folder_is_baked_again(dialogue) -> None:
    dialogue.lines_of_files("Anna_1.wav")
    dialogue.bake()
    data = bpy.data.objects["Anna"].data.shape_keys.animation_data_create()
    strip = data.nla_tracks.new().strips.new("mine", 50, bpy.data.actions["Anna_1"])
    strip.action_slot = strip.action.slots[0]
    before = curves(strip)
    dialogue.batch.cast[0].influence_mouth = 0.5
    dialogue.batch.cast[0].arousal = 1.0
    dialogue.bake()
    assert [action.name for action in bpy.data.actions] == ["Anna_1"]
    assert strip.action == bpy.data.actions["Anna_1"] and strip.action_slot is not None
    assert not np.array_equal(curves(strip), before)


def test_what_is_renamed_meanwhile_speaks_its_lines(dialogue, monkeypatch) -> None:
    dialogue.batch.listening = False
    dialogue.strip("hello", 1, 5)
    scene = bpy.context.scene

    def rename(*_: object) -> None:
        bpy.data.objects["Anna" if "Anna" in bpy.data.objects else "Ada"].name = "Ada"
        scene.name = "Shot 2"

    monkeypatch.setattr(batch, "_show", rename)
    assert dialogue.bake() == {"FINISHED"}
    assert list(strips("Ada")) == ["hello"]
    assert dialogue.bake() == {"FINISHED"}, "its lines are those of the same scene"
    assert [action["mouthpiece_scene"] for action in bpy.data.actions] == ["Shot 2"]


def test_a_mood_on_the_nla_is_said_to_be_unread(dialogue) -> None:
    dialogue.batch.listening = False
    dialogue.strip("hello", 1, 5)
    dialogue.batch.cast[0].keyframe_insert("valence", frame=1)
    data = dialogue.scene.animation_data
    action, slot = data.action, data.action_slot
    data.nla_tracks.new().strips.new("Mood", 1, action).action_slot = slot
    data.action = None
    dialogue.bake()
    said = bpy.context.window_manager.mouthpiece.status
    assert said.count("The keys of Valence lie on the NLA strip Mood") == 1


@pytest.mark.parametrize("output", ["", " ", "out"])
def test_an_output_that_would_lie_in_blenders_own_folder_is_refused(dialogue, monkeypatch, output) -> None:
    dialogue.strip("hello", 1, 5)
    monkeypatch.chdir(dialogue.stage.folder)
    dialogue.batch.output = output
    before = sorted(dialogue.stage.folder.iterdir())
    with pytest.raises(RuntimeError, match="Output of the batch is no full path: choose a folder"):
        dialogue.bake()
    assert sorted(dialogue.stage.folder.iterdir()) == before


def test_nothing_runs_until_the_scene_was_read(dialogue, monkeypatch) -> None:
    """Else a fault in reading would leave a bake that never ends."""
    running = []

    def broken(context: bpy.types.Context) -> None:
        running.append(context.window_manager.mouthpiece.running)
        raise ZeroDivisionError

    monkeypatch.setattr(batch, "read_batch", broken)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        dialogue.bake()
    assert running == [False]


def only(dialogue, *names: str) -> None:
    """Bake the strips of these names."""
    dialogue.batch.source = "SELECTED"
    for strip in dialogue.scene.sequence_editor.strips:
        strip.select = strip.name in names
    assert dialogue.bake() == {"FINISHED"}


def test_a_line_of_another_scene_or_face_with_the_same_name_stays(stage) -> None:
    for scene, face in (("A", "Anna"), ("B", "Bob"), ("B", "Carl")):
        made = bpy.data.scenes.get(scene) or bpy.data.scenes.new(scene)
        bpy.context.window.scene = made
        made.render.fps = 25
        made.mouthpiece.batch.output = str(stage.folder / scene)
        made.mouthpiece.target = stage.face(face, at=(3 * len(bpy.data.objects), 0, 0))
        if not made.sequence_editor:
            sound = str(stage.sound(0.5))
            made.sequence_editor_create().strips.new_sound("line.wav", sound, channel=1, frame_start=1)
        assert bpy.ops.mouthpiece.batch_bake() == {"FINISHED"}
    assert all("line.wav" in strips(face) for face in ("Anna", "Bob", "Carl"))


def test_a_folders_line_leaves_a_strip_of_the_same_name_and_the_reverse(dialogue) -> None:
    dialogue.lines_of_files("Anna_1.wav")
    dialogue.batch.listening = False
    dialogue.strip("Anna_1", 1, 100)
    for source in ("STRIPS", "FOLDER", "STRIPS", "FOLDER"):
        dialogue.batch.source = source
        assert dialogue.bake() == {"FINISHED"}
        strip = strips("Anna")["Anna_1"]
        assert curves(strip)[0, 0, 0] == pytest.approx(100.5), source
    assert len(bpy.data.actions) == 2
    (unplaced,) = (action for action in bpy.data.actions if action != strip.action)
    data = bpy.data.objects["Anna"].data.shape_keys.animation_data
    mine = data.nla_tracks.new().strips.new("mine", 300, unplaced)
    mine.action_slot = unplaced.slots[0]
    dialogue.batch.source = "STRIPS"
    assert dialogue.bake() == {"FINISHED"}
    assert {s.name: s.frame_start for track in data.nla_tracks for s in track.strips} == {
        "Anna_1": 100,
        "mine": 300,
    }


def test_a_copy_of_a_line_stays(dialogue) -> None:
    dialogue.batch.listening = False
    dialogue.strip("one", 1, 5)
    dialogue.bake()
    copy = strips("Anna")["one"].action.copy()
    copy.name, copy.use_fake_user = "My one", True
    dialogue.bake()
    assert sorted(action.name for action in bpy.data.actions) == ["My one", "one"]


def state_of(strip) -> dict[str, object]:
    names = (
        "scale",
        "repeat",
        "use_reverse",
        "mute",
        "frame_start",
        "frame_end",
        "extrapolation",
        "blend_in",
    )
    points = [tuple(p.co) for c in strip.fcurves for p in c.keyframe_points]
    return {name: getattr(strip, name) for name in names} | {"influence": points}


@pytest.mark.parametrize("where", [5, 200])
def test_lines_that_are_not_baked_stay_as_they_were_made(dialogue, where: int) -> None:
    """Also where the line that is baked lies before them."""
    dialogue.batch.listening = False
    dialogue.strip("edited", 1, 60)
    dialogue.strip("other", 1, where)
    dialogue.bake()
    strip = strips("Anna")["edited"]
    strip.scale, strip.use_reverse, strip.use_animated_influence = 1.5, True, True
    strip.influence = 0.3
    strip.keyframe_insert("influence", frame=62)
    strip.influence = 0.9
    strip.keyframe_insert("influence", frame=80)
    before = state_of(strip)
    only(dialogue, "other")
    assert sorted(strips("Anna")) == ["edited", "other"]
    assert state_of(strips("Anna")["edited"]) == before
    assert strips("Anna")["other"].frame_start == where


def test_a_patch_stays_where_it_is_when_a_line_comes(dialogue) -> None:
    dialogue.batch.listening = False
    face, output = bpy.data.objects["Anna"], dialogue.scene.mouthpiece.output
    dialogue.scene.mouthpiece.target = face
    dialogue.scene.mouthpiece.audio_path = str(dialogue.stage.sound(2.0, "full.wav"))
    assert bpy.ops.mouthpiece.bake() == {"FINISHED"}
    output.span, output.first, output.last = "FRAMES", 10.0, 20.0
    assert bpy.ops.mouthpiece.bake() == {"FINISHED"}
    data = face.data.shape_keys.animation_data
    before = [(s.frame_start, s.frame_end) for track in data.nla_tracks for s in track.strips]
    dialogue.strip("late", 1, 100)
    only(dialogue, "late")
    after = [[(s.frame_start, s.frame_end) for s in track.strips] for track in data.nla_tracks]
    assert after == [[before[0], (100, 125)], [before[1]]]


@pytest.mark.parametrize("fewer", [False, True])
def test_a_line_baked_alone_begins_and_ends_as_its_neighbours_do(dialogue, fewer: bool) -> None:
    """Lips apart, which must meet their sounds: no brow, lid, eye or head jumps where lines meet."""
    dialogue.batch.listening = False
    settings = dialogue.scene.mouthpiece
    settings.output.use_fewer_keys = fewer
    names = ["one", "two", "three"]
    for name, start in zip(names, (1, 32, 63), strict=True):
        dialogue.strip(name, 1, start, 1.2)
    dialogue.bake()

    def jumps(index: int) -> np.ndarray:
        """Between lines, of a channel: last key of one and first of the next."""
        bags = [
            s.action.layers[0].strips[0].channelbag(s.action_slot) for s in map(strips("Anna").get, names)
        ]
        ends = [[bag.fcurves[index].keyframe_points[k].co.y for k in (0, -1)] for bag in bags]
        return np.abs([after[0] - before[1] for before, after in pairwise(ends)])

    together = max(jumps(index).max() for index in UPPER)
    dialogue.batch.source, settings.seed = "SELECTED", 9
    for strip in dialogue.scene.sequence_editor.strips:
        strip.select = strip.name == "two"
    dialogue.bake()
    assert dialogue.statuses() == {"two": "done"}
    assert max(jumps(index).max() for index in UPPER) <= together + 0.01 < 0.1


def test_her_action_is_blended_as_before_once_lines_replace_what_added_to_it(dialogue) -> None:
    dialogue.batch.listening = False
    settings, face = dialogue.scene.mouthpiece, bpy.data.objects["Anna"]
    brow = face.data.shape_keys.key_blocks["browInnerUp"]
    brow.value = 0.5
    brow.keyframe_insert("value", frame=1)
    data = face.data.shape_keys.animation_data
    settings.target, settings.audio_path = face, str(dialogue.stage.sound(1.0, "full.wav"))
    settings.output.layer = "ADD"
    assert bpy.ops.mouthpiece.bake() == {"FINISHED"} and data.action_blend_type == "ADD"
    dialogue.strip("hello", 1, 1)
    dialogue.bake()
    assert data.action_blend_type == "REPLACE"


def test_a_bake_of_one_line_leaves_all_others(dialogue) -> None:
    """Whole lines that it does not meet go on playing, and what was laid out by hand in any case."""
    dialogue.batch.listening = False
    settings, face = dialogue.scene.mouthpiece, bpy.data.objects["Anna"]
    for number, start in enumerate((1, 41, 81)):
        dialogue.strip(f"line{number}", 1, start)
    dialogue.bake()
    dialogue.lines_of_files("own.wav")
    dialogue.batch.cast.clear()
    settings.target = face
    dialogue.bake()
    cut = face.data.shape_keys.animation_data.nla_tracks.new()
    cut.strips.new("own", 120, bpy.data.actions["own"]).extrapolation = "NOTHING"
    settings.audio_path = str(dialogue.stage.sound(1.0, "again.wav"))
    for start, left in ((41.0, ["line0", "line2"]), (81.0, ["line0"])):
        settings.frame_start = start
        assert bpy.ops.mouthpiece.bake() == {"FINISHED"}
        tracks = face.data.shape_keys.animation_data.nla_tracks
        lines = [strip.name for track in tracks for strip in track.strips if strip.name.startswith("line")]
        assert lines == left
        assert [strip.action.name for strip in cut.strips] == ["own"]
    again = [(s.frame_start, s.frame_end) for t in tracks for s in t.strips if s.name.startswith("Mouth")]
    assert again == [(41, 66), (81, 106)], "the first retake stays among the lines, too"
    assert all(np.ptp(seen(dialogue, range(first, first + 25))) > 0.01 for first in (1, 41, 81))


def test_two_faces_with_one_head_are_named(dialogue) -> None:
    dialogue.batch.listening = False
    head = dialogue.stage.empty("Head")
    for member in dialogue.batch.cast:
        member.head_target = head
    dialogue.strip("hello", 1, 1)
    dialogue.strip("answer", 2, 10)
    assert dialogue.bake() == {"FINISHED"}
    said = {line["id"]: line["reason"] for line in dialogue.report()["lines"]}
    assert said["hello"] == "" and "Bert and Anna turn the same head, Head: choose another" in said["answer"]


def test_a_soloed_track_of_lines_is_soloed_again(dialogue) -> None:
    dialogue.batch.listening = False
    dialogue.strip("one", 1, 5)
    dialogue.bake()
    tracks = bpy.data.objects["Anna"].data.shape_keys.animation_data.nla_tracks
    tracks[0].is_solo = True
    dialogue.bake()
    assert [track.is_solo for track in tracks] == [True]
    assert np.ptp(seen(dialogue, range(5, 30))) > 0.01


def test_an_error_in_the_middle_of_a_batch_changes_nothing(dialogue, everything, monkeypatch) -> None:
    dialogue.batch.listening = False
    dialogue.strip("one", 1, 5)
    dialogue.strip("two", 2, 40)
    dialogue.bake()
    before, put, calls = everything(), LineStrip.put, []

    def breaking(self, track) -> None:
        calls.append(track)
        if len(calls) > 1:
            raise RuntimeError("no room")
        put(self, track)

    monkeypatch.setattr(LineStrip, "put", breaking)
    with pytest.raises(RuntimeError, match="no room"):
        dialogue.bake()
    assert everything() == before


def seen(dialogue, frames) -> list[float]:
    found = []
    for frame in frames:
        dialogue.scene.frame_set(frame)
        keys = bpy.data.objects["Anna"].data.shape_keys.key_blocks
        found.append(keys["jawOpen"].value)
    return found


def test_lines_whose_strips_are_gone_fall_silent(dialogue) -> None:
    dialogue.lines_of_files("Anna_9.wav")
    dialogue.bake()
    dialogue.batch.source, dialogue.batch.listening = "STRIPS", False
    dialogue.strip("one", 1, 5)
    two, three = dialogue.strip("two", 1, 60), dialogue.strip("three", 2, 60)
    dialogue.bake()
    only(dialogue, "one")
    assert list(strips("Anna")) == ["one", "two"], "a part says nothing of the rest"
    two.mute, three.sound.filepath = True, "//nowhere.wav"
    dialogue.batch.source = "STRIPS"
    dialogue.bake()
    assert list(strips("Anna")) == ["one"] and list(strips("Bert")) == ["three"]
    assert sorted(action.name for action in bpy.data.actions) == ["Anna_9", "one", "three"]
    two.mute = False
    dialogue.scene.sequence_editor.strips.remove(three)
    dialogue.bake()
    assert list(strips("Anna")) == ["one", "two"]
    assert not bpy.data.objects["Bert"].data.shape_keys.animation_data.nla_tracks
