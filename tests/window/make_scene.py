"""Saves the demo character without any animation, for the window: ``make_scene.py SCENE.blend``."""

from __future__ import annotations

import os
import sys

import bpy

from mouthpiece.demo.character import build_parts
from mouthpiece.demo.character.build import build_objects


def main(path: str) -> None:
    """Build it in an empty scene and save it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    build_objects(build_parts())
    for item in bpy.context.scene.objects:
        item.select_set(False)
    bpy.context.view_layer.objects.active = None
    bpy.ops.wm.save_as_mainfile(filepath=path, compress=True)


if __name__ == "__main__":
    main(sys.argv[1])
    sys.stdout.flush()
    os._exit(0)  # Blender's module may crash while Python ends
