"""Face, dialogue, Bake and its progress: the three clicks of a first run. Everything else is folded away."""

from __future__ import annotations

import textwrap

import bpy
from bpy.app.translations import pgettext_iface as iface

CHARACTER_WIDTH = 6.6
"""Pixels that a letter of the interface's font takes on average at scale 1."""
INDENT = 62
"""Pixels at scale 1 that a box, its icon and the sidebar's edges take from the width of a text."""


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
        column = layout.column(align=True)
        column.enabled = not state.running
        _draw_face(column, context, settings, state)
        column.separator()
        column.label(text="Dialogue", icon="SOUND")
        column.template_ID(settings, "sound", open="sound.open")
        if settings.sound is None:
            column.prop(settings, "audio_path", text="", placeholder=iface("or a file"))
        _draw_work(layout, settings, state)
        if state.status:
            _draw_status(layout, context, state)


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
        draw_head(layout, settings)
        layout.prop(settings, "whole_frames")
        layout.prop(settings, "device")


def draw_head(layout: bpy.types.UILayout, owner: bpy.types.PropertyGroup) -> None:
    """The head that turns with a face, of the settings or of a member of the cast."""
    layout.prop(owner, "head_target")
    if owner.head_target is not None and owner.head_target.type == "ARMATURE":
        layout.prop_search(owner, "head_bone", owner.head_target.data, "bones")


def _draw_face(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    settings: bpy.types.PropertyGroup,
    state: bpy.types.PropertyGroup,
) -> None:
    """The face field, and what was recognised of it."""
    active = context.view_layer.objects.active
    layout.label(text="Face", icon="USER")
    layout.prop(settings, "target", text="", placeholder=active.name if active else "")
    target = settings.target or active
    if state.face:
        layout.label(text=state.face, icon="CHECKMARK", translate=False)
    elif target is None:
        layout.label(text="Select the character's face", icon="INFO")
    else:
        layout.label(text=iface("No facial shape keys on {name}").format(name=target.name), icon="INFO")


def _draw_work(
    layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup, state: bpy.types.PropertyGroup
) -> None:
    """The Bake button, or what it is doing; one way to stop whatever runs."""
    if state.running:
        row = layout.row(align=True)
        row.scale_y = 1.5
        row.progress(factor=state.progress, text=iface("Baking {share:.0%}").format(share=state.progress))
        row.operator("mouthpiece.cancel", text="", icon="X")
        return
    row = layout.row(align=True)
    row.scale_y = 1.5
    row.operator("mouthpiece.bake", icon="PLAY")
    if state.previewing or state.live:
        row = layout.row(align=True)
        row.label(text=state.preview_now or state.live_now, icon="HIDE_OFF")
        row.operator("mouthpiece.cancel", text="", icon="X")


def _draw_status(
    layout: bpy.types.UILayout, context: bpy.types.Context, state: bpy.types.PropertyGroup
) -> None:
    """How the last press went, with a way to take the message away."""
    box = layout.box()
    box.alert = state.failed
    row = box.row(align=True)
    draw_text(row, context, state.status, "ERROR" if state.failed else "INFO", spare=24)
    row.operator("mouthpiece.status_clear", text="", icon="X", emboss=False)


def draw_text(
    layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str = "NONE", spare: int = 0
) -> None:
    """Draw ``text`` over as many lines as the sidebar's width asks for, ``spare`` pixels less at scale 1."""
    width = context.region.width / context.preferences.system.ui_scale - INDENT - spare
    column = layout.column(align=True)
    column.scale_y = 0.8
    for paragraph in text.splitlines():
        for line in textwrap.wrap(paragraph, max(int(width / CHARACTER_WIDTH), 18)):
            column.label(text=line, icon=icon, translate=False)
            icon = "BLANK1" if icon != "NONE" else "NONE"
