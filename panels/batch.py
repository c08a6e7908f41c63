"""The cast, the lines of a batch, and what became of them."""

from __future__ import annotations

import bpy

from .sidebar import SidebarPanel, draw_head, draw_text

ICONS = {"done": "CHECKMARK", "kept": "FILE_TICK", "failed": "ERROR", "left": "PAUSE"}


class MOUTHPIECE_UL_cast(bpy.types.UIList):
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
        row.prop(item, "name", text="", emboss=False, icon="USER" if item.target else "ERROR")
        row.label(text=f"{len(item.references)} refs")
        channel = row.row()
        channel.ui_units_x = 4
        channel.prop(item, "channel", text="Ch.", emboss=False)


class MOUTHPIECE_UL_batch_rows(bpy.types.UIList):
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
        layout.label(text=item.name, icon=ICONS.get(item.status, "BLANK1"))
        layout.label(text=item.reason or item.status)


class MOUTHPIECE_PT_batch(SidebarPanel, bpy.types.Panel):
    bl_label = "Batch"
    bl_parent_id = "MOUTHPIECE_PT_main"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, batch = self.layout, context.scene.mouthpiece.batch
        state = context.window_manager.mouthpiece
        self._draw_cast(layout, batch)
        column = layout.column()
        column.use_property_split, column.use_property_decorate = True, False
        column.prop(batch, "source")
        if batch.source == "FOLDER":
            column.prop(batch, "folder")
            column.prop(batch, "rule")
        elif batch.source == "MANIFEST":
            column.prop(batch, "manifest")
        else:
            column.prop(batch, "listening")
        column.prop(batch, "output")
        column.prop(batch, "resume")
        if state.running:
            layout.label(text=state.batch_left)
        else:
            layout.operator("mouthpiece.batch_bake", icon="SEQUENCE")
        if state.batch_rows:
            self._draw_rows(layout, context, state)

    def _draw_cast(self, layout: bpy.types.UILayout, batch: bpy.types.PropertyGroup) -> None:
        layout.label(text="Who speaks:")
        row = layout.row()
        row.template_list("MOUTHPIECE_UL_cast", "", batch, "cast", batch, "cast_index", rows=2)
        buttons = row.column(align=True)
        buttons.operator("mouthpiece.cast_add", text="", icon="ADD")
        buttons.operator("mouthpiece.cast_remove", text="", icon="REMOVE")
        if not 0 <= batch.cast_index < len(batch.cast):
            return
        member = batch.cast[batch.cast_index]
        column = layout.column()
        column.use_property_split, column.use_property_decorate = True, False
        column.prop(member, "target")
        draw_head(column, member)
        mood = layout.column(align=True)
        mood.use_property_split = True
        mood.prop(member, "valence", slider=True)
        mood.prop(member, "arousal", slider=True)
        row = layout.row(align=True)
        row.operator("mouthpiece.cast_update", icon="IMPORT")
        row.operator("mouthpiece.cast_load", icon="EXPORT")
        row = layout.row(align=True)
        row.operator("mouthpiece.cast_assign", icon="SEQUENCE")
        row.operator("mouthpiece.cast_assign", text="", icon="X").clear = True

    def _draw_rows(
        self, layout: bpy.types.UILayout, context: bpy.types.Context, state: bpy.types.PropertyGroup
    ) -> None:
        layout.template_list(
            "MOUTHPIECE_UL_batch_rows", "", state, "batch_rows", state, "batch_index", rows=4
        )
        if 0 <= state.batch_index < len(state.batch_rows):
            row = state.batch_rows[state.batch_index]
            if row.reason:
                draw_text(layout.box(), context, f"{row.name}: {row.reason}", "ERROR")
        layout.operator("mouthpiece.batch_report", icon="URL")


CLASSES = (MOUTHPIECE_UL_cast, MOUTHPIECE_UL_batch_rows, MOUTHPIECE_PT_batch)
