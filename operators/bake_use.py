"""What becomes of a bake: a Live Link CSV, an asset, or the defaults again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy

from ..inference.errors import Message, MouthpieceError, TakeError
from ..inference.livelink import write_csv
from ..inference.types import TICK_RATE
from ..rigs.rig import TakeSource
from ..rigs.scene_read import find_target, read_head, read_rig, read_take
from ..rigs.scene_read.animation import MARK, animation_of, baked_strip, baked_strips, frame_within
from ..rigs.scene_write import MARGIN, copy_pose, copy_take
from ..rigs.shaping import at_rate
from .messages import fail, succeed


@dataclass(frozen=True)
class Shown:
    """The bake that a character plays at the current frame, or else the topmost: its ``action``, the
    action's own ``frame`` that is shown, and how many ``others`` the character has."""

    action: bpy.types.Action
    frame: float
    others: int


def shown_bake(context: bpy.types.Context) -> Shown:
    """Raises RigError or TakeError when there is none."""
    target, frame = find_target(context), context.scene.frame_current_final
    rig = read_rig(context.scene, target)
    for block in [face.key for face in rig.faces] + [control.datablock for control in rig.controls]:
        strip, own = baked_strip(block, frame), animation_of(block)
        if strip is not None:
            others = {other.action for other in baked_strips(block)} - {strip.action}
            return Shown(strip.action, frame_within(strip, frame), len(others))
        if own is not None and MARK in own:
            return Shown(own, frame, 0)
    raise TakeError("{target} has no bake of Mouthpiece: press Bake first.", target=target.name)


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
            shown = shown_bake(context)
            first, last = shown.action.frame_range
            half = 0.5 * rate / TICK_RATE
            before, after = shown.action.get(MARGIN, (half, half))
            head = read_head(settings.head_target, settings.head_bone) if settings.head_target else None
            source = TakeSource(
                shown.action,
                "",
                rate,
                first - before,
                last + after,
                head=head,
                owner=find_target(context),
                own=True,
            )
            take = read_take(source)
            channels = at_rate(take.channels, self.fps)
            write_csv(path, channels, self.fps)
        except MouthpieceError as error:
            return fail(self, context, error)
        return succeed(
            self,
            context,
            Message(
                "Wrote {count} rows of {action} to {path}",
                count=len(channels),
                action=shown.action.name,
                path=path,
            ),
            _others(shown),
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
        try:
            shown = shown_bake(context)
        except MouthpieceError as error:
            return fail(self, context, error)
        if self.kind == "POSE":
            made = copy_pose(shown.action, shown.frame, context.scene.frame_current_final)
        else:
            made = copy_take(shown.action)
        return succeed(
            self,
            context,
            Message("{made} is in the asset browser's Current File", made=made.name),
            _others(shown) if self.kind == "TAKE" else (),
        )


def _others(shown: Shown) -> tuple[str, ...]:
    """What to say of the character's other bakes."""
    if not shown.others:
        return ()
    return (
        Message(
            "{count} other bakes of the character are not in it: go to a frame that they play for them.",
            count=shown.others,
        ),
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
