"""Reads Blender's animation data: the character around a target, and takes from its actions."""

from __future__ import annotations

from .animation import MARK, animated, animation_layers, curves_of, unread
from .character import (
    character_objects,
    find_table,
    find_target,
    read_head,
    read_rig,
    rig_entries,
    shape_key_names,
)
from .flame import find_flame, flame_curves, flame_take
from .performer import action_owner, face_slot
from .table import store_entries, stored_entries, table_owner
from .take import object_animation, read_take

__all__ = [
    "MARK",
    "action_owner",
    "animated",
    "animation_layers",
    "character_objects",
    "curves_of",
    "face_slot",
    "find_flame",
    "find_table",
    "find_target",
    "flame_curves",
    "flame_take",
    "object_animation",
    "read_head",
    "read_rig",
    "read_take",
    "rig_entries",
    "shape_key_names",
    "store_entries",
    "stored_entries",
    "table_owner",
    "unread",
]
