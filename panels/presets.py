"""Lists of an artist's own presets, behind the small button in a panel's header."""

from __future__ import annotations

import bpy
from bl_ui.utils import PresetPanel


class MOUTHPIECE_PT_bake_presets(PresetPanel, bpy.types.Panel):
    bl_label = "Bake Presets"
    preset_subdir = "mouthpiece/bake"
    preset_operator = "script.execute_preset"
    preset_add_operator = "mouthpiece.bake_preset_add"


class MOUTHPIECE_PT_manner_presets(PresetPanel, bpy.types.Panel):
    bl_label = "Manner Presets"
    preset_subdir = "mouthpiece/manner"
    preset_operator = "script.execute_preset"
    preset_add_operator = "mouthpiece.manner_preset_add"


CLASSES = (MOUTHPIECE_PT_bake_presets, MOUTHPIECE_PT_manner_presets)
