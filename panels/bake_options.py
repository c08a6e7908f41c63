"""How a bake is written: keys, intensity, range and its place on the NLA."""

from __future__ import annotations

import bpy

from .presets import MOUTHPIECE_PT_bake_presets
from .sidebar import SidebarPanel, draw_text


class MOUTHPIECE_PT_bake_options(SidebarPanel, bpy.types.Panel):
    bl_label = "Keys and Layers"
    bl_parent_id = "MOUTHPIECE_PT_main"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 4

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        MOUTHPIECE_PT_bake_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        layout, output = self.layout, context.scene.mouthpiece.output
        layout.use_property_split, layout.use_property_decorate = True, False
        layout.label(text="Intensity")
        column = layout.column(align=True)
        for region in ("mouth", "brows", "eyes", "head"):
            column.prop(output, f"intensity_{region}", slider=True)
        layout.prop(output, "smoothing", slider=True)
        row = layout.row(heading="Fewer Keys")
        row.prop(output, "use_fewer_keys", text="")
        value = row.row()
        value.active = output.use_fewer_keys
        value.prop(output, "tolerance", text="")
        layout.prop(output, "seal")
        layout.prop(output, "start")
        layout.prop(output, "span")
        if output.span == "FRAMES":
            column = layout.column(align=True)
            column.prop(output, "first")
            column.prop(output, "last")
        layout.prop(output, "layer")
        column = layout.column(align=True)
        column.prop(output, "blend_in")
        column.prop(output, "blend_out")
        layout.operator("mouthpiece.bake_options_reset", icon="LOOP_BACK")


class MOUTHPIECE_PT_use_bake(SidebarPanel, bpy.types.Panel):
    bl_label = "Check and Export"
    bl_parent_id = "MOUTHPIECE_PT_main"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 5

    def draw(self, context: bpy.types.Context) -> None:
        layout, state = self.layout, context.window_manager.mouthpiece
        layout.operator("mouthpiece.preflight", icon="CHECKMARK")
        if state.preflight:
            draw_text(layout, context, state.preflight)
        layout.separator()
        layout.operator("mouthpiece.bake_export", icon="EXPORT")
        row = layout.row(align=True)
        row.operator("mouthpiece.bake_to_asset", text="Take to Assets", icon="ASSET_MANAGER").kind = "TAKE"
        row.operator("mouthpiece.bake_to_asset", text="Pose", icon="POSE_HLT").kind = "POSE"
        column = layout.column(align=True)
        column.operator("mouthpiece.flame_import", icon="IMPORT")
        column.operator("mouthpiece.flame_export", icon="EXPORT")
