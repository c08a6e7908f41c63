"""References: add, import and remove the performances whose manner the bake follows."""

from __future__ import annotations

import os
from pathlib import Path

import bpy

from ..inference.errors import Message, MouthpieceError, TakeError
from ..inference.performance_file import SUFFIXES, read_performance, sound_beside
from ..rigs.scene_read import find_target
from ..rigs.scene_write import take_action
from .messages import fail, succeed
from .references_assets import asset_actions, selected_assets
from .references_check import check_reference
from .references_find import Found, of_character, selected, topmost
from .references_take import scene_rate

SCOPES = (
    (
        "ACTIVE",
        "Active Object",
        "The topmost facial action of the active object, or an empty entry to fill in",
    ),
    ("SELECTED", "Selection", "Actions and selected NLA strips of all selected objects, of any rig"),
    (
        "CHARACTER",
        "All Takes of the Character",
        "Every facial action and NLA strip that fits the chosen face",
    ),
    ("ASSETS", "Selected Assets", "Actions that are selected in the Asset Browser, of this file or another"),
)


class MOUTHPIECE_OT_reference_add(bpy.types.Operator):
    """Add performances of the scene, whose manner the bake then follows"""

    bl_idname = "mouthpiece.reference_add"
    bl_label = "Add Reference"
    bl_options = {"REGISTER", "UNDO"}

    scope: bpy.props.EnumProperty(name="From", description="Where to look for performances", items=SCOPES)
    action: bpy.props.StringProperty(
        name="Action", description="Action to add; empty to look for some", options={"SKIP_SAVE"}
    )
    slot: bpy.props.StringProperty(
        name="Slot", description="Slot of the action; empty for the best match", options={"SKIP_SAVE"}
    )

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return next(text for name, _, text in SCOPES if name == properties.scope)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            found = self._found(context)
        except TakeError as error:
            return fail(self, context, error)
        if not found and self.scope == "ACTIVE":
            _new_item(context)
            return succeed(self, context, "Added an empty reference: choose its action below the list")
        listed = {_identity(item) for item in context.scene.mouthpiece.references}
        fresh = [one for one in found if _found_identity(one) not in listed or self.scope == "ACTIVE"]
        for one in fresh:
            _add(context, one)
        if not fresh:
            reason = Message("all of them are listed already" if found else "there is no facial animation")
            return fail(
                self,
                context,
                TakeError("No reference was added: {reason}. {hint}", reason=reason, hint=_HINTS[self.scope]),
            )
        names = ", ".join(one.name for one in fresh[:3]) + ("…" if len(fresh) > 3 else "")
        plural = (
            Message("{count} references ({names})", count=len(fresh), names=names)
            if len(fresh) > 1
            else Message("the reference {names}", names=names)
        )
        return succeed(
            self, context, Message("Added {plural}", plural=plural), _concerns(context, len(fresh))
        )

    def _found(self, context: bpy.types.Context) -> list[Found]:
        """The performances that the settings of the operator ask for. Raises TakeError."""
        if self.action:
            action = bpy.data.actions.get(self.action)
            if action is None:
                raise TakeError("There is no action named {action}: check the name.", action=self.action)
            return [Found(action.name, action, self.slot)]
        if self.scope == "ASSETS":
            actions = asset_actions(selected_assets(context))
            return [Found(action.name, action, "") for action in actions]
        if self.scope == "SELECTED":
            return selected(context)
        if self.scope == "CHARACTER":
            target = find_target(context)
            if target is None:
                raise TakeError("There is no face: select it, or choose it in the Mouthpiece tab.")
            return of_character(context, target)
        active = context.view_layer.objects.active
        found = topmost(active) if active else None
        return [found] if found else []


_HINTS = {
    "ACTIVE": Message("Choose an action below the list."),
    "SELECTED": Message("Select objects or NLA strips with facial animation."),
    "CHARACTER": Message("Import a take, or choose an action of another character."),
    "ASSETS": Message("Select other actions in the Asset Browser."),
}


