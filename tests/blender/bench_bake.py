"""How long ten minutes of dialogue take to become keyframes, inference not counted: part of `make bench`.

Run it with a Python that has Blender as a module. The best of three counts, so that other load does not.
"""

from __future__ import annotations

import sys
import time

import bpy
import numpy as np

from mouthpiece.inference.types import BLENDSHAPES, TICK_RATE, C, frame_times
from mouthpiece.rigs.bake_plan import plan_bake
from mouthpiece.rigs.retarget import SceneClock
from mouthpiece.rigs.scene_read import read_rig
from mouthpiece.rigs.scene_write import write_bake

MINUTES = 10
RUNS = 3


def face() -> bpy.types.Object:
    """A triangle with the 52 shape keys."""
    mesh = bpy.data.meshes.new("Face")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    item = bpy.data.objects.new("Face", mesh)
    bpy.context.scene.collection.objects.link(item)
    for name in ("Basis", *BLENDSHAPES):
        item.shape_key_add(name=name).value = 0.0
    return item


def main() -> int:
    """Print one line; the status is 1 if a bake wrote other keys than it should."""
    count = round(MINUTES * 60 * TICK_RATE)
    waves = np.sin(np.arange(C)[None] * 0.37 + frame_times(count)[:, None] * 4.0)
    channels = (0.5 + 0.4 * waves).astype(np.float32)
    target, took = face(), []
    for _ in range(RUNS):
        started = time.perf_counter()
        rig = read_rig(bpy.context.scene, target, None, "")
        plan = plan_bake(rig, channels, SceneClock(24.0, 1.0))
        action = write_bake(plan)
        took.append(time.perf_counter() - started)
    bag = action.layers[0].strips[0].channelbag(action.slots[0])
    keys = sum(len(curve.keyframe_points) for curve in bag.fcurves)
    print(
        f"bake of {MINUTES} minutes onto 52 shape keys in Blender {bpy.app.version_string}: {min(took):.3f} s"
    )
    return int(keys != count * len(BLENDSHAPES))


if __name__ == "__main__":
    sys.exit(main())
