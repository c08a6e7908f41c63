"""Cancel: stop a running bake before anything is written, or a preview."""

from __future__ import annotations

import bpy


class MOUTHPIECE_OT_cancel(bpy.types.Operator):
    """Stop what is running; the scene stays as it was"""

    bl_idname = "mouthpiece.cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        state = context.window_manager.mouthpiece
        busy = state.running or state.previewing or state.live
        if not busy:
            cls.poll_message_set("No bake is running")
        return busy

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.mouthpiece.cancel_requested = True
        return {"FINISHED"}
