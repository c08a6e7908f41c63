"""Mappings as files: save one character's for the next, or for a colleague."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..inference.errors import MappingError, Message, MouthpieceError
from ..rigs.mapping_file import read_mapping, write_mapping
from ..rigs.scene_read import store_entries
from .mapping_table import CharacterOperator, character, entries_to_keep
from .messages import fail, succeed


class FileOperator(CharacterOperator):
    """What saving and loading share."""

    filepath: bpy.props.StringProperty(name="File", description="Mapping file", subtype="FILE_PATH")
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    def path(self) -> Path:
        """The chosen file, which may be relative to the blend file."""
        if not self.filepath:
            raise MappingError("No file is chosen: give the mapping a path.")
        return Path(bpy.path.abspath(self.filepath))


class MOUTHPIECE_OT_mapping_save(FileOperator, bpy.types.Operator):
    """Save the mapping as a JSON file, to use it on other characters or to share it"""

    bl_idname = "mouthpiece.mapping_save"
    bl_label = "Save Mapping"
    bl_options = {"REGISTER"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            self.filepath = "mapping.json"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            owner, objects = character(context)
            entries = entries_to_keep(owner, objects)
            path = self.path().with_suffix(".json")
            write_mapping(path, owner.name, entries)
        except MouthpieceError as error:
            return fail(self, context, error)
        return succeed(self, context, Message("Saved {count} rows as {path}", count=len(entries), path=path))


class MOUTHPIECE_OT_mapping_load(FileOperator, bpy.types.Operator):
    """Load a mapping from a JSON file onto this character"""

    bl_idname = "mouthpiece.mapping_load"
    bl_label = "Load Mapping"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            owner, objects = character(context)
            name, entries = read_mapping(self.path())
        except MouthpieceError as error:
            return fail(self, context, error)
        notes = store_entries(owner, entries, objects)
        lacking = (
            [Message("nothing of this character fits, left out: {notes}", notes=", ".join(notes))]
            if notes
            else []
        )
        return succeed(
            self,
            context,
            Message(
                "Loaded {count} rows of {name}",
                count=len(entries) - len(notes),
                name=name or self.path().name,
            ),
            lacking,
        )
