"""Takes read from actions: any rate, slot, range, sound."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.inference.errors import TakeError  # noqa: E402
from mouthpiece.inference.types import BLENDSHAPES, HEAD, INDEX, TICK_SAMPLES  # noqa: E402
from mouthpiece.rigs.matching import match  # noqa: E402
from mouthpiece.rigs.rig import TakeSource  # noqa: E402
from mouthpiece.rigs.scene_read import object_animation, read_head, read_take  # noqa: E402


def keyed(name: str, keys: dict[str, list[float]], step: float = 10.0):
    """An action with one KEY slot and the given values every ``step`` frames from frame 1."""
    action = bpy.data.actions.new(name)
    slot = action.slots.new("KEY", "Key")
    bag = action.layers.new("Layer").strips.new(type="KEYFRAME").channelbag(slot, ensure=True)
    for key, values in keys.items():
        curve = bag.fcurves.new(f'key_blocks["{key}"].value')
        for i, value in enumerate(values):
            curve.keyframe_points.insert(1 + i * step, value).interpolation = "LINEAR"
    return action


@pytest.mark.parametrize("rate", [(24, 1.0), (30, 1.001), (60, 1.0)])
def test_a_take_reads_back_what_was_written(stage, rate: tuple[int, float]) -> None:
    stage.scene.render.fps, stage.scene.render.fps_base = rate
    motion = stage.motion(60)
    action = stage.action(motion)
    source = TakeSource(action, "", rate[0] / rate[1], first=1.0, last=1.0 + 2.4 * rate[0] / rate[1])
    take = read_take(source)
    assert take.fps == 25 and len(take.channels) == 60 and take.measured.all()
    np.testing.assert_allclose(take.channels, motion, atol=2e-3)


def test_range_defaults_to_the_keys(stage) -> None:
    take = read_take(TakeSource(keyed("Take", {"Mouth_Open": [0, 1]}, step=50), "", 25.0))
    assert len(take.channels) == 50
    assert take.channels[24, INDEX["jawOpen"]] == pytest.approx(0.49, abs=1e-4)
    assert take.measured.sum() == 1 and take.measured[INDEX["jawOpen"]]


def test_the_slot_with_the_face_is_found(stage) -> None:
    root = stage.empty("Anna")
    teeth = stage.face("Teeth", ["jawOpen"], parent=root)
    stage.face("Face", parent=root)
    action, _ = stage.write(teeth, stage.motion())
    del action["mouthpiece"]
    assert [slot.name_display for slot in action.slots] == ["Teeth", "Face"]
    assert read_take(TakeSource(action, "", 24.0)).measured.sum() == len(BLENDSHAPES)
    assert read_take(TakeSource(action, "KETeeth", 24.0)).measured.sum() == 1
    with pytest.raises(TakeError, match="no facial shape-key curves in slot KETongue"):
        read_take(TakeSource(action, "KETongue", 24.0))


def test_sound_follows_the_range(stage) -> None:
    audio = np.arange(32_000, dtype=np.float32)
    action = keyed("Take", {"jawOpen": [0, 1]}, step=100)
    take = read_take(TakeSource(action, "", 25.0, first=26.0, last=36.0, audio=audio, sound_frame=1.0))
    assert len(take.audio) == 10 * TICK_SAMPLES and take.audio[0] == 16_000
    early = read_take(TakeSource(action, "", 25.0, first=1.0, last=11.0, audio=audio, sound_frame=6.0))
    assert not early.audio[: 5 * TICK_SAMPLES].any() and early.audio[5 * TICK_SAMPLES + 7] == 7
    late = read_take(TakeSource(action, "", 25.0, first=91.0, last=101.0, audio=audio, sound_frame=1.0))
    assert len(late.audio) == 10 * TICK_SAMPLES and not late.audio.any()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"Wings": [0, 1]}, "has no facial shape-key curves"),
        ({"jawOpen": [0.5, 0.5]}, "does not move in frames 1 to 11"),
        ({"jawOpen": [0.5]}, "shorter than one model frame"),
    ],
)
def test_useless_actions(stage, keys: dict[str, list[float]], message: str) -> None:
    with pytest.raises(TakeError, match=message):
        read_take(TakeSource(keyed("Take", keys), "", 25.0))


def test_own_bakes_are_no_references(stage) -> None:
    action, _ = stage.write(stage.face(), stage.motion())
    with pytest.raises(TakeError, match="Mouthpiece's own bake"):
        read_take(TakeSource(action, "", 24.0))


@pytest.mark.parametrize("mode", ["XYZ", "QUATERNION"])
def test_head_bone_turns_are_read(stage, mode: str) -> None:
    armature = stage.armature("Rig", "head")
    armature.pose.bones["head"].rotation_mode = mode
    motion = stage.motion()
    face = stage.face(parent=armature)
    action, _ = stage.write(face, motion, head=armature, bone="head")
    del action["mouthpiece"]
    source = TakeSource(action, "", 24.0, head=read_head(armature, "head"))
    head = [INDEX[name] for name in HEAD]
    take = read_take(source)
    middle = 0.5 * (motion[:-1] + motion[1:])[: len(take.channels)]
    np.testing.assert_allclose(take.channels[:, head], middle[:, head], atol=5e-3)


def with_a_fan(stage, *, used: bool):
    """An action of a face, on slot KEFace, and of a fan that spins, on slot OBFan."""
    action = keyed("Take", {"jawOpen": [0, 1, 0]}, step=20)
    action.slots[0].name_display = "Face"
    slot = action.slots.new("OBJECT", "Fan")
    bag = action.layers[0].strips[0].channelbag(slot, ensure=True)
    curve = bag.fcurves.new("rotation_euler", index=2)
    for frame, angle in ((1, 0.0), (41, 6.2)):
        curve.keyframe_points.insert(frame, angle).interpolation = "LINEAR"
    fan, face = stage.empty("Fan"), stage.face("Face", at=(5, 0, 0))
    for block, own in ((face.data.shape_keys, action.slots[0]), (fan, slot)) if used else ():
        block.animation_data_create().action = action
        block.animation_data.action_slot = own
    return action, fan, face


@pytest.mark.parametrize("used", [True, False])
@pytest.mark.parametrize("slot", ["KEFace", ""])
def test_a_prop_that_turns_is_no_head(stage, slot: str, used: bool) -> None:
    action, fan, face = with_a_fan(stage, used=used)
    head = [INDEX[name] for name in HEAD]
    for owner in (None, face):
        take = read_take(TakeSource(action, slot, 24.0, owner=owner))
        assert not take.channels[:, head].any() and not take.measured[head].any()
    turned = read_take(TakeSource(action, slot, 24.0, head=read_head(fan)))
    assert np.ptp(turned.channels[:, INDEX["headYaw"]]) > 5.0, "a mapped head is one"


def test_animation_of_an_object_in_use_or_on_a_strip(stage) -> None:
    face = stage.face()
    assert object_animation(face) is None
    data = face.data.shape_keys.animation_data_create()
    stage.write(face, stage.motion())
    assert object_animation(face) is None
    strip = data.nla_tracks.new().strips.new("Old", 1, stage.action(stage.motion(), "Old"))
    assert [found.name for found in object_animation(face)[:1]] == ["Old"]
    strip.mute = True
    assert object_animation(face) is None
    data.action = stage.action(stage.motion(), "New")
    assert object_animation(face)[0].name == "New"


def test_a_take_for_another_rig_keeps_its_names(stage) -> None:
    """References may come from rigs that are named otherwise."""
    names = {"Mouth_Smile_L": [0, 1], "Mouth_Smile_R": [0, 1], "Blink": [0, 1]}
    take = read_take(TakeSource(keyed("Take", names), "", 25.0))
    assert take.measured.sum() == 4 and match(names).unused == ()
