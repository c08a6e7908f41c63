"""The artist's bake options, read from the scene."""

from __future__ import annotations

import bpy
import numpy as np

from ..inference.errors import AudioError
from ..inference.regions import region
from ..inference.types import CHANNELS
from ..rigs.options import BakeOptions, StripOptions
from ..rigs.scene_sequencer import sound_starts


def read_options(scene: bpy.types.Scene) -> BakeOptions:
    """How ``scene`` wants its bakes."""
    settings = scene.mouthpiece
    output = settings.output
    gains = [getattr(output, f"intensity_{region(name)}") for name in CHANNELS]
    return BakeOptions(
        whole=settings.whole_frames,
        smoothing=output.smoothing,
        gains=np.array(gains, np.float32),
        tolerance=output.tolerance if output.use_fewer_keys else 0.0,
        seal=output.seal,
        span=_span(scene),
        strip=StripOptions(
            additive=output.layer == "ADD",
            blend_in=output.blend_in,
            blend_out=output.blend_out,
            patch=output.span != "ALL",
        ),
    )


def start_frame(scene: bpy.types.Scene) -> float:
    """Scene frame at which the sound starts: the setting, or where the sequencer plays it.

    Raises AudioError when the sequencer has no strip of the sound.
    """
    settings = scene.mouthpiece
    if settings.output.start == "FRAME":
        return settings.frame_start
    starts = sound_starts(scene, settings.sound) if settings.sound else []
    if not starts:
        name = settings.sound.name if settings.sound else "The audio file"
        raise AudioError(
            "{name} is no sound strip of the sequencer in {scene}: add it there, or let the bake "
            "start at a frame.",
            name=name,
            scene=scene.name,
        )
    return starts[0]


def _span(scene: bpy.types.Scene) -> tuple[float, float] | None:
    """First and last scene frame to key, None for all."""
    output = scene.mouthpiece.output
    if output.span == "PREVIEW" and scene.use_preview_range:
        return float(scene.frame_preview_start), float(scene.frame_preview_end)
    if output.span == "PREVIEW":
        return float(scene.frame_start), float(scene.frame_end)
    if output.span == "FRAMES":
        return output.first, output.last
    return None
