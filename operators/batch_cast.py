"""The cast of a batch: who speaks, with which face and references, and which strips."""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from ..inference.errors import RigError
from ..rigs.scene_keys import copy_keys, forget_item
from ..rigs.scene_read import find_target
from ..rigs.scene_sequencer import assign, sequencer_scene, sound_strips
from .messages import fail, succeed
from .request import MOOD

SHARED = (
    "head_target",
    "head_bone",
    "style_strength",
    "valence",
    "arousal",
    "influence_mouth",
    "influence_brows",
    "influence_eyes",
    "influence_head",
)
"""What a member of the cast takes over from the settings, and gives back to them."""
_TAKE = (
    "action",
    "source",
    "slot",
    "sound",
    "sound_frame",
    "use_range",
    "frame_first",
    "frame_last",
    "rate",
    "weight",
    "enabled",
)


def copy_references(source: bpy.types.PropertyGroup, target: bpy.types.PropertyGroup) -> None:
    """Replace the references of one owner by those of another."""
    target.references.clear()
    for item in source.references:
        new = target.references.add()
        new.name = item.name
        for name in _TAKE:
            setattr(new, name, getattr(item, name))


def _copy(source: bpy.types.PropertyGroup, target: bpy.types.PropertyGroup) -> None:
    """Let ``target`` have what belongs to a character of ``source``. Raises RigError for linked keys."""
    for name in MOOD:
        copy_keys(source.id_data, source.path_from_id(name), target.path_from_id(name))
    for name in SHARED:
        setattr(target, name, getattr(source, name))
    copy_references(source, target)


def _unused(wanted: str, names: Iterable[str]) -> str:
    """``wanted``, or with a number behind it where that is taken."""
    taken = set(names)
    numbered = (f"{wanted}.{number:03d}" for number in range(1, len(taken) + 2))
    return next(name for name in (wanted, *numbered) if name not in taken)


class MOUTHPIECE_OT_cast_add(bpy.types.Operator):
    """Add the current face, with the references and the mood above, to those who speak in a batch"""

    bl_idname = "mouthpiece.cast_add"
    bl_label = "Add Character"
    bl_options = {"REGISTER", "UNDO"}

    name: bpy.props.StringProperty(
        name="Name", description="As in names of files; empty for the face's", options={"SKIP_SAVE"}
    )
    channel: bpy.props.IntProperty(
        name="Channel",
        description="Sequencer channel that this character speaks; 0 for none",
        min=0,
        max=128,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if find_target(context) is None:
            cls.poll_message_set("Select the face, or choose it in the Mouthpiece tab")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings, target = context.scene.mouthpiece, find_target(context)
        cast = settings.batch.cast
        name = _unused(self.name or target.name, [member.name for member in cast])
        member = cast.add()
        member.name, member.target, member.channel = name, target, self.channel
        try:
            _copy(settings, member)
        except RigError as error:
            cast.remove(len(cast) - 1)
            return fail(self, context, error)
        settings.batch.cast_index = len(cast) - 1
        return succeed(self, context, f"{name} speaks with {len(member.references)} references")


class _OfCast:
    """Works on the chosen member of the cast."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        batch = context.scene.mouthpiece.batch
        if not 0 <= batch.cast_index < len(batch.cast):
            cls.poll_message_set("Add a character first")
            return False
        return True

    def member(self, context: bpy.types.Context) -> bpy.types.PropertyGroup:
        batch = context.scene.mouthpiece.batch
        return batch.cast[batch.cast_index]


class MOUTHPIECE_OT_cast_remove(_OfCast, bpy.types.Operator):
    """Remove the chosen character from the cast; the face and its animation stay"""

    bl_idname = "mouthpiece.cast_remove"
    bl_label = "Remove Character"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        batch = context.scene.mouthpiece.batch
        try:
            forget_item(context.scene, batch.path_from_id("cast"), batch.cast_index)
        except RigError as error:
            return fail(self, context, error)
        batch.cast.remove(batch.cast_index)
        batch.cast_index = max(0, min(batch.cast_index, len(batch.cast) - 1))
        return {"FINISHED"}


class MOUTHPIECE_OT_cast_update(_OfCast, bpy.types.Operator):
    """Let the chosen character have the references and the mood of the settings above"""

    bl_idname = "mouthpiece.cast_update"
    bl_label = "Store References"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        member = self.member(context)
        try:
            _copy(context.scene.mouthpiece, member)
        except RigError as error:
            return fail(self, context, error)
        return succeed(self, context, f"{member.name} has {len(member.references)} references")


class MOUTHPIECE_OT_cast_load(_OfCast, bpy.types.Operator):
    """Bring the face, references and mood of the chosen character into the settings above, to change them"""

    bl_idname = "mouthpiece.cast_load"
    bl_label = "Show References"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings, member = context.scene.mouthpiece, self.member(context)
        try:
            _copy(member, settings)
        except RigError as error:
            return fail(self, context, error)
        settings.target = member.target
        return succeed(self, context, f"Showing {member.name}")


class MOUTHPIECE_OT_cast_assign(_OfCast, bpy.types.Operator):
    """Let the chosen character speak the selected sound strips of the sequencer, or its whole channel"""

    bl_idname = "mouthpiece.cast_assign"
    bl_label = "Assign Strips"
    bl_options = {"REGISTER", "UNDO"}

    clear: bpy.props.BoolProperty(
        name="Clear", description="Let the strips' channels decide again", options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        member = self.member(context)
        strips = sound_strips(sequencer_scene(context), selected=True)
        if not strips:
            reason = "No sound strip is selected in the sequencer: select those that the character speaks."
            return fail(self, context, RigError(reason))
        count = assign(strips, "" if self.clear else member.name)
        who = "Their channels decide who speaks" if self.clear else f"{member.name} speaks"
        return succeed(self, context, f"{who}: {count} strips")


CLASSES = (
    MOUTHPIECE_OT_cast_add,
    MOUTHPIECE_OT_cast_remove,
    MOUTHPIECE_OT_cast_update,
    MOUTHPIECE_OT_cast_load,
    MOUTHPIECE_OT_cast_assign,
)
