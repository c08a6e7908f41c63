"""The verbs that an artist presses, one file each."""

from __future__ import annotations

import bpy

from .bake import MOUTHPIECE_OT_bake
from .cancel import MOUTHPIECE_OT_cancel
from .mapping_detect import MOUTHPIECE_OT_mapping_detect
from .references import (
    MOUTHPIECE_OT_reference_add,
    MOUTHPIECE_OT_reference_import,
    MOUTHPIECE_OT_reference_remove,
)

CLASSES = (
    MOUTHPIECE_OT_bake,
    MOUTHPIECE_OT_cancel,
    MOUTHPIECE_OT_mapping_detect,
    MOUTHPIECE_OT_reference_add,
    MOUTHPIECE_OT_reference_import,
    MOUTHPIECE_OT_reference_remove,
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
