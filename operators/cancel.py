"""Cancel: stop a running bake before anything is written."""

from __future__ import annotations

import bpy


class MOUTHPIECE_OT_cancel(bpy.types.Operator):
    """Stop the running bake; the scene stays as it was"""

    bl_idname = "mouthpiece.cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        running = context.window_manager.mouthpiece.running
        if not running:
            cls.poll_message_set("No bake is running")
        return running

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.mouthpiece.cancel_requested = True
        return {"FINISHED"}
