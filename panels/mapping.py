"""The mapping: what was recognised, a table to edit it, and a poke to try each movement."""

from __future__ import annotations

import bpy

from ..properties import table_of
from .sidebar import SidebarPanel, draw_text


class MOUTHPIECE_UL_mapping(bpy.types.UIList):
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
        row.active = item.enabled
        row.prop(item, "enabled", text="")
        row = row.split(factor=0.55, align=True)
        row.label(text=item.channel, translate=False)
        row = row.row(align=True)
        icons = {"SHAPE_KEY": "SHAPEKEY_DATA", "POSE": "POSE_HLT", "PROPERTY": "RNA", "BONE": "BONE_DATA"}
        icon = icons[item.kind] if item.name else "ERROR"
        row.label(text=item.name or "choose a target", icon=icon, translate=False)

    def filter_items(
        self, context: bpy.types.Context, data: bpy.types.AnyType, propname: str
    ) -> tuple[list[int], list[int]]:
        """Search both sides of a row."""
        wanted = self.filter_name.casefold()
        rows = getattr(data, propname)
        shown = [
            self.bitflag_filter_item if wanted in f"{row.channel} {row.name}".casefold() else 0
            for row in rows
        ]
        return (shown if wanted else []), []


class MOUTHPIECE_PT_mapping(SidebarPanel, bpy.types.Panel):
    bl_label = "Mapping"
    bl_parent_id = "MOUTHPIECE_PT_main"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, state = self.layout, context.window_manager.mouthpiece
        layout.operator("mouthpiece.mapping_detect", icon="VIEWZOOM")
        owner = table_of(context)
        if owner is None or not owner.mouthpiece.entries:
            layout.operator("mouthpiece.mapping_reset", text="Edit as Table", icon="PRESET").mode = "DETECT"
        else:
            self._draw_table(layout, owner)
        own = layout.row(align=True)
        own.operator_menu_enum("mouthpiece.mapping_preset", "preset", text="Presets", icon="PRESET")
        own.operator("mouthpiece.mapping_preset_add", text="", icon="ADD")
        own.operator_menu_enum("mouthpiece.mapping_preset_remove", "preset", text="", icon="REMOVE")
        files = layout.row(align=True)
        files.operator("mouthpiece.mapping_save", text="Save", icon="EXPORT")
        files.operator("mouthpiece.mapping_load", text="Load", icon="IMPORT")
        if state.coverage:
            draw_text(layout, context, state.coverage)

    def _draw_table(self, layout: bpy.types.UILayout, owner: bpy.types.Object) -> None:
        table = owner.mouthpiece
        row = layout.row()
        row.template_list("MOUTHPIECE_UL_mapping", "", table, "entries", table, "entry_index", rows=5)
        buttons = row.column(align=True)
        buttons.operator("mouthpiece.mapping_entry_add", text="", icon="ADD")
        buttons.operator("mouthpiece.mapping_entry_remove", text="", icon="REMOVE")
        buttons.separator()
        buttons.operator("mouthpiece.mapping_reset", text="", icon="FILE_REFRESH").mode = "DETECT"
        buttons.operator("mouthpiece.mapping_reset", text="", icon="LOOP_BACK").mode = "AUTOMATIC"
        if 0 <= table.entry_index < len(table.entries):
            self._draw_entry(layout.column(), owner, table.entries[table.entry_index])

    def _draw_entry(
        self, layout: bpy.types.UILayout, owner: bpy.types.Object, item: bpy.types.PropertyGroup
    ) -> None:
        layout.use_property_split, layout.use_property_decorate = True, False
        layout.prop(item, "channel")
        layout.prop(item, "kind")
        layout.prop(item, "owner")
        _draw_name(layout, item.owner or owner, item)
        layout.prop(item, "gain")
        layout.prop(item, "offset")
        layout.prop(item, "invert")
        layout.prop(item, "use_range")
        if item.use_range:
            layout.prop(item, "low")
            layout.prop(item, "high")
        poke = layout.row(align=True)
        full = poke.operator("mouthpiece.mapping_poke", text="Poke", icon="HIDE_OFF")
        full.channel, full.value = item.channel, 1.0
        rest = poke.operator("mouthpiece.mapping_poke", text="Rest", icon="HIDE_ON")
        rest.channel, rest.value = item.channel, 0.0


def _draw_name(layout: bpy.types.UILayout, item: bpy.types.Object, row: bpy.types.PropertyGroup) -> None:
    """The target's name, with a list to choose from where there is one."""
    keys = getattr(item.data, "shape_keys", None)
    if row.kind == "BONE":
        if item.type == "ARMATURE":
            layout.prop_search(row, "name", item.data, "bones")
        else:
            layout.prop(row, "name")
        layout.prop(row, "bone_axis")
    elif row.kind in ("SHAPE_KEY", "POSE") and keys is not None:
        layout.prop_search(row, "name", keys, "key_blocks")
    else:
        layout.prop(row, "name")
