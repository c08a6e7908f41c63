"""What becomes of a bake: a Live Link CSV, an asset, or the defaults again."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..inference.errors import Message, MouthpieceError, TakeError
from ..inference.livelink import write_csv
from ..inference.resample import resample
from ..inference.types import TICK_RATE
from ..rigs.rig import TakeSource
from ..rigs.scene_read import find_target, read_head, read_rig, read_take
from ..rigs.scene_read.animation import baked_action
from ..rigs.scene_write import copy_take
from .messages import fail, succeed


def last_bake(context: bpy.types.Context) -> bpy.types.Action:
    """The bake that the chosen character plays. Raises RigError or TakeError when there is none."""
    target = find_target(context)
    rig = read_rig(context.scene, target)
    blocks = [face.key for face in rig.faces] + [control.datablock for control in rig.controls]
    action = next(filter(None, map(baked_action, blocks)), None)
    if action is None:
        raise TakeError("{target} has no bake of Mouthpiece: press Bake first.", target=target.name)
    return action


class UsesBake:
    """Operators that need a character."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if find_target(context) is None:
            cls.poll_message_set("Select the face, or choose it in the Mouthpiece tab")
            return False
        return True


class MOUTHPIECE_OT_bake_export(UsesBake, bpy.types.Operator):
    """Save the bake, your edits to its keys included, as a Live Link Face CSV that other programs read"""

    bl_idname = "mouthpiece.bake_export"
    bl_label = "Export Live Link CSV"

    filepath: bpy.props.StringProperty(name="File", description="CSV to write", subtype="FILE_PATH")
    filter_glob: bpy.props.StringProperty(default="*.csv", options={"HIDDEN"})
    fps: bpy.props.FloatProperty(
        name="Frame Rate", description="Rows a second", default=60.0, min=1.0, max=1000.0
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            self.filepath = "bake.csv"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings, render = context.scene.mouthpiece, context.scene.render
        path = Path(bpy.path.abspath(self.filepath))
        rate = render.fps / render.fps_base
        try:
            action = last_bake(context)
            first, last = action.frame_range
            half = 0.5 * rate / TICK_RATE
            head = read_head(settings.head_target, settings.head_bone) if settings.head_target else None
            source = TakeSource(
                action, "", rate, first - half, last + half, head=head, owner=find_target(context), own=True
            )
            take = read_take(source)
            channels = resample(take.channels, TICK_RATE, self.fps)
            write_csv(path, channels, self.fps)
        except MouthpieceError as error:
            return fail(self, context, error)
        return succeed(
            self,
            context,
            Message(
                "Wrote {count} rows of {action} to {path}", count=len(channels), action=action.name, path=path
            ),
        )


class MOUTHPIECE_OT_bake_to_asset(UsesBake, bpy.types.Operator):
    """Keep a copy of the bake in the asset browser, which later bakes leave alone"""

    bl_idname = "mouthpiece.bake_to_asset"
    bl_label = "Bake to Asset"
    bl_options = {"REGISTER", "UNDO"}

    kind: bpy.props.EnumProperty(
        name="Kind",
        items=(
            ("TAKE", "Take", "The whole animation; it also serves as a reference"),
            ("POSE", "Pose", "The face of the current frame, for the pose library"),
        ),
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        frame = context.scene.frame_current_final if self.kind == "POSE" else None
        try:
            action = last_bake(context)
        except MouthpieceError as error:
            return fail(self, context, error)
        made = copy_take(action, frame)
        return succeed(
            self, context, Message("{made} is in the asset browser's Current File", made=made.name)
        )


class MOUTHPIECE_OT_bake_options_reset(bpy.types.Operator):
    """Put the keys, intensity, range and layer options back to their defaults"""

    bl_idname = "mouthpiece.bake_options_reset"
    bl_label = "Reset Options"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        output = context.scene.mouthpiece.output
        for setting in output.bl_rna.properties:
            if setting.identifier not in ("rna_type", "name"):
                output.property_unset(setting.identifier)
        return {"FINISHED"}
