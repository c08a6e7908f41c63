"""Blender's Python module in the part of its program: ``--background FILE --python-expr CODE``."""

from __future__ import annotations

import os
import sys
import traceback

import bpy


def main(arguments: list[str]) -> int:
    code = arguments[arguments.index("--python-expr") + 1]
    bpy.ops.wm.open_mainfile(filepath=next(argument for argument in arguments if argument.endswith(".blend")))
    if os.environ.get("MOUTHPIECE_TEST_CRASH"):
        _crash_at(os.environ["MOUTHPIECE_TEST_CRASH"])
    try:
        exec(code, {})
    except Exception:
        traceback.print_exc()
        return int(arguments[arguments.index("--python-exit-code") + 1])
    return 0


def _crash_at(name: str) -> None:
    """Let Blender die while it makes the line of that name."""

    def die(scene: bpy.types.Scene, *_: object) -> None:
        if scene.name == name:
            os.kill(os.getpid(), 11)

    bpy.app.handlers.frame_change_pre.append(die)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)