class MOUTHPIECE_OT_reference_import(bpy.types.Operator):
    """Import captured takes (Live Link Face, MediaPipe or Mouthpiece) with their sound, and follow them"""

    bl_idname = "mouthpiece.reference_import"
    bl_label = "Import Takes"
    bl_options = {"REGISTER", "UNDO"}

    filepath: bpy.props.StringProperty(name="File", description="Take to import", subtype="FILE_PATH")
    directory: bpy.props.StringProperty(subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"})
    files: bpy.props.CollectionProperty(
        type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"}
    )
    filter_glob: bpy.props.StringProperty(default=";".join(f"*{s}" for s in SUFFIXES), options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.directory and self.files:  # dropped onto the window
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        notes: list[str] = []
        done: list[str] = []
        wrong: list[MouthpieceError] = []
        for path in self._paths():
            try:
                told, damage = _import(context, path)
                done.append(told)
                notes += [f"{path.name}: {note}" for note in damage]
            except MouthpieceError as error:
                wrong.append(error)
        if not done:
            return fail(self, context, wrong[0])
        return succeed(
            self,
            context,
            Message("Imported {done}", done=Message.joined(done, ", ")),
            (*notes, *(error.message for error in wrong)),
        )

    def _paths(self) -> list[Path]:
        folder = Path(bpy.path.abspath(self.directory))
        chosen = [folder / file.name for file in self.files if file.name]
        return chosen or [Path(bpy.path.abspath(self.filepath))]


class MOUTHPIECE_OT_reference_remove(bpy.types.Operator):
    """Remove the chosen reference from the list; its action stays in the file"""

    bl_idname = "mouthpiece.reference_remove"
    bl_label = "Remove Reference"
    bl_options = {"REGISTER", "UNDO"}

    index: bpy.props.IntProperty(
        name="Index", description="Entry to remove; -1 for the chosen one", default=-1, options={"SKIP_SAVE"}
    )
    all: bpy.props.BoolProperty(name="All", description="Empty the whole list", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not context.scene.mouthpiece.references:
            cls.poll_message_set("There is no reference to remove")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = context.scene.mouthpiece
        if self.all:
            settings.references.clear()
            settings.reference_index = 0
            return {"FINISHED"}
        index = settings.reference_index if self.index < 0 else self.index
        if not 0 <= index < len(settings.references):
            return fail(
                self,
                context,
                TakeError("There is no reference number {number}: choose one first.", number=index + 1),
            )
        settings.references.remove(index)
        settings.reference_index = max(0, min(settings.reference_index, len(settings.references) - 1))
        return {"FINISHED"}


class MOUTHPIECE_FH_performance(bpy.types.FileHandler):
    """Takes dropped onto the 3D View are imported as references."""

    bl_idname = "MOUTHPIECE_FH_performance"
    bl_label = "Performance for Mouthpiece"
    bl_import_operator = "mouthpiece.reference_import"
    bl_file_extensions = ";".join(SUFFIXES)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type == "VIEW_3D"


def _new_item(context: bpy.types.Context) -> bpy.types.PropertyGroup:
    settings = context.scene.mouthpiece
    item = settings.references.add()
    settings.reference_index = len(settings.references) - 1
    return item


def _add(context: bpy.types.Context, found: Found) -> None:
    """Append a performance to the list and look at it."""
    item = _new_item(context)
    item.name, item.action, item.slot, item.source = found.name, found.action, found.slot, found.source
    if found.first is not None and found.last is not None:
        item.use_range, item.frame_first, item.frame_last = True, found.first, found.last
    if abs(found.speed - 1.0) > 1e-4:
        item.rate = scene_rate(context.scene) * found.speed
    check_reference(context, context.scene.mouthpiece.reference_index, item)


def _import(context: bpy.types.Context, path: Path) -> tuple[str, tuple[str, ...]]:
    """Import one file: what to tell of it, and its notes. Raises TakeError before anything is made."""
    rate = scene_rate(context.scene)
    take, notes = read_performance(path)
    sound = sound_beside(path)
    item = _new_item(context)
    item.action, item.rate = take_action(take, rate), rate
    item.name = item.action.name
    if sound:
        item.sound = bpy.data.sounds.load(os.fspath(sound), check_existing=True)
    if check_reference(context, context.scene.mouthpiece.reference_index, item) is None and item.sound:
        item.sound = None  # a video without a sound: the motion alone is good
        notes += (
            Message("{sound} has no sound that can be read; the take is used without.", sound=sound.name),
        )
        check_reference(context, context.scene.mouthpiece.reference_index, item)
    if item.concern:
        notes += (item.concern,)
    heard = Message(" with the sound {sound}", sound=sound.name) if item.sound else ""
    return Message(
        "{path} ({seconds:.1f} s at {fps:g} a second){heard}",
        path=path.name,
        seconds=take.seconds,
        fps=take.fps,
        heard=heard,
    ), notes


def _concerns(context: bpy.types.Context, count: int) -> tuple[str, ...]:
    items = context.scene.mouthpiece.references
    return tuple(f"{item.name}: {item.concern}" for item in list(items)[-count:] if item.concern)


def _identity(item: bpy.types.PropertyGroup) -> tuple[object, ...]:
    bounds = (item.frame_first, item.frame_last) if item.use_range else (None, None)
    return (item.action.name if item.action else "", item.slot, *bounds)


def _found_identity(found: Found) -> tuple[object, ...]:
    return found.action.name, found.slot, found.first, found.last
