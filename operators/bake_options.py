"""The artist's bake options, read from the scene."""

from __future__ import annotations

import bpy
import numpy as np

from ..inference.errors import AudioError, Message
from ..inference.regions import region
from ..inference.types import CHANNELS
from ..rigs.options import BakeOptions, StripOptions
from ..rigs.scene_sequencer import SpokenStrip, sequencer_scene, strips_of
from .references_take import scene_rate

NEAR = 0.5
"""Frames by which two starts may differ and still be one."""


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

    Raises AudioError when the sequencer has no strip of the sound, or one that cannot be followed.
    """
    settings = scene.mouthpiece
    if settings.output.start == "FRAME":
        return settings.frame_start
    strips = _strips(scene)
    if not strips:
        raise AudioError(
            "{name} is no sound strip of the sequencer in {scene}: add it there, or let the bake "
            "start at a frame.",
            name=_name(settings),
            scene=_played(scene)[0].name,
        )
    if strips[0].obstacle:
        raise AudioError(_bent(strips[0]))
    return strips[0].first


def sync_notes(scene: bpy.types.Scene, frame: float) -> tuple[str, ...]:
    """What to say when the sequencer plays the sound, or a piece of it, at another time than the face will
    speak, which starts at ``frame``."""
    strips, name = _strips(scene), _name(scene.mouthpiece)
    bent = [strip for strip in strips if strip.obstacle]
    if bent:
        return tuple(map(_bent, bent))
    starts = [strip.first for strip in strips]
    if starts and not any(abs(start - frame) < NEAR for start in starts):
        return (
            Message(
                "{sound} starts at frame {starts:g} in the sequencer, the bake at {frame:g}; set "
                "Sound Start to {starts:g} for lips in sync.",
                sound=name,
                starts=starts[0],
                frame=frame,
            ),
        )
    pieces = [start for i, start in enumerate(starts) if not i or start - starts[i - 1] >= NEAR]
    if len(pieces) < 2:
        return ()
    return (
        Message(
            "The sequencer's strips play {sound} from frames {starts} on, and this bake follows {frame:g} "
            "alone; bake them as a batch for lips in sync with each.",
            sound=name,
            starts=", ".join(f"{start:g}" for start in pieces),
            frame=frame,
        ),
    )


def _bent(strip: SpokenStrip) -> Message:
    """Why nothing can follow a strip."""
    return Message("{strip}: {reason}.", strip=strip.name, reason=strip.obstacle)


def _strips(scene: bpy.types.Scene) -> list[SpokenStrip]:
    """The sequencer's strips of the dialogue, in order."""
    settings = scene.mouthpiece
    wanted = settings.sound or settings.audio_path
    found = (strips_of(one, wanted) for one in _played(scene)) if wanted else ()
    return next(filter(None, found), [])


def _played(scene: bpy.types.Scene) -> list[bpy.types.Scene]:
    """The scenes whose strips may be heard with ``scene``: the sequencer's first, where their frames are of
    one length."""
    shown = sequencer_scene(bpy.context)
    return [shown, scene] if scene_rate(shown) == scene_rate(scene) else [scene]


def _name(settings: bpy.types.PropertyGroup) -> str:
    """The dialogue's name."""
    return settings.sound.name if settings.sound else bpy.path.basename(settings.audio_path)


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
