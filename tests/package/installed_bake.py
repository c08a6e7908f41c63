"""Inside Blender: install the zip given, bake a sound made here onto a mesh made here, write what came of it.

Usage: installed_bake.py ZIP RESULT.json
"""

from __future__ import annotations

import importlib
import json
import math
import os
import struct
import sys
import traceback
import wave
from pathlib import Path

import bpy

PACKAGE = "bl_ext.user_default.mouthpiece"
RATE = 44100
SECONDS = 2.0


def install(package: str) -> None:
    """Install and enable the zip in the user's own repository."""
    done = bpy.ops.extensions.package_install_files(
        repo="user_default", filepath=package, enable_on_install=True
    )
    assert done == {"FINISHED"}, done
    assert PACKAGE in bpy.context.preferences.addons, "installed but not enabled"


def buzz(path: Path) -> None:
    """Write two seconds of a stereo buzz that opens and closes four times a second."""
    samples = bytearray()
    for i in range(int(RATE * SECONDS)):
        t = i / RATE
        voice = sum(math.sin(2 * math.pi * 120 * k * t) / k for k in range(1, 30))
        value = int(8000 * voice * max(0.0, math.sin(2 * math.pi * 4 * t)))
        samples += struct.pack("<hh", value, value)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(bytes(samples))


def face(names: list[str]) -> bpy.types.Object:
    """A triangle with one shape key per name."""
    mesh = bpy.data.meshes.new("Face")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    head = bpy.data.objects.new("Face", mesh)
    bpy.context.scene.collection.objects.link(head)
    head.shape_key_add(name="Basis")
    for number, name in enumerate(names):
        head.shape_key_add(name=name).data[0].co.z = 0.01 * (number + 1)
    bpy.context.view_layer.objects.active = head
    head.select_set(True)
    return head


def describe(head: bpy.types.Object) -> dict[str, object]:
    """The baked action in numbers; times in seconds from the first frame of the scene."""
    tracks = list(head.data.shape_keys.animation_data.nla_tracks)
    strip = tracks[0].strips[0]
    bag = strip.action.layers[0].strips[0].channelbag(strip.action_slot)
    render = bpy.context.scene.render
    per_second = render.fps / render.fps_base
    keys = [[tuple(key.co) for key in curve.keyframe_points] for curve in bag.fcurves]
    times = [frame for curve in keys for frame, _ in curve]
    values = [value for curve in keys for _, value in curve]
    start = bpy.context.scene.mouthpiece.frame_start
    return {
        "tracks": [track.name for track in tracks],
        "curves": len(bag.fcurves),
        "first_second": (min(times) - start) / per_second,
        "last_second": (max(times) - start) / per_second,
        "lowest": min(values),
        "highest": max(values),
        "moving": sum(max(v for _, v in curve) - min(v for _, v in curve) > 1e-4 for curve in keys),
    }


def main(package: str, result: str) -> None:
    """Run all steps; an assertion or another exception ends the script with status 1."""
    install(package)
    types = importlib.import_module(f"{PACKAGE}.inference.types")
    head = face(list(types.BLENDSHAPES))
    sound = Path(result).with_name("buzz.wav")
    buzz(sound)
    settings = bpy.context.scene.mouthpiece
    settings.target = head
    settings.audio_path = str(sound)
    found: dict[str, object] = {"baked": sorted(bpy.ops.mouthpiece.bake())}
    found |= describe(head)
    found["runtime"] = sys.modules["onnxruntime"].__file__
    bpy.ops.preferences.addon_disable(module=PACKAGE)
    found["left_after_disable"] = hasattr(bpy.types.Scene, "mouthpiece")
    Path(result).write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception:
        # The 4.5 module hangs at a normal exit while an add-on is still registered.
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
