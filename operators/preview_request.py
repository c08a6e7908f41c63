"""What a preview performs: a few seconds of the dialogue, with the references and without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import bpy
import numpy as np

from ..inference.types import TICK_RATE, TICK_SAMPLES, frame_count
from ..rigs.options import BakeOptions
from ..rigs.scene_read import unread
from .bake_options import read_options
from .references_take import plain, taken_from
from .request import MOOD, SETTINGS, BakeRequest, Takes, read_influence, read_references

LEAD = 20 * TICK_RATE
"""Frames before the excerpt that the model hears first, so that it begins as the bake has it there: in all
but long lines to the bit. A glance may hold for many seconds, so that less would not do."""
_PERFORMED = ("target", "sound", "audio_path", "head_target", "head_bone", "device")


@dataclass(frozen=True)
class PreviewRequest:
    """A part of a bake: frames ``first`` to ``last`` of it, with up to ``LEAD`` before them to warm up."""

    whole: BakeRequest
    first: int
    last: int

    @property
    def lead(self) -> int:
        """Frames that are performed but not shown."""
        return min(self.first, LEAD)

    @property
    def audio(self) -> np.ndarray:
        """The samples that are shown, ``float32 [N]`` at 16 kHz."""
        return self.whole.audio[self.first * TICK_SAMPLES : self.last * TICK_SAMPLES]

    def infer(self, progress: Callable[[float], None], cancelled: Callable[[], bool]) -> np.ndarray:
        """Channels without and with the references, ``float32 [2, T, C]``. Raises Cancelled."""
        begin = self.first - self.lead
        styled = replace(
            self.whole,
            audio=self.whole.audio[begin * TICK_SAMPLES : self.last * TICK_SAMPLES],
            valence=_part(self.whole.valence, begin, self.last),
            arousal=_part(self.whole.arousal, begin, self.last),
            first=begin,
        )
        plain = replace(styled, references=())
        return np.stack([one.infer(progress, cancelled) for one in (plain, styled)])[:, self.lead :]


def excerpt(request: BakeRequest, frame: float, seconds: float) -> PreviewRequest:
    """``seconds`` of the sound from scene ``frame`` on, or from its start where that lies outside of it."""
    total = frame_count(len(request.audio))
    first = int(np.floor(float(request.clock.seconds(np.array(frame))) * TICK_RATE + 1e-6))
    first = first if 0 <= first < total - TICK_RATE // 2 else 0
    return PreviewRequest(request, first, min(total, first + round(seconds * TICK_RATE)))


def performed(scene: bpy.types.Scene) -> tuple[object, ...]:
    """Who performs what, as plain values to compare; another needs another request."""
    return scene.name, *(plain(getattr(scene.mouthpiece, name)) for name in _PERFORMED)


def listed(settings: bpy.types.PropertyGroup) -> tuple[tuple[object, ...], ...]:
    """What a scene's references are read from, as plain values to compare."""
    return tuple(map(taken_from, settings.references))


def otherwise(request: BakeRequest, context: bpy.types.Context, takes: Takes) -> dict[str, object]:
    """The fields of ``request``, whose references are among ``takes``, that are others now.

    A mood that is another at every frame stays: as keyed, or what it was where a bake follows nothing else.
    """
    settings = context.scene.mouthpiece
    now = {
        "style_strength": settings.style_strength,
        "influence": read_influence(settings),
        "valence": settings.valence,
        "arousal": settings.arousal,
        "seed": settings.seed,
    }
    own = {name: getattr(request, name) for name in now}
    keyed = {name for name, value in own.items() if isinstance(value, np.ndarray)}
    free = own.keys() - keyed - {name for name in MOOD if any(unread(context.scene, f"{SETTINGS}.{name}"))}
    fields = {name: now[name] for name in free if own[name] != now[name]}
    references = read_references(context, takes)
    if [(id(take), weight) for take, weight in references] != [(id(t), w) for t, w in request.references]:
        fields["references"] = references
    return fields


def reshaped(request: BakeRequest, scene: bpy.types.Scene) -> BakeRequest | None:
    """``request`` with the bake options of now where a face shows something else with them, else None."""
    options = read_options(scene)
    if _shaping(options) == _shaping(request.options):
        return None
    return replace(request, options=options)


def _shaping(options: BakeOptions) -> tuple[object, ...]:
    """The options that change what a face shows, to compare."""
    return options.smoothing, options.seal, options.gains.tobytes()


def _part(mood: float | np.ndarray, begin: int, end: int) -> float | np.ndarray:
    return mood[begin:end] if isinstance(mood, np.ndarray) else mood
