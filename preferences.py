"""Add-on preferences: what belongs to the machine rather than to a scene."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.app.translations import pgettext_iface as iface

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
LOG = "mouthpiece.log"
"""Name of the log in the extension's folder."""


class MouthpiecePreferences(bpy.types.AddonPreferences):
    bl_idname = __package__

    device: bpy.props.EnumProperty(
        name="Device",
        description="Where the model runs when a scene leaves its device on Automatic",
        items=DEVICES,
        default="auto",
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "device")
        folder = user_folder()
        if folder is None:
            return
        files = list((folder / "cache").glob("*.npz"))
        size = sum(path.stat().st_size for path in files) / 1e6
        row = layout.split(factor=0.4, align=True)
        row.label(text="Remembered References")
        row = row.row(align=True)
        row.label(text=iface("{count} files, {size:.1f} MB").format(count=len(files), size=size))
        row.operator("mouthpiece.cache_clear", text="Clear", icon="TRASH")
        _draw_path(layout, "Cache Folder", folder / "cache")
        _draw_path(layout, "Log", folder / LOG)


def user_folder() -> Path | None:
    """The folder that Blender gives the extension to write in; None where it is loaded in another way."""
    try:
        return Path(bpy.utils.extension_path_user(__package__))
    except ValueError:
        return None


def _draw_path(layout: bpy.types.UILayout, name: str, path: Path) -> None:
    row = layout.split(factor=0.4, align=True)
    row.label(text=name)
    row = row.row(align=True)
    row.label(text=str(path), translate=False)
    button = row.row(align=True)
    button.enabled = path.exists()
    button.operator("wm.path_open", text="", icon="FILE_FOLDER").filepath = str(path)


def register() -> None:
    bpy.utils.register_class(MouthpiecePreferences)


def unregister() -> None:
    bpy.utils.unregister_class(MouthpiecePreferences)
