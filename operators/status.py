"""What the panel says is forgotten when it is no longer true: after undo, redo and with another file."""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent


class MOUTHPIECE_OT_status_clear(bpy.types.Operator):
    """Take this message away"""

    bl_idname = "mouthpiece.status_clear"
    bl_label = "Dismiss"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        forget()
        return {"FINISHED"}


@persistent
def forget(*_: object) -> None:
    """Nothing that was said about the scene before holds."""
    for manager in bpy.data.window_managers:
        manager.mouthpiece.status, manager.mouthpiece.failed = "", False


@persistent
def begin(*_: object) -> None:
    """Another file: nothing runs in it yet."""
    forget()
    for manager in bpy.data.window_managers:
        state = manager.mouthpiece
        state.running = state.previewing = state.live = state.cancel_requested = False


def register() -> None:
    bpy.app.handlers.undo_post.append(forget)
    bpy.app.handlers.redo_post.append(forget)
    bpy.app.handlers.load_post.append(begin)


def unregister() -> None:
    bpy.app.handlers.load_post.remove(begin)
    bpy.app.handlers.redo_post.remove(forget)
    bpy.app.handlers.undo_post.remove(forget)
