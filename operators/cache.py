"""The folder in which embedded references are kept, and its clearing."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..inference.entry_cache import EntryCache
from ..inference.errors import Message, OutputError
from .messages import fail, succeed


def user_folder(name: str) -> Path | None:
    """A folder that Blender gives the extension to write in; None where it is loaded in another way."""
    try:
        return Path(bpy.utils.extension_path_user(__package__.rpartition(".")[0], path=name))
    except ValueError:
        return None


def entry_cache() -> EntryCache:
    """The cache of embedded references."""
    return EntryCache(user_folder("cache"))


class MOUTHPIECE_OT_cache_clear(bpy.types.Operator):
    """Remove what Mouthpiece remembers of references; they are looked at anew by the next bake"""

    bl_idname = "mouthpiece.cache_clear"
    bl_label = "Clear Cache"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if user_folder("cache") is None:
            cls.poll_message_set("Only an installed extension has a cache")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            count = entry_cache().clear()
        except OutputError as error:
            return fail(self, context, error)
        removed = Message.counted(
            count, "Removed {count} remembered reference", "Removed {count} remembered references"
        )
        return succeed(self, context, removed)
