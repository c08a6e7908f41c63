"""Detect: tell which facial movements the rig covers, before anything is baked."""

from __future__ import annotations

import bpy

from ..inference.errors import Message, MouthpieceError
from ..rigs.scene_read import find_target, read_rig
from .messages import fail, succeed, translated


class MOUTHPIECE_OT_mapping_detect(bpy.types.Operator):
    """Match the character's shape keys with facial movements and report what is missing"""

    bl_idname = "mouthpiece.mapping_detect"
    bl_label = "Detect"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if find_target(context) is None:
            cls.poll_message_set("Select the face, or choose it in the Mouthpiece tab")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = context.scene.mouthpiece
        state = context.window_manager.mouthpiece
        try:
            rig = read_rig(
                context.scene, find_target(context), settings.head_target, settings.head_bone, seal=False
            )
        except MouthpieceError as error:
            state.coverage = ""
            return fail(self, context, error)
        state.coverage = translated(rig.coverage.text())
        return succeed(
            self,
            context,
            Message("{rig}: {coverage}", rig=rig.name, coverage=rig.coverage.summary()),
            rig.notes,
        )
