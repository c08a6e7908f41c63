"""Pre-flight: say what would keep the face from moving, before anything is baked."""

from __future__ import annotations

import bpy

from ..inference.errors import Message, MouthpieceError
from ..inference.types import SAMPLE_RATE
from ..rigs.scene_read import find_target
from ..rigs.scene_read.preflight import preflight
from .bake_options import start_frame, sync_notes
from .messages import succeed, translated
from .sound import file_samples, sound_samples


class MOUTHPIECE_OT_preflight(bpy.types.Operator):
    """Look for everything that would keep the face from moving: hidden, muted, driven, linked or unmapped"""

    bl_idname = "mouthpiece.preflight"
    bl_label = "Check Before Baking"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if find_target(context) is None:
            cls.poll_message_set("Select the face, or choose it in the Mouthpiece tab")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        start, seconds, problems = _sound(context)
        rig, found = preflight(context, start, seconds)
        found += problems
        ready = "Nothing stands in the way of a bake." if rig else "This cannot be baked."
        counted = Message.counted(len(found), "{count} thing to look at", "{count} things to look at")
        message = counted if found and rig else ready.removesuffix(".")
        context.window_manager.mouthpiece.preflight = "\n".join(map(translated, found or [ready]))
        return succeed(self, context, message, found)


def _sound(context: bpy.types.Context) -> tuple[float | None, float, list[str]]:
    """First frame and length of the sound in seconds, and what is wrong with it."""
    settings = context.scene.mouthpiece
    if settings.sound is None and not settings.audio_path:
        return None, 0.0, ["No dialogue is chosen: pick a sound."]
    try:
        samples = sound_samples(settings.sound) if settings.sound else file_samples(settings.audio_path)
        start = start_frame(context.scene)
        return start, len(samples) / SAMPLE_RATE, [*sync_notes(context.scene, start)]
    except MouthpieceError as error:
        return None, 0.0, [error.message]
