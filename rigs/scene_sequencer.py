"""Reads Blender's sequencer: which sound strips are lines, when they play, and who speaks them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

import bpy


@dataclass(frozen=True)
class SpokenStrip:
    """A sound strip as a line: it plays from ``start`` to ``end`` (scene frames) and begins ``lead`` seconds
    into its sound, whose first sample would play at ``first``. ``obstacle`` says why it cannot be a line, ""
    when it can.
    """

    name: str
    channel: int
    assigned: str
    sound: bpy.types.Sound | None
    start: float
    end: float
    lead: float
    first: float
    obstacle: str


def sequencer_scene(context: bpy.types.Context) -> bpy.types.Scene:
    """The scene whose strips the sequencer shows; from Blender 5 on it may be another than the active one."""
    return getattr(context.workspace, "sequencer_scene", None) or context.scene


def sound_strips(scene: bpy.types.Scene, *, selected: bool = False) -> list[bpy.types.Strip]:
    """Audible sound strips, also those in meta strips, in the order in which they start."""
    editor = scene.sequence_editor
    found = [strip for strip in editor.strips_all if strip.type == "SOUND"] if editor else []
    found = [strip for strip in found if _audible(editor, strip)]
    return sorted(
        (strip for strip in found if strip.select or not selected), key=lambda s: (_span(s)[0], s.name)
    )


def read_strips(scene: bpy.types.Scene, *, selected: bool = False) -> list[SpokenStrip]:
    """The sound strips of ``scene``, all or those selected, in order."""
    rate = scene.render.fps / scene.render.fps_base
    return [_read(strip, rate) for strip in sound_strips(scene, selected=selected)]


def strips_of(scene: bpy.types.Scene, wanted: bpy.types.Sound | str) -> list[SpokenStrip]:
    """The strips of a sound, or of the file at a path, by when its first sample plays: those that are heard,
    all if none is."""
    editor, rate = scene.sequence_editor, scene.render.fps / scene.render.fps_base
    strips = [s for s in editor.strips_all if s.type == "SOUND" and s.sound] if editor else []
    file = _file(wanted)
    strips = [s for s in strips if s.sound == wanted or (file and _file(s.sound) == file)]
    heard = [strip for strip in strips if _audible(editor, strip)]
    return sorted((_read(strip, rate) for strip in heard or strips), key=lambda strip: strip.first)


def _file(sound: bpy.types.Sound | str) -> str:
    """The full path of a sound's file, "" without one: one file may be several sounds."""
    path, library = (sound, None) if isinstance(sound, str) else (sound.filepath, sound.library)
    return path and os.path.normcase(os.path.normpath(bpy.path.abspath(path, library=library)))


def assign(strips: Iterable[bpy.types.Strip], character: str) -> int:
    """Let ``character`` speak the strips from now on ("" to let the channel decide); how many there were."""
    strips = list(strips)
    for strip in strips:
        strip.mouthpiece_character = character
    return len(strips)


def spoken_by(scene: bpy.types.Scene, character: str) -> list[bpy.types.Strip]:
    """The sound strips that are assigned to ``character``, heard or not."""
    strips = scene.sequence_editor.strips_all if scene.sequence_editor else ()
    return [strip for strip in strips if strip.type == "SOUND" and strip.mouthpiece_character == character]


def left(strip: bpy.types.Strip) -> float:
    """First frame that plays. Blender 5.2 renamed the property."""
    return float(strip.left_handle if hasattr(strip, "left_handle") else strip.frame_final_start)


def _right(strip: bpy.types.Strip) -> float:
    return float(strip.right_handle if hasattr(strip, "right_handle") else strip.frame_final_end)


def _around(strip: bpy.types.Strip) -> list[bpy.types.Strip]:
    """A strip, and the meta strips that it is in."""
    found = [strip]
    while (parent := found[-1].parent_meta()) is not None:
        found.append(parent)
    return found


def _span(strip: bpy.types.Strip) -> tuple[float, float]:
    """First frame that plays and the end, as far as the meta strips around show it."""
    parts = _around(strip)
    return max(map(left, parts)), min(map(_right, parts))


def _audible(editor: bpy.types.SequenceEditor, strip: bpy.types.Strip) -> bool:
    """Whether neither the strip nor a channel or meta strip that it is in is muted or hides it."""
    parts = _around(strip)
    homes = [*parts[1:], editor]
    muted = (part.mute or home.channels[part.channel].mute for part, home in zip(parts, homes, strict=True))
    start, end = _span(strip)
    return end > start and not any(muted)


def _read(strip: bpy.types.Strip, rate: float) -> SpokenStrip:
    content = strip.content_start if hasattr(strip, "content_start") else strip.frame_start
    start, end = _span(strip)
    skipped = start - content + getattr(strip, "animation_offset_start", 0)
    lead = skipped / rate - getattr(strip, "sound_offset", 0.0)
    obstacle = ""
    if strip.sound is None:
        obstacle = "the strip has no sound: choose its file again"
    elif len(strip.retiming_keys):
        obstacle = "the strip is retimed, which bends its sound: render it to a file of its own first"
    return SpokenStrip(
        strip.name,
        strip.channel,
        strip.mouthpiece_character,
        strip.sound,
        start,
        end,
        lead,
        start - lead * rate,
        obstacle,
    )
