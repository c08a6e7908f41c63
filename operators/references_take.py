"""The take of an entry of the reference list, as the model hears and sees it."""

from __future__ import annotations

import bpy

from ..inference.errors import TakeError
from ..inference.types import Take
from ..rigs.rig import TakeSource
from ..rigs.scene_read import read_head, read_take
from .references_find import Found, topmost
from .sound import sound_samples

_READ = (
    "action",
    "source",
    "slot",
    "use_range",
    "frame_first",
    "frame_last",
    "rate",
    "sound",
    "sound_frame",
)


def taken_from(item: bpy.types.PropertyGroup) -> tuple[object, ...]:
    """All that the take of an entry of a list depends on, its head apart, as plain values to compare."""
    return tuple(plain(getattr(item, name)) for name in _READ)


def plain(value: object) -> object:
    return value.name_full if isinstance(value, bpy.types.ID) else value


def scene_rate(scene: bpy.types.Scene) -> float:
    """Frames a second of a scene."""
    return scene.render.fps / scene.render.fps_base


def reference_take(
    context: bpy.types.Context,
    index: int,
    item: bpy.types.PropertyGroup,
    owner: bpy.types.PropertyGroup | None = None,
) -> Take:
    """The take of entry ``index`` of a reference list, which is ``item``. Raises TakeError.

    ``owner`` holds the list and names the head that turns: the scene's settings, or a member of its cast.
    """
    settings = owner or context.scene.mouthpiece
    found = Found(item.name, item.action, item.slot) if item.action else None
    if found is None and item.source is not None:
        found = topmost(item.source)
        if found is None:
            raise TakeError(
                "Reference {number}: {source} has no facial animation; choose another.",
                number=index + 1,
                source=item.source.name,
            )
    if found is None:
        raise TakeError(
            "Reference {number} has no action: choose one, or switch the reference off.", number=index + 1
        )
    source = TakeSource(
        action=found.action,
        slot=item.slot or found.slot,
        rate=item.rate or scene_rate(context.scene) * found.speed,
        first=item.frame_first if item.use_range else found.first,
        last=item.frame_last if item.use_range else found.last,
        audio=sound_samples(item.sound) if item.sound else None,
        sound_frame=item.sound_frame,
        head=read_head(settings.head_target, settings.head_bone) if settings.head_target else None,
        owner=item.source,
    )
    return read_take(source)
