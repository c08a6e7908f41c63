"""Looks at a reference: writes its summary into the list, or why it is of little use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import bpy
import numpy as np

from ..inference.errors import Message, MouthpieceError
from ..inference.summary import concern, sparkline, summarise
from ..inference.types import Take
from .messages import succeed, told, translated
from .references_take import reference_take


class MOUTHPIECE_OT_reference_check(bpy.types.Operator):
    """Look at the references again: what each one brings, and whether it can be used"""

    bl_idname = "mouthpiece.reference_check"
    bl_label = "Look Again"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not context.scene.mouthpiece.references:
            cls.poll_message_set("There is no reference to look at")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        items = context.scene.mouthpiece.references
        for index, item in enumerate(items):
            check_reference(context, index, item)
        bad = [item.name or str(index + 1) for index, item in enumerate(items) if item.concern]
        return succeed(self, context, Message("Looked at {count} references", count=len(items)), _told(bad))


def check_reference(context: bpy.types.Context, index: int, item: bpy.types.PropertyGroup) -> Take | None:
    """Read entry ``index`` and show what it brings; the take, or None where it cannot be read."""
    try:
        take = reference_take(context, index, item)
    except MouthpieceError as error:
        item.seconds, item.content, item.concern = 0.0, "", told(error)
        return None
    show_take(item, take)
    return take


def show_take(item: bpy.types.PropertyGroup, take: Take) -> None:
    """Write what ``take`` brings into its entry of the list."""
    item.measures = summarise(take).values()
    item.seconds, item.content, item.concern = take.seconds, take.content_hash, translated(concern(take))


def show_shares(
    settings: bpy.types.PropertyGroup,
    references: Sequence[tuple[Take, float]],
    gave: Mapping[str, np.ndarray],
) -> None:
    """Write into the list what each reference gave to a bake: its mean share and how that went."""
    followed = [item for item in settings.references if item.enabled and item.weight > 0.0]
    for item in settings.references:
        item.share, item.course = -1.0, ""
    if len(followed) != len(references):
        return  # the list was changed while the model worked
    for item, (take, _) in zip(followed, references, strict=True):
        show_take(item, take)
        run = gave.get(take.content_hash)
        if run is not None:
            item.share, item.course = float(run.mean()), sparkline(run)


def _told(names: list[str]) -> tuple[str, ...]:
    return (Message("Of little use: {names}; the list says why.", names=", ".join(names)),) if names else ()
