"""The Mouthpiece tab of the 3D View's sidebar."""

from __future__ import annotations

import bpy

from .references import MOUTHPIECE_PT_references, MOUTHPIECE_UL_references
from .sidebar import MOUTHPIECE_PT_coverage, MOUTHPIECE_PT_main, MOUTHPIECE_PT_options

CLASSES = (
    MOUTHPIECE_UL_references,
    MOUTHPIECE_PT_main,
    MOUTHPIECE_PT_references,
    MOUTHPIECE_PT_options,
    MOUTHPIECE_PT_coverage,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
