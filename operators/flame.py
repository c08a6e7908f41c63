"""FLAME parameter files: import a performance as a reference, export what is baked on a FLAME head."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from ..inference.errors import Message, MouthpieceError, RigError, TakeError
from ..rigs.flame_file import read_flame, write_flame
from ..rigs.scene_read import (
    character_objects,
    find_flame,
    find_target,
    flame_curves,
    flame_take,
)
from ..rigs.scene_read.animation import animation_of, baked_strip
from ..rigs.scene_read.flame import FlameRig
from ..rigs.scene_write import curves_action
from .messages import fail, succeed


class FlameOperator:
    """Needs a FLAME head and a file."""

    filepath: bpy.props.StringProperty(name="File", description="FLAME parameters", subtype="FILE_PATH")
    filter_glob: bpy.props.StringProperty(default="*.npz;*.csv", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if find_target(context) is None:
            cls.poll_message_set("Select the FLAME head, or choose it in the Mouthpiece tab")
            return False
        return True

    def head(self, context: bpy.types.Context) -> FlameRig:
        """The chosen character as a FLAME head. Raises RigError."""
        target = find_target(context)
        objects = character_objects(context.scene, target)
        meshes = [item for item in objects if getattr(item.data, "shape_keys", None)]
        rig = find_flame(meshes)
        if rig is None:
            raise RigError(
                "{target} is no FLAME head: it needs expression shapes (Exp1 …) and the bones jaw, "
                "left_eye and right_eye.",
                target=target.name,
            )
        return rig

    def path(self) -> Path:
        """The chosen file, which may be relative to the blend file."""
        return Path(bpy.path.abspath(self.filepath))


class MOUTHPIECE_OT_flame_import(FlameOperator, bpy.types.Operator):
    """Import FLAME parameters as an action of this head, and follow it as a reference"""

    bl_idname = "mouthpiece.flame_import"
    bl_label = "Import FLAME Parameters"
    bl_options = {"REGISTER", "UNDO"}

    fps: bpy.props.FloatProperty(
        name="Frame Rate", description="Frames a second where the file does not say", default=25.0, min=1.0
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        render, path = context.scene.render, self.path()
        try:
            rig, take = self.head(context), read_flame(path, self.fps)
        except MouthpieceError as error:
            return fail(self, context, error)
        frames = 1.0 + (np.arange(len(take)) + 0.5) / take.fps * render.fps / render.fps_base
        action = curves_action(path.stem, flame_curves(rig, take), frames, rig.mesh)
        item = context.scene.mouthpiece.references.add()
        item.name, item.action = action.name, action
        context.scene.mouthpiece.reference_index = len(context.scene.mouthpiece.references) - 1
        dropped = take.expression.shape[1] - len(rig.names.expression)
        notes = (
            [
                Message(
                    "{dropped} coefficients that {mesh} lacks were dropped",
                    dropped=dropped,
                    mesh=rig.mesh.name,
                )
            ]
            if dropped > 0
            else []
        )
        return succeed(
            self,
            context,
            Message("Imported {path} ({seconds:.1f} s)", path=path.name, seconds=len(take) / take.fps),
            notes,
        )


class MOUTHPIECE_OT_flame_export(FlameOperator, bpy.types.Operator):
    """Save the animation of a FLAME head as parameters: expression, jaw, neck and eyes per frame"""

    bl_idname = "mouthpiece.flame_export"
    bl_label = "Export FLAME Parameters"

    fps: bpy.props.FloatProperty(
        name="Frame Rate", description="Frames a second to write", default=25.0, min=1.0, max=1000.0
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            self.filepath = "flame.npz"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        render, path = context.scene.render, self.path()
        try:
            rig = self.head(context)
            key = rig.mesh.data.shape_keys
            strip = baked_strip(key, context.scene.frame_current_final)
            action = strip.action if strip else animation_of(key)
            if action is None:
                raise TakeError("{mesh} has no animation to export: bake it first.", mesh=rig.mesh.name)
            take = flame_take(rig, action, render.fps / render.fps_base, self.fps)
            write_flame(path, take)
        except MouthpieceError as error:
            return fail(self, context, error)
        return succeed(
            self,
            context,
            Message(
                "Wrote {count} frames of {action} to {path}", count=len(take), action=action.name, path=path
            ),
        )
