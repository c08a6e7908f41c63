"""The mapping table: take it from detection, edit its rows, go back to automatic."""

from __future__ import annotations

import bpy

from ..inference.errors import MappingError, Message, MouthpieceError
from ..rigs.mapping import Entry
from ..rigs.scene_read import (
    character_objects,
    find_target,
    rig_entries,
    store_entries,
    stored_entries,
    table_owner,
)
from ..rigs.scene_read.character import has_keys
from .messages import fail, succeed


def character(context: bpy.types.Context) -> tuple[bpy.types.Object, list[bpy.types.Object]]:
    """The object that holds the mapping table of the chosen character, and all its objects.

    Raises MappingError when nothing is chosen or a linked object cannot hold a table.
    """
    target = find_target(context)
    if target is None:
        raise MappingError("No face is chosen: select it, or choose it in the Mouthpiece tab.")
    objects = character_objects(context.scene, target)
    owner = table_owner(objects) or _holder(objects)
    if not owner.is_editable:
        raise MappingError(
            "{owner} is linked from a library and can hold no mapping: override it, or choose an "
            "object of this file as the face.",
            owner=owner.name,
        )
    return owner, objects


def _holder(objects: list[bpy.types.Object]) -> bpy.types.Object:
    """Where a new table goes: to the object that was chosen, or, where this only carries a face, to the face:
    it is found from either."""
    target = objects[0]
    if target.type in ("MESH", "ARMATURE"):
        return target
    return next((item for item in objects if item.type == "ARMATURE" or has_keys(item)), target)


def entries_to_keep(owner: bpy.types.Object, objects: list[bpy.types.Object]) -> tuple[Entry, ...]:
    """The rows of the table of ``owner`` that count, or what is detected where it has none. Raises
    MappingError when that is nothing."""
    if table_owner(objects) is None:
        entries = rig_entries(objects)
        if not entries:
            raise MappingError(
                "{owner} has no mapping to save: nothing of it was recognised.", owner=owner.name
            )
        return entries
    entries = stored_entries(objects)
    if not entries:
        raise MappingError(
            "{owner} has no mapping to save: none of its rows is complete and switched on.", owner=owner.name
        )
    return entries


class CharacterOperator:
    """Operators that need a face and change its table in one undo step."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if find_target(context) is None:
            cls.poll_message_set("Select the face, or choose it in the Mouthpiece tab")
            return False
        return True


class MOUTHPIECE_OT_mapping_reset(CharacterOperator, bpy.types.Operator):
    """Write what was detected into a table that you can edit, or drop the table and detect at every bake"""

    bl_idname = "mouthpiece.mapping_reset"
    bl_label = "Reset Mapping"

    mode: bpy.props.EnumProperty(
        name="Mode",
        items=(
            ("DETECT", "Detected", "Fill the table with what is detected now"),
            ("AUTOMATIC", "Automatic", "Remove the table; every bake detects anew"),
        ),
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            owner, objects = character(context)
            if self.mode == "AUTOMATIC":
                owner.mouthpiece.entries.clear()
                return succeed(
                    self, context, Message("{owner}: the mapping is automatic again", owner=owner.name)
                )
            entries = rig_entries(objects)
            if not entries:
                raise MappingError(
                    "Nothing of {owner} was recognised: add rows and choose what each movement moves.",
                    owner=owner.name,
                )
        except MouthpieceError as error:
            return fail(self, context, error)
        store_entries(owner, entries, objects)
        return succeed(
            self, context, Message("{owner}: {count} rows to edit", owner=owner.name, count=len(entries))
        )


class MOUTHPIECE_OT_mapping_entry_add(CharacterOperator, bpy.types.Operator):
    """Add a row: one facial movement and one thing that it moves"""

    bl_idname = "mouthpiece.mapping_entry_add"
    bl_label = "Add Row"

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            owner, objects = character(context)
        except MouthpieceError as error:
            return fail(self, context, error)
        table = owner.mouthpiece
        if not table.entries:
            store_entries(owner, rig_entries(objects), objects)
        row = table.entries.add()
        if len(table.entries) > 1:
            _continue(row, table.entries[table.entry_index])
        table.entry_index = len(table.entries) - 1
        return {"FINISHED"}


class MOUTHPIECE_OT_mapping_entry_remove(CharacterOperator, bpy.types.Operator):
    """Remove the chosen row; the last one that goes makes the mapping automatic again"""

    bl_idname = "mouthpiece.mapping_entry_remove"
    bl_label = "Remove Row"

    index: bpy.props.IntProperty(
        name="Index", description="Row to remove; -1 for the chosen one", default=-1, options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            owner, _ = character(context)
            table = owner.mouthpiece
            index = table.entry_index if self.index < 0 else self.index
            if not 0 <= index < len(table.entries):
                raise MappingError(
                    "The mapping of {owner} has no row number {number}.",
                    owner=owner.name,
                    number=index + 1,
                )
        except MouthpieceError as error:
            return fail(self, context, error)
        table.entries.remove(index)
        table.entry_index = max(0, min(table.entry_index, len(table.entries) - 1))
        return {"FINISHED"}


def _continue(row: bpy.types.PropertyGroup, chosen: bpy.types.PropertyGroup) -> None:
    """Start a new row as the chosen one is, without its target, in which rows often differ."""
    row.channel, row.kind, row.owner = chosen.channel, chosen.kind, chosen.owner
