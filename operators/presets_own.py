"""An artist's own presets of the bake options and of the manner, kept where Blender keeps all presets."""

from __future__ import annotations

import bpy
from bl_operators.presets import AddPresetBase

from .presets import MANNER

OUTPUT = (
    "intensity_mouth",
    "intensity_brows",
    "intensity_eyes",
    "intensity_head",
    "smoothing",
    "use_fewer_keys",
    "tolerance",
    "seal",
    "start",
    "span",
    "layer",
    "blend_in",
    "blend_out",
)
"""Bake options that a preset holds; the frames of a range belong to a scene."""


class MOUTHPIECE_OT_bake_preset_add(AddPresetBase, bpy.types.Operator):
    """Keep these options under a name, or remove a preset"""

    bl_idname = "mouthpiece.bake_preset_add"
    bl_label = "Add Bake Preset"
    preset_menu = "MOUTHPIECE_PT_bake_presets"
    preset_subdir = "mouthpiece/bake"
    preset_defines = ("settings = bpy.context.scene.mouthpiece",)
    preset_values = ("settings.whole_frames", *(f"settings.output.{name}" for name in OUTPUT))


class MOUTHPIECE_OT_manner_preset_add(AddPresetBase, bpy.types.Operator):
    """Keep style, regions and mood under a name, or remove a preset"""

    bl_idname = "mouthpiece.manner_preset_add"
    bl_label = "Add Manner Preset"
    preset_menu = "MOUTHPIECE_PT_manner_presets"
    preset_subdir = "mouthpiece/manner"
    preset_defines = ("settings = bpy.context.scene.mouthpiece",)
    preset_values = tuple(f"settings.{name}" for name in MANNER)


CLASSES = (MOUTHPIECE_OT_bake_preset_add, MOUTHPIECE_OT_manner_preset_add)
