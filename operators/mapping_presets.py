"""Mapping presets: those of the package and the artist's own, which are files under a name."""

from __future__ import annotations

import re
from pathlib import Path

import bpy

from ..inference.errors import MappingError, Message, MouthpieceError
from ..rigs.mapping_file import read_mapping, write_mapping
from ..rigs.presets import preset_entries, presets
from ..rigs.scene_read import shape_key_names, store_entries
from .cache import user_folder
from .mapping_table import CharacterOperator, character, entries_to_keep
from .messages import fail, succeed

OWN = "own:"
"""What the identifier of an own preset begins with."""
_kept: dict[str, list[tuple[str, str, str]]] = {}
"""Items by list: Blender keeps no reference to the strings of dynamic items."""


def folder() -> Path:
    """Where own presets lie: the extension's folder, or the configuration of a package loaded otherwise."""
    return user_folder("mappings") or Path(bpy.utils.user_resource("CONFIG", path="mouthpiece/mappings"))


def own_presets() -> tuple[str, ...]:
    """Names of the artist's own presets, in order."""
    return tuple(sorted((path.stem for path in folder().glob("*.json")), key=str.casefold))


def _path(name: str) -> Path:
    """The file of an own preset. Raises MappingError for a name that no file can have."""
    clean = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", name).strip(" ._")
    if not clean:
        raise MappingError("{name!r} is no name for a preset: use letters or digits.", name=name)
    return folder() / f"{clean}.json"


def _listed(_self: object, _context: bpy.types.Context | None) -> list[tuple[str, str, str]]:
    own = [(OWN + name, name, "Your own") for name in own_presets()]
    built_in = [(preset.name, preset.name, preset.about) for preset in presets()]
    _kept["all"] = [*own, *built_in]
    return _kept["all"]


def _listed_own(_self: object, _context: bpy.types.Context | None) -> list[tuple[str, str, str]]:
    _kept["own"] = [(name, name, "") for name in own_presets()]
    return _kept["own"]


class MOUTHPIECE_OT_mapping_preset(CharacterOperator, bpy.types.Operator):
    """Fill this character's table from a preset: a family of rigs, or a mapping that you have kept"""

    bl_idname = "mouthpiece.mapping_preset"
    bl_label = "Mapping Preset"

    preset: bpy.props.EnumProperty(name="Preset", description="Preset to use", items=_listed)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            owner, objects = character(context)
            name = self.preset.removeprefix(OWN)
            if self.preset.startswith(OWN):
                _, entries = read_mapping(_path(name))
            else:
                family = next(preset for preset in presets() if preset.name == name)
                entries = preset_entries(family, shape_key_names(objects))
                if not entries:
                    raise MappingError(
                        "{owner} has no shape keys as {name} names them: use another preset.",
                        owner=owner.name,
                        name=name,
                    )
        except MouthpieceError as error:
            return fail(self, context, error)
        left_out = store_entries(owner, entries, objects)
        notes = (
            [Message("nothing of this character fits, left out: {left_out}", left_out=", ".join(left_out))]
            if left_out
            else []
        )
        count = len(entries) - len(left_out)
        return succeed(
            self,
            context,
            Message("{owner}: {count} rows of {name}", owner=owner.name, count=count, name=name),
            notes,
        )


class MOUTHPIECE_OT_mapping_preset_add(CharacterOperator, bpy.types.Operator):
    """Keep this character's mapping under a name, for other characters and other files"""

    bl_idname = "mouthpiece.mapping_preset_add"
    bl_label = "Keep as Preset"
    bl_options = {"REGISTER"}

    name: bpy.props.StringProperty(name="Name", description="Name of the preset")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            owner, objects = character(context)
            entries = entries_to_keep(owner, objects)
            path = _path(self.name)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_mapping(path, path.stem, entries)
        except MouthpieceError as error:
            return fail(self, context, error)
        return succeed(
            self,
            context,
            Message("Kept {count} rows as the preset {stem}", count=len(entries), stem=path.stem),
        )


class MOUTHPIECE_OT_mapping_preset_remove(bpy.types.Operator):
    """Remove one of your own mapping presets; characters that use it keep their tables"""

    bl_idname = "mouthpiece.mapping_preset_remove"
    bl_label = "Remove Preset"

    preset: bpy.props.EnumProperty(name="Preset", description="Own preset to remove", items=_listed_own)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not own_presets():
            cls.poll_message_set("You have kept no mapping as a preset")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            path = _path(self.preset)
            path.unlink(missing_ok=True)
        except (MouthpieceError, OSError) as error:
            return fail(self, context, error)
        return succeed(self, context, Message("Removed the preset {stem}", stem=path.stem))


CLASSES = (
    MOUTHPIECE_OT_mapping_preset,
    MOUTHPIECE_OT_mapping_preset_add,
    MOUTHPIECE_OT_mapping_preset_remove,
)
