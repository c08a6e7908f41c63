"""Style carried from a take on one rig to a bake on another with different names."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.inference.decode_aud import load_audio  # noqa: E402
from mouthpiece.inference.livelink import read_take as read_file  # noqa: E402
from mouthpiece.inference.types import BLENDSHAPES, INDEX, SAMPLE_RATE, C, Take, frame_times  # noqa: E402
from mouthpiece.rigs.bake_plan import plan_bake  # noqa: E402
from mouthpiece.rigs.retarget import SceneClock, sample  # noqa: E402
from mouthpiece.rigs.rig import TakeSource  # noqa: E402
from mouthpiece.rigs.scene_read import read_rig, read_take  # noqa: E402
from mouthpiece.rigs.scene_write import write_bake  # noqa: E402

_spec = importlib.util.spec_from_file_location(
    "rig_faces", Path(__file__).resolve().parents[1] / "rigs" / "faces.py"
)
faces = importlib.util.module_from_spec(_spec)
sys.modules["rig_faces"] = faces
_spec.loader.exec_module(faces)

REFERENCES = faces.ROOT / "demo" / "references"
JAW = INDEX["jawOpen"]


def sculpted(stage, name: str, keys: dict[str, dict[str, float]], at=(0.0, 0.0, 0.0)):
    """The demo face with other shape keys."""
    surface = faces.demo().surface(keys)
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(surface.rest.tolist(), [], [])
    item = bpy.data.objects.new(name, mesh)
    item.location = at
    stage.scene.collection.objects.link(item)
    item.shape_key_add(name="Basis")
    for key, move in surface.moves.items():
        block = item.shape_key_add(name=key)
        block.value = 0.0
        block.data.foreach_set("co", (surface.rest + move).ravel())
    bpy.context.view_layer.objects.active = item
    return item


def performed(stage, item, channels: np.ndarray) -> bpy.types.Action:
    """A hand-made take on a rig: what a bake would key, without Mouthpiece's mark."""
    clock = SceneClock(stage.scene.render.fps / stage.scene.render.fps_base, 1.0)
    action = write_bake(plan_bake(read_rig(stage.scene, item), channels, clock))
    del action["mouthpiece"]
    return action


def reference(name: str) -> Take:
    """One of the demo's reference takes at 25 Hz."""
    take = read_file(REFERENCES / f"{name}.csv")
    seconds = frame_times(int(take.seconds * 25))
    return Take(sample(take.channels, seconds * take.fps / 25), 25.0, name)


RIGS = {
    "renamed": {
        "Mouth_Open": {"jawOpen": 1.0},
        "Lips Closed": {"mouthClose": 1.0},
        "Kiss": {"mouthPucker": 1.0},
        "Funnel": {"mouthFunnel": 1.0},
        "Smile": faces.both("mouthSmile", 1.0),
        "Blink": faces.both("eyeBlink", 1.0),
        **{
            f"{words}.{side[0]}": {f"{channel}{side}": 1.0}
            for words, channel in (("Lower Lip Down", "mouthLowerDown"), ("Upper Lip Up", "mouthUpperUp"))
            for side in ("Left", "Right")
        },
        "Stretch_L": {"mouthStretchLeft": 1.0},
        "Stretch_R": {"mouthStretchRight": 1.0},
        "Frown_L": {"mouthFrownLeft": 1.0},
        "Frown_R": {"mouthFrownRight": 1.0},
        "Press_L": {"mouthPressLeft": 1.0},
    },
    "visemes": {f"viseme_{name}": shows for name, shows in faces.VISEMES.items()},
}


