"""The list of reference performances and the details of the chosen one."""

from __future__ import annotations

import bpy

from .sidebar import SidebarPanel


class MOUTHPIECE_UL_references(bpy.types.UIList):
    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: bpy.types.AnyType,
        item: bpy.types.AnyType,
        icon: int,
        active_data: bpy.types.AnyType,
        active_property: str,
    ) -> None:
        row = layout.row(align=True)
        row.prop(item, "enabled", text="")
        source = item.action or item.source
        row.label(text=source.name if source else "Choose an action", icon="ACTION" if source else "ERROR")
        weight = row.row()
        weight.ui_units_x = 2.5
        weight.prop(item, "weight", text="", emboss=False)


class MOUTHPIECE_PT_references(SidebarPanel, bpy.types.Panel):
    bl_label = "References"
    bl_parent_id = "MOUTHPIECE_PT_main"

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.mouthpiece
        row = layout.row()
        row.template_list(
            "MOUTHPIECE_UL_references", "", settings, "references", settings, "reference_index", rows=3
        )
        buttons = row.column(align=True)
        buttons.operator("mouthpiece.reference_add", text="", icon="ADD")
        buttons.operator("mouthpiece.reference_remove", text="", icon="REMOVE")
        buttons.operator("mouthpiece.reference_import", text="", icon="IMPORT")
        if 0 <= settings.reference_index < len(settings.references):
            self._draw_item(layout.column(), settings.references[settings.reference_index])
        layout.prop(settings, "style_strength", slider=True)

    def _draw_item(self, layout: bpy.types.UILayout, item: bpy.types.PropertyGroup) -> None:
        layout.use_property_split, layout.use_property_decorate = True, False
        layout.prop(item, "action")
        if item.action is None:
            layout.prop(item, "source")
        else:
            layout.prop_search(item, "slot", item.action, "slots")
        layout.prop(item, "sound")
        if item.sound is not None:
            layout.prop(item, "sound_frame")
        layout.prop(item, "use_range")
        if item.use_range:
            layout.prop(item, "frame_first")
            layout.prop(item, "frame_last")
