"""An empty Blender scene with Mouthpiece registered, and the few things that tests put into it."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference.types import BLENDSHAPES, C, frame_times

TRIANGLE = np.array([(-0.1, 0, 0), (0.1, 0, 0), (0, 0, 0.2)])


class Stage:
    """Makes faces, sounds and takes in the open scene."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def scene(self):
        import bpy

        return bpy.context.scene

    def face(self, name: str = "Face", keys: Sequence[str] = BLENDSHAPES, at=(0.0, 0.0, 0.0), parent=None):
        """A triangle with shape keys that each lift it; active from now on."""
        import bpy

        mesh = bpy.data.meshes.new(name)
        mesh.from_pydata([tuple(corner) for corner in TRIANGLE], [], [(0, 1, 2)])
        item = bpy.data.objects.new(name, mesh)
        item.location = at
        item.parent = parent
        self.scene.collection.objects.link(item)
        for key in ("Basis", *keys) if keys else ():
            item.shape_key_add(name=key).value = 0.0  # Blender 5 starts at 1
        bpy.context.view_layer.objects.active = item
        bpy.context.view_layer.update()
        return item

    def empty(self, name: str):
        import bpy

        item = bpy.data.objects.new(name, None)
        self.scene.collection.objects.link(item)
        return item

    def armature(self, name: str, bone: str, tail=(0.0, 0.3, 0.5)):
        """An armature with one bone."""
        import bpy

        item = bpy.data.objects.new(name, bpy.data.armatures.new(name))
        self.scene.collection.objects.link(item)
        bpy.context.view_layer.objects.active = item
        bpy.ops.object.mode_set(mode="EDIT")
        made = item.data.edit_bones.new(bone)
        made.tail = tail
        bpy.ops.object.mode_set(mode="OBJECT")
        return item

    def sound(self, seconds: float = 1.0, name: str = "line.wav", rate: int = 16_000) -> Path:
        """A file with a buzz that swells four times a second."""
        time = np.arange(int(seconds * rate)) / rate
        voice = sum(np.sin(2 * np.pi * 110 * k * time) / k for k in range(1, 20))
        samples = np.int16(6000 * voice * np.clip(np.sin(2 * np.pi * 4 * time), 0, None))
        return self.write_wave(name, samples, rate)

    def write_wave(self, name: str, samples: np.ndarray, rate: int = 16_000) -> Path:
        path = self.folder / name
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(samples.astype("<i2").tobytes())
        return path

    def motion(self, count: int = 50, phase: float = 0.0) -> np.ndarray:
        """Slow waves of all channels, float32 [T, C]."""
        waves = np.sin(np.arange(C)[None] * 0.37 + frame_times(count)[:, None] * 4.0 + phase)
        return np.concatenate([0.5 + 0.4 * waves[:, :52], 0.2 * waves[:, 52:]], axis=1).astype(np.float32)

    def write(self, target, channels: np.ndarray, *, start=1.0, whole=False, head=None, bone=""):
        """Bake known channels, without the model."""
        from mouthpiece.rigs.bake_plan import plan_bake
        from mouthpiece.rigs.retarget import SceneClock
        from mouthpiece.rigs.scene_read import read_rig
        from mouthpiece.rigs.scene_write import write_bake

        rig = read_rig(self.scene, target, head, bone)
        clock = SceneClock(self.scene.render.fps / self.scene.render.fps_base, start)
        plan = plan_bake(rig, channels, clock, whole=whole)
        return write_bake(plan), plan

    def at(self, seconds: float, start: float = 1.0) -> None:
        """Go to a time of the sound that starts at frame ``start``."""
        frame = start + seconds * self.scene.render.fps / self.scene.render.fps_base
        self.scene.frame_set(int(frame // 1), subframe=frame % 1)

    def action(self, channels: np.ndarray, name: str = "Take", start: float = 1.0):
        """An action that holds channels as a capture would, at the scene's rate."""
        from mouthpiece.inference.types import Take
        from mouthpiece.rigs.scene_write import take_action

        rate = self.scene.render.fps / self.scene.render.fps_base
        return take_action(Take(channels, 25.0, name), rate, start)


@pytest.fixture
def registered() -> Iterator[None]:
    """Factory settings, no objects, Mouthpiece registered."""
    import bpy

    import mouthpiece

    bpy.ops.wm.read_factory_settings(use_empty=True)
    mouthpiece.register()
    yield
    mouthpiece.unregister()


@pytest.fixture
def stage(registered: None, tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
def everything() -> Callable[[], dict[str, object]]:
    """A fingerprint of all animation and the data that holds it, to show that nothing changed."""
    import bpy

    def state() -> dict[str, object]:
        blocks = [*bpy.data.shape_keys, *bpy.data.objects]
        return {
            "actions": sorted(action.name for action in bpy.data.actions),
            "animated": sorted(block.name for block in blocks if block.animation_data is not None),
            "strips": [
                (
                    block.name,
                    track.name,
                    track.mute,
                    strip.name,
                    strip.action.name,
                    strip.frame_start,
                    strip.frame_end,
                )
                for block in blocks
                if block.animation_data is not None
                for track in block.animation_data.nla_tracks
                for strip in track.strips
            ],
            "values": [[key.value for key in block.key_blocks] for block in bpy.data.shape_keys],
            "frame": bpy.context.scene.frame_current,
        }

    return state
