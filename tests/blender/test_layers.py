"""Where a bake lies among the artist's strips: what it rests on, what it leaves to them, what covers it."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.inference.types import INDEX, C  # noqa: E402
from mouthpiece.rigs.bake_plan import plan_bake  # noqa: E402
from mouthpiece.rigs.options import BakeOptions, StripOptions  # noqa: E402
from mouthpiece.rigs.retarget import SceneClock  # noqa: E402
from mouthpiece.rigs.scene_read import read_rig  # noqa: E402
from mouthpiece.rigs.scene_write import write_bake  # noqa: E402

KEYS = ["jawOpen", "browInnerUp"]


def steady(value: float, count: int = 50) -> np.ndarray:
    motion = np.zeros((count, C), np.float32)
    motion[:, INDEX["jawOpen"]] = value
    return motion


def write(stage, face, motion: np.ndarray, start: float = 1.0, **options):
    stage.scene.render.fps = 25
    plan = plan_bake(
        read_rig(stage.scene, face), motion, SceneClock(25.0, start), options=BakeOptions(**options)
    )
    return write_bake(plan), plan


def hers(stage, face, value: float = 0.4, start: int = 1, key: str = "jawOpen", count: int = 50):
    """A strip of the artist's own that moves one key, on a new track on top."""
    motion = np.zeros((count, C), np.float32)
    motion[:, INDEX[key]] = value
    stage.scene.render.fps = 25
    action = stage.action(motion, "Own", start)
    bag = action.layers[0].strips[0].channelbags[0]
    for curve in [curve for curve in bag.fcurves if key not in curve.data_path]:
        bag.fcurves.remove(curve)
    data = face.data.shape_keys.animation_data or face.data.shape_keys.animation_data_create()
    track = data.nla_tracks.new()
    track.name = "Mine"
    strip = track.strips.new("Own", start, action)
    strip.action_slot = action.slots[0]
    strip.action_frame_start, strip.action_frame_end = start, start + count
    strip.frame_start, strip.frame_end = start, start + count
    return strip


def at(stage, face, *frames: int) -> list[float]:
    shown = []
    for frame in frames:
        stage.scene.frame_set(frame)
        shown.append(round(face.data.shape_keys.key_blocks["jawOpen"].value, 3))
    return shown


def tracks(face) -> list[str]:
    return [track.name for track in face.data.shape_keys.animation_data.nla_tracks]


def muted(stage, face) -> None:
    hers(stage, face).mute = True


def muted_track(stage, face) -> None:
    hers(stage, face)
    face.data.shape_keys.animation_data.nla_tracks[0].mute = True


def other_key(stage, face) -> None:
    hers(stage, face, key="browInnerUp")


def elsewhere(stage, face) -> None:
    hers(stage, face, start=300).extrapolation = "NOTHING"


@pytest.mark.parametrize("strip", [muted, muted_track, other_key, elsewhere], ids=lambda case: case.__name__)
def test_a_bake_adds_to_rest_where_her_strips_move_nothing(stage, strip) -> None:
    face = stage.face(keys=KEYS)
    strip(stage, face)
    for _ in range(3):
        write(stage, face, steady(0.3), strip=StripOptions(additive=True))
        assert at(stage, face, 5, 25, 45) == [0.3, 0.3, 0.3]
    write(stage, face, steady(0.8), strip=StripOptions(blend_in=10))
    first, middle, last = at(stage, face, 1, 6, 30)
    assert first < 0.05 < middle < 0.75 and last == 0.8
    assert len(tracks(face)) <= 4


def test_a_bake_adds_to_her_strips_where_they_move_the_face(stage) -> None:
    face = stage.face(keys=KEYS)
    hers(stage, face, 0.4, count=100)
    for _ in range(2):
        write(stage, face, steady(0.3), strip=StripOptions(additive=True))
        assert at(stage, face, 5, 45) == [0.7, 0.7]


