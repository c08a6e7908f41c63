"""The list of reference performances, what each of them brings, and how far to follow them."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as iface

from ..properties import MEASURES
from .presets import MOUTHPIECE_PT_manner_presets
from .sidebar import SidebarPanel, draw_text

WEAK = 0.02
"""A share of the last bake below which a reference counts as unused."""


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
        row.active = item.enabled
        row.prop(item, "enabled", text="")
        source = item.action or item.source
        row.label(
            text=(item.name or source.name) if source else iface("Choose an action"),
            icon="ERROR" if item.concern or not source else "SOUND" if item.sound else "ACTION",
            translate=False,
        )
        if item.share >= 0.0:
            share = row.row()
            share.ui_units_x = 3
            share.progress(factor=item.share, text=f"{item.share:.0%}")
        weight = row.row()
        weight.ui_units_x = 2.2
        weight.prop(item, "weight", text="", emboss=False)


class MOUTHPIECE_MT_reference_add(bpy.types.Menu):
    bl_label = "Add References"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        for scope, text, icon in (
            ("SELECTED", "From Selection", "RESTRICT_SELECT_OFF"),
            ("CHARACTER", "All Takes of the Character", "USER"),
            ("ASSETS", "Selected Assets", "ASSET_MANAGER"),
            ("ACTIVE", "Active Object or Empty Entry", "ADD"),
        ):
            layout.operator("mouthpiece.reference_add", text=text, icon=icon).scope = scope
        layout.separator()
        layout.operator("mouthpiece.reference_import", text="Import Takes…", icon="IMPORT")


class MOUTHPIECE_PT_references(SidebarPanel, bpy.types.Panel):
    bl_label = "References"
    bl_parent_id = "MOUTHPIECE_PT_main"
    bl_options = {"DEFAULT_CLOSED"}

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        MOUTHPIECE_PT_manner_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.mouthpiece
        if not settings.references:
            layout.operator("mouthpiece.reference_import", text="Import Takes…", icon="IMPORT")
            add = layout.operator("mouthpiece.reference_add", text="All Takes of the Character", icon="USER")
            add.scope = "CHARACTER"
            layout.menu("MOUTHPIECE_MT_reference_add", text="More", icon="ADD")
            _draw_drop(layout, settings)
            return
        row = layout.row()
        row.template_list(
            "MOUTHPIECE_UL_references", "", settings, "references", settings, "reference_index", rows=4
        )
        buttons = row.column(align=True)
        buttons.menu("MOUTHPIECE_MT_reference_add", text="", icon="ADD")
        buttons.operator("mouthpiece.reference_remove", text="", icon="REMOVE")
        buttons.separator()
        buttons.operator("mouthpiece.reference_check", text="", icon="FILE_REFRESH")
        buttons.operator("mouthpiece.reference_remove", text="", icon="TRASH").all = True
        _draw_drop(layout, settings)
        if 0 <= settings.reference_index < len(settings.references):
            _draw_summary(layout, context, settings.references[settings.reference_index])
        _draw_manner(layout, settings)


class MOUTHPIECE_PT_reference_details(SidebarPanel, bpy.types.Panel):
    bl_label = "Source of the Reference"
    bl_parent_id = "MOUTHPIECE_PT_references"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings = context.scene.mouthpiece
        return 0 <= settings.reference_index < len(settings.references)

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.mouthpiece
        item = settings.references[settings.reference_index]
        layout.use_property_split, layout.use_property_decorate = True, False
        layout.prop(item, "action")
        layout.prop(item, "source")
        if item.action is not None:
            layout.prop_search(item, "slot", item.action, "slots")
        layout.prop(item, "sound")
        if item.sound is not None:
            layout.prop(item, "sound_frame")
        layout.prop(item, "use_range")
        if item.use_range:
            column = layout.column(align=True)
            column.prop(item, "frame_first")
            column.prop(item, "frame_last")
        layout.prop(item, "rate")


def _draw_drop(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """A field that takes actions of this file, dragged from the Asset Browser or the Outliner. Blender lets
    assets of other files fall on no button: those come by the menus."""
    layout.prop(settings, "reference_drop", text="", placeholder=iface("Drop or choose an action"))


def draw_asset_menu(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    """The Asset Browser's own menu: follow what is selected."""
    if context.asset is not None and context.asset.id_type == "ACTION":
        menu.layout.separator()
        add = menu.layout.operator("mouthpiece.reference_add", text="Follow with Mouthpiece", icon="ACTION")
        add.scope = "ASSETS"


def _draw_summary(
    layout: bpy.types.UILayout, context: bpy.types.Context, item: bpy.types.PropertyGroup
) -> None:
    """What a reference brings, as bars, and what it gave to the last bake."""
    box = layout.box()
    if item.concern:
        warning = box.column()
        warning.alert = item.seconds == 0.0
        draw_text(warning, context, item.concern, "ERROR")
    if item.seconds == 0.0:
        box.operator("mouthpiece.reference_check", icon="FILE_REFRESH")
        return
    heading = iface("{seconds:.1f} s, with sound") if item.sound else iface("{seconds:.1f} s, no sound")
    box.label(text=heading.format(seconds=item.seconds), icon="GRAPH", translate=False)
    column = box.column(align=True)
    for name, value in zip(MEASURES, item.measures, strict=True):
        row = column.split(factor=0.4, align=True)
        row.label(text=name)
        row.progress(factor=value, text=f"{value:.0%}")
    if item.course:
        column = box.column(align=True)
        share = iface("{share:.0%} of the last bake") if item.share >= WEAK else iface("hardly used")
        column.label(text=share.format(share=item.share), icon="TIME", translate=False)
        column.label(text=item.course, translate=False)


def _draw_manner(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """How far the face follows the references, as a whole and by region."""
    column = layout.column(align=True)
    row = column.row(align=True)
    row.prop(settings, "style_strength", slider=True)
    row.operator_menu_enum("mouthpiece.manner_preset", "preset", text="", icon="PRESET")
    regions = column.grid_flow(columns=2, align=True, even_columns=True, row_major=True)
    for region in ("mouth", "brows", "eyes", "head"):
        regions.prop(settings, f"influence_{region}", slider=True)
