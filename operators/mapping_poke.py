"""Poke: show in the viewport what one facial movement moves."""

from __future__ import annotations

import bpy
import numpy as np

from ..inference.errors import MappingError, Message, MouthpieceError
from ..inference.types import BLENDSHAPES, CHANNELS, INDEX, C
from ..rigs.pose import pose
from ..rigs.scene_read import find_target, read_rig
from ..rigs.scene_values import show_pose
from .mapping_table import CharacterOperator
from .messages import fail, succeed

MOVEMENTS = tuple((name, name, "") for name in CHANNELS)
HEAD_TURN = 0.35
"""Radians by which a poke turns the head."""


class MOUTHPIECE_OT_mapping_poke(CharacterOperator, bpy.types.Operator):
    """Show what one facial movement does to this face; at 0 the face is at rest"""

    bl_idname = "mouthpiece.mapping_poke"
    bl_label = "Poke"

    channel: bpy.props.EnumProperty(
        name="Movement", description="Facial movement to show", items=MOVEMENTS, default="jawOpen"
    )
    value: bpy.props.FloatProperty(
        name="Value", description="How far", default=1.0, min=0.0, max=1.0, subtype="FACTOR"
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = context.scene.mouthpiece
        channels = np.zeros((1, C), np.float32)
        size = 1.0 if self.channel in BLENDSHAPES else HEAD_TURN
        channels[0, INDEX[self.channel]] = self.value * size
        try:
            rig = read_rig(context.scene, find_target(context), settings.head_target, settings.head_bone)
            rest, shown = pose(rig, np.zeros((1, C))), pose(rig, channels)
            moved = sum(
                int((np.abs(a.values - b.values) > 1e-4).any(axis=0).sum())
                for a, b in zip(rest, shown, strict=True)
            )
            if self.value > 0.0 and not moved:
                raise MappingError(
                    "{channel} moves nothing of {rig}: give it a target.",
                    channel=self.channel,
                    rig=rig.name,
                )
        except MouthpieceError as error:
            return fail(self, context, error)
        show_pose(shown)
        if self.value == 0.0:
            return succeed(self, context, Message("{rig} is at rest", rig=rig.name))
        targets = Message.counted(moved, "{count} target", "{count} targets")
        return succeed(
            self,
            context,
            Message(
                "{channel} {value:.0%}: {targets} of {rig}",
                channel=self.channel,
                value=self.value,
                targets=targets,
                rig=rig.name,
            ),
        )
