"""Add-on preferences: what belongs to the machine rather than to a scene."""

from __future__ import annotations

import bpy

DEVICES = (
    (
        "auto",
        "Automatic",
        "The preferences' choice, or else the processor: one face keeps no graphics card busy",
    ),
    ("cpu", "CPU", "Works everywhere, same result on every run"),
    ("cuda", "CUDA", "NVIDIA graphics card"),
    ("directml", "DirectML", "Any graphics card under Windows"),
    ("coreml", "Core ML", "Apple silicon"),
)


class MouthpiecePreferences(bpy.types.AddonPreferences):
    bl_idname = __package__

    device: bpy.props.EnumProperty(
        name="Device",
        description="Where the model runs when a scene leaves its device on Automatic",
        items=DEVICES,
        default="auto",
    )

    def draw(self, context: bpy.types.Context) -> None:
        self.layout.prop(self, "device")


def register() -> None:
    bpy.utils.register_class(MouthpiecePreferences)


def unregister() -> None:
    bpy.utils.unregister_class(MouthpiecePreferences)
