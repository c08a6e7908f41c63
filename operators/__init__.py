"""The verbs that an artist presses, one file each."""

from __future__ import annotations

import bpy

from . import (
    batch,
    batch_cast,
    command_line,
    live,
    log,
    mapping_presets,
    presets_own,
    preview_overlay,
    status,
)
from .bake import MOUTHPIECE_OT_bake
from .bake_use import (
    MOUTHPIECE_OT_bake_export,
    MOUTHPIECE_OT_bake_options_reset,
    MOUTHPIECE_OT_bake_to_asset,
)
from .cache import MOUTHPIECE_OT_cache_clear
from .cancel import MOUTHPIECE_OT_cancel
from .flame import MOUTHPIECE_OT_flame_export, MOUTHPIECE_OT_flame_import
from .live import MOUTHPIECE_OT_live_toggle
from .mapping_detect import MOUTHPIECE_OT_mapping_detect
from .mapping_files import MOUTHPIECE_OT_mapping_load, MOUTHPIECE_OT_mapping_save
from .mapping_poke import MOUTHPIECE_OT_mapping_poke
from .mapping_table import (
    MOUTHPIECE_OT_mapping_entry_add,
    MOUTHPIECE_OT_mapping_entry_remove,
    MOUTHPIECE_OT_mapping_reset,
)
from .preflight import MOUTHPIECE_OT_preflight
from .presets import MOUTHPIECE_OT_manner_preset
from .preview import MOUTHPIECE_OT_preview_rest, MOUTHPIECE_OT_preview_style
from .references import (
    MOUTHPIECE_FH_performance,
    MOUTHPIECE_OT_reference_add,
    MOUTHPIECE_OT_reference_import,
    MOUTHPIECE_OT_reference_remove,
)
from .references_check import MOUTHPIECE_OT_reference_check

CLASSES = (
    MOUTHPIECE_OT_bake,
    MOUTHPIECE_OT_bake_export,
    MOUTHPIECE_OT_bake_options_reset,
    MOUTHPIECE_OT_bake_to_asset,
    MOUTHPIECE_OT_preflight,
    MOUTHPIECE_OT_cancel,
    MOUTHPIECE_OT_flame_export,
    MOUTHPIECE_OT_flame_import,
    MOUTHPIECE_OT_mapping_detect,
    MOUTHPIECE_OT_mapping_entry_add,
    MOUTHPIECE_OT_mapping_entry_remove,
    MOUTHPIECE_OT_mapping_load,
    MOUTHPIECE_OT_mapping_poke,
    MOUTHPIECE_OT_mapping_reset,
    MOUTHPIECE_OT_mapping_save,
    MOUTHPIECE_OT_reference_add,
    MOUTHPIECE_OT_reference_import,
    MOUTHPIECE_OT_reference_remove,
    MOUTHPIECE_OT_reference_check,
    MOUTHPIECE_FH_performance,
    MOUTHPIECE_OT_preview_style,
    MOUTHPIECE_OT_preview_rest,
    MOUTHPIECE_OT_live_toggle,
    MOUTHPIECE_OT_cache_clear,
    MOUTHPIECE_OT_manner_preset,
    status.MOUTHPIECE_OT_status_clear,
    *mapping_presets.CLASSES,
    *presets_own.CLASSES,
    *batch_cast.CLASSES,
    *batch.CLASSES,
)

_register_classes, _unregister_classes = bpy.utils.register_classes_factory(CLASSES)


def register() -> None:
    _register_classes()
    command_line.register()
    status.register()
    log.register()


def unregister() -> None:
    live.leave()
    preview_overlay.leave_all()
    log.unregister()
    status.unregister()
    command_line.unregister()
    _unregister_classes()
