"""Face, dialogue, Bake and its progress; options and coverage below."""

from __future__ import annotations

import textwrap

import bpy

CHARACTER_WIDTH = 7.5
"""Pixels that a letter of the interface's font takes on average at scale 1."""


class SidebarPanel:
    """Where all panels of Mouthpiece live."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Mouthpiece"


class MOUTHPIECE_PT_main(SidebarPanel, bpy.types.Panel):
    bl_label = "Mouthpiece"

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.mouthpiece
        state = context.window_manager.mouthpiece
        active = context.view_layer.objects.active
        layout.prop(settings, "target", text="Face", placeholder=active.name if active else "")
        column = layout.column(align=True)
        column.label(text="Dialogue:")
        column.template_ID(settings, "sound", open="sound.open")
        if settings.sound is None:
            column.prop(settings, "audio_path", text="", placeholder="or a file")
        if state.running:
            row = layout.row(align=True)
            row.progress(factor=state.progress, text=f"{state.progress:.0%}")
            row.operator("mouthpiece.cancel", text="", icon="X")
        else:
            row = layout.row()
            row.scale_y = 1.5
            row.operator("mouthpiece.bake", icon="PLAY")
        if state.status:
            draw_text(layout.box(), context, state.status, "ERROR" if state.failed else "INFO")


class MOUTHPIECE_PT_options(SidebarPanel, bpy.types.Panel):
    bl_label = "Options"
    bl_parent_id = "MOUTHPIECE_PT_main"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.mouthpiece
        layout.use_property_split = True
        layout.prop(settings, "valence", slider=True)
        layout.prop(settings, "arousal", slider=True)
        layout.use_property_decorate = False  # only the emotion can be keyed
        layout.prop(settings, "seed")
        layout.prop(settings, "frame_start")
        layout.prop(settings, "head_target")
        if settings.head_target is not None and settings.head_target.type == "ARMATURE":
            layout.prop_search(settings, "head_bone", settings.head_target.data, "bones")
        layout.prop(settings, "whole_frames")
        layout.prop(settings, "device")


def draw_text(layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str = "NONE") -> None:
    """Draw ``text`` over as many lines as the sidebar's width asks for."""
    width = context.region.width / (CHARACTER_WIDTH * context.preferences.system.ui_scale)
    column = layout.column(align=True)
    column.scale_y = 0.8
    for paragraph in text.splitlines():
        for line in textwrap.wrap(paragraph, max(int(width) - 6, 20)):
            column.label(text=line, icon=icon)
            icon = "BLANK1" if icon != "NONE" else "NONE"
