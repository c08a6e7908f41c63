"""References: add, import and remove the performances whose manner the bake follows."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..inference.errors import MouthpieceError, TakeError
from ..inference.livelink import read_take
from ..rigs.scene_read import object_animation
from ..rigs.scene_write import take_action
from .messages import fail, succeed

SOUND_SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".m4a", ".aac")
"""Kinds of sound that are looked for beside an imported take, in this order."""


def _new_item(context: bpy.types.Context) -> bpy.types.PropertyGroup:
    settings = context.scene.mouthpiece
    item = settings.references.add()
    settings.reference_index = len(settings.references) - 1
    return item


class MOUTHPIECE_OT_reference_add(bpy.types.Operator):
    """Add the facial animation of the active object as a reference, or an empty entry to fill in"""

    bl_idname = "mouthpiece.reference_add"
    bl_label = "Add Reference"
    bl_options = {"REGISTER", "UNDO"}

    action: bpy.props.StringProperty(
        name="Action", description="Action to add; empty for the active object's"
    )
    slot: bpy.props.StringProperty(name="Slot", description="Slot of the action; empty for the best match")

    def execute(self, context: bpy.types.Context) -> set[str]:
        action, slot = bpy.data.actions.get(self.action), self.slot
        if self.action and action is None:
            return fail(self, context, TakeError(f"There is no action named {self.action}: check the name."))
        active = context.view_layer.objects.active
        found = object_animation(active) if action is None and active else None
        if found is not None:
            action, slot = found[0], found[1].identifier if found[1] else ""
        item = _new_item(context)
        item.action, item.slot = action, slot
        if action is None:
            return succeed(self, context, "Added an empty reference: choose its action below the list")
        item.name = action.name
        return succeed(self, context, f"Added the reference {action.name}")


class MOUTHPIECE_OT_reference_import(bpy.types.Operator):
    """Import a Live Link Face CSV take as an action and add it as a reference"""

    bl_idname = "mouthpiece.reference_import"
    bl_label = "Import Live Link CSV"
    bl_options = {"REGISTER", "UNDO"}

    filepath: bpy.props.StringProperty(name="File", description="Take to import", subtype="FILE_PATH")
    filter_glob: bpy.props.StringProperty(default="*.csv", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(self.filepath))
        render = context.scene.render
        try:
            take = read_take(path)
        except MouthpieceError as error:
            return fail(self, context, error)
        item = _new_item(context)
        item.action = take_action(take, render.fps / render.fps_base)
        item.name = item.action.name
        sound = next(filter(Path.is_file, map(path.with_suffix, SOUND_SUFFIXES)), None)
        if sound:
            item.sound = bpy.data.sounds.load(str(sound), check_existing=True)
        heard = f" with the sound {sound.name}" if item.sound else ""
        return succeed(self, context, f"Imported {path.name} ({take.seconds:.1f} s){heard}")


class MOUTHPIECE_OT_reference_remove(bpy.types.Operator):
    """Remove the chosen reference from the list; its action stays in the file"""

    bl_idname = "mouthpiece.reference_remove"
    bl_label = "Remove Reference"
    bl_options = {"REGISTER", "UNDO"}

    index: bpy.props.IntProperty(
        name="Index", description="Entry to remove; -1 for the chosen one", default=-1
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not context.scene.mouthpiece.references:
            cls.poll_message_set("There is no reference to remove")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = context.scene.mouthpiece
        index = settings.reference_index if self.index < 0 else self.index
        if not 0 <= index < len(settings.references):
            return fail(
                self, context, TakeError(f"There is no reference number {index + 1}: choose one first.")
            )
        settings.references.remove(index)
        settings.reference_index = max(0, min(settings.reference_index, len(settings.references) - 1))
        return {"FINISHED"}