@pytest.mark.parametrize("kind", RIGS)
def test_a_take_on_another_rig_is_read_through_its_own_mapping(stage, kind: str) -> None:
    take = reference("broad")
    item = sculpted(stage, "Anna", RIGS[kind])
    action = performed(stage, item, take.channels)
    back = read_take(TakeSource(action, "", 24.0))
    count = min(len(back.channels), len(take.channels))
    openings = faces.demo().channel_openings
    found, wanted = back.channels[:count, :52] @ openings, take.channels[:count, :52] @ openings
    r = float(np.corrcoef(found, wanted)[0, 1])
    print(f"{kind}: lip opening of the take read back, r = {r:.3f}, size {found.std() / wanted.std():.2f}")
    assert r > 0.95 and 0.7 < found.std() / wanted.std() < 1.3
    assert back.measured[JAW] and not back.measured[INDEX["browInnerUp"]]


def test_a_take_of_bones_and_properties_is_read_back(stage) -> None:
    armature = stage.armature("Rig", "jaw")
    armature["smirk"] = 0.0
    for mode in ("XYZ", "QUATERNION"):
        armature.pose.bones["jaw"].rotation_mode = mode
        armature.mouthpiece.entries.clear()
        for channel, kind, name, gain in (
            ("jawOpen", "BONE", "jaw", 0.35),
            ("mouthSmileLeft", "PROPERTY", "smirk", 2.0),
        ):
            row = armature.mouthpiece.entries.add()
            row.channel, row.kind, row.name, row.owner, row.gain = channel, kind, name, armature, gain
        motion = np.zeros((75, C), np.float32)
        motion[:, JAW] = 0.5 + 0.4 * np.sin(frame_times(75) * 5)
        motion[:, INDEX["mouthSmileLeft"]] = 0.3 + 0.2 * np.cos(frame_times(75) * 3)
        back = read_take(TakeSource(performed(stage, armature, motion), "", 24.0))
        assert back.measured.sum() == 2
        # Reading starts at the first key, half a model frame after the first frame.
        middle = 0.5 * (motion[:-1] + motion[1:])[: len(back.channels)]
        np.testing.assert_allclose(back.channels[:, JAW], middle[:, JAW], atol=5e-3)


def test_style_is_carried_to_a_rig_with_other_names(stage) -> None:
    """References performed on rig A make a bake on rig B as broad, or as mumbled, as they are."""
    settings = stage.scene.mouthpiece
    line = load_audio(faces.ROOT / "demo" / "dialogue" / "dialogue.flac")[: 8 * SAMPLE_RATE]
    settings.audio_path = str(stage.write_wave("line.wav", np.int16(line * 32767)))
    names = {name: name.replace("Left", "_L").replace("Right", "_R") for name in BLENDSHAPES}
    second = sculpted(stage, "Ben", {own: {name: 1.0} for name, own in names.items()}, at=(9, 0, 0))
    settings.target = second
    opening = {}
    for style in ("broad", "mumble"):
        take = reference(style)
        first = sculpted(stage, f"Anna {style}", RIGS["renamed"], at=(-9, 0, 0))
        action = performed(stage, first, take.channels)
        for how, source in (("direct", stage.action(take.channels, style)), ("carried", action)):
            settings.references.clear()
            settings.references.add().action = source
            assert bpy.ops.mouthpiece.bake() == {"FINISHED"}
            opening[style, how] = _spread(second)
    print({" ".join(key): round(value, 4) for key, value in opening.items()})
    direct = opening["broad", "direct"] / opening["mumble", "direct"]
    carried = opening["broad", "carried"] / opening["mumble", "carried"]
    print(f"broad over mumbled lip opening: {direct:.2f} from ARKit takes, {carried:.2f} through rig A")
    assert direct > 1.2 and carried > 1.2


def _spread(item) -> float:
    """How much the lips of a bake move: standard deviation of their opening, mouth widths."""
    strip = item.data.shape_keys.animation_data.nla_tracks["Mouthpiece"].strips[0]
    bag = strip.action.layers[0].strips[0].channelbag(strip.action_slot)
    values = np.array([[point.co[1] for point in curve.keyframe_points] for curve in bag.fcurves])
    return float((values.T @ faces.demo().channel_openings).std())
