"""The Mouthpiece tab of the 3D View's sidebar."""

from __future__ import annotations

import bpy

from . import batch, presets
from .bake_options import MOUTHPIECE_PT_bake_options, MOUTHPIECE_PT_use_bake
from .mapping import MOUTHPIECE_PT_mapping, MOUTHPIECE_UL_mapping
from .preview import MOUTHPIECE_PT_preview
from .references import (
    MOUTHPIECE_MT_reference_add,
    MOUTHPIECE_PT_reference_details,
    MOUTHPIECE_PT_references,
    MOUTHPIECE_UL_references,
    draw_asset_menu,
)
from .sidebar import MOUTHPIECE_PT_main, MOUTHPIECE_PT_options

CLASSES = (
    *presets.CLASSES,
    MOUTHPIECE_UL_references,
    MOUTHPIECE_MT_reference_add,
    MOUTHPIECE_UL_mapping,
    MOUTHPIECE_PT_main,
    MOUTHPIECE_PT_references,
    MOUTHPIECE_PT_reference_details,
    MOUTHPIECE_PT_preview,
    MOUTHPIECE_PT_options,
    MOUTHPIECE_PT_mapping,
    MOUTHPIECE_PT_bake_options,
    MOUTHPIECE_PT_use_bake,
    *batch.CLASSES,
)

_register_classes, _unregister_classes = bpy.utils.register_classes_factory(CLASSES)


def register() -> None:
    _register_classes()
    bpy.types.ASSETBROWSER_MT_context_menu.append(draw_asset_menu)


def unregister() -> None:
    bpy.types.ASSETBROWSER_MT_context_menu.remove(draw_asset_menu)
    _unregister_classes()