def test_a_bake_leaves_her_strips_elsewhere_as_they_are(stage) -> None:
    face = stage.face(keys=KEYS)
    strip = hers(stage, face, 0.4)
    curve = strip.action.layers[0].strips[0].channelbags[0].fcurves[0]
    for point in curve.keyframe_points:
        point.co[1] = point.co[0] / 100
    curve.update()
    before = at(stage, face, 10, 30, 45)
    motion = steady(0.7)
    motion[:, INDEX["browInnerUp"]] = 0.6
    for _ in range(2):
        write(stage, face, motion, 200.0)
        assert at(stage, face, 10, 30, 45) == before and len(set(before)) == 3
        assert at(stage, face, 210, 240) == [0.7, 0.7]
    for frame in (10, 300):
        stage.scene.frame_set(frame)
        brow = face.data.shape_keys.key_blocks["browInnerUp"].value
        assert brow == pytest.approx(0.6), "what she does not move holds its pose"


def test_a_solo_of_hers_outlives_a_bake(stage) -> None:
    face = stage.face(keys=KEYS)
    hers(stage, face)
    data = face.data.shape_keys.animation_data
    data.nla_tracks["Mine"].is_solo = True
    for _ in range(2):
        write(stage, face, steady(0.3))
        assert [track.name for track in data.nla_tracks if track.is_solo] == ["Mine"]


def test_a_patch_over_what_it_covers_wholly_holds_its_ends(stage) -> None:
    face = stage.face(keys=KEYS)
    for value in (0.4, 0.6):
        write(stage, face, steady(value, 100), span=(30.0, 60.0), strip=StripOptions(patch=True))
        assert at(stage, face, 5, 45, 95) == [value] * 3
    assert tracks(face) == ["Mouthpiece"]


def test_a_strip_of_hers_that_holds_over_the_bake_is_told_of(stage) -> None:
    face = stage.face(keys=KEYS)
    stage.scene.mouthpiece.target = face
    write(stage, face, steady(0.7), 100.0)

    def told() -> str:
        bpy.ops.mouthpiece.preflight()
        return bpy.context.window_manager.mouthpiece.preflight

    strip = hers(stage, face, start=1, count=10)
    assert "Face: its NLA track Mine lies above Mouthpiece's" in told()
    strip.extrapolation = "NOTHING"
    assert "lies above" not in told()
    face.data.shape_keys.animation_data.nla_tracks.remove(
        face.data.shape_keys.animation_data.nla_tracks["Mine"]
    )
    other = hers(stage, face, start=120)
    assert "lies above" in told()
    for curve in other.action.layers[0].strips[0].channelbags[0].fcurves:
        curve.data_path = 'key_blocks["Other"].value'
    assert "lies above" not in told(), "it moves nothing that the bake moves"


def test_her_actions_blend_type_comes_back_when_a_bake_replaces_again(stage) -> None:
    face = stage.face(keys=KEYS)
    data = face.data.shape_keys.animation_data_create()
    data.action = stage.action(steady(0.2), "Hand")
    data.action_slot = data.action_suitable_slots[0]
    settings = stage.scene.mouthpiece
    settings.target, settings.audio_path = face, str(stage.sound(1.0))
    for layer in ("ADD", "ADD", "REPLACE"):
        settings.output.layer = layer
        assert bpy.ops.mouthpiece.bake() == {"FINISHED"}
        assert data.action_blend_type == layer
        said = bpy.context.window_manager.mouthpiece.status
        assert ("lies above the Mouthpiece track" in said) == (layer == "REPLACE"), (
            "what adds to it hides nothing"
        )
    status = bpy.context.window_manager.mouthpiece.status
    assert status.count("its action Hand lies above the Mouthpiece track") == 1
    data.action_blend_type = "SUBTRACT"
    for layer in ("ADD", "REPLACE"):
        settings.output.layer = layer
        bpy.ops.mouthpiece.bake()
    assert data.action_blend_type == "SUBTRACT"
    settings.output.layer = "ADD"
    bpy.ops.mouthpiece.bake()
    data.action_blend_type = "MULTIPLY"
    settings.output.layer = "REPLACE"
    bpy.ops.mouthpiece.bake()
    assert data.action_blend_type == "MULTIPLY", "what she chose since stays"
