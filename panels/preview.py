"""Preview and live preview: how a line will look, before anything is baked."""

from __future__ import annotations

import bpy

from .sidebar import SidebarPanel


class MOUTHPIECE_PT_preview(SidebarPanel, bpy.types.Panel):
    bl_label = "Preview"
    bl_parent_id = "MOUTHPIECE_PT_main"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, state = self.layout, context.window_manager.mouthpiece
        column = layout.column(align=True)
        column.row(align=True).prop(state, "preview_side", expand=True)
        column.prop(state, "preview_seconds")
        if state.previewing:
            column.operator("mouthpiece.cancel", text="Stop", icon="PAUSE")
        else:
            column.operator("mouthpiece.preview_style", icon="PLAY")
        column = layout.column(align=True)
        if state.microphone:
            row = column.row(align=True)
            row.enabled = not state.live
            row.prop(state, "live_source", expand=True)
        column.operator("mouthpiece.live_toggle", icon="REC", depress=state.live)
        if state.live_now:
            column.label(text=state.live_now, translate=False)
