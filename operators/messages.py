"""One way to tell the artist how it went: in Blender's report and in the panel, in the artist's language."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import bpy
from bpy.app.translations import pgettext_rpt as rpt_

from ..inference.errors import Message, MouthpieceError

logger = logging.getLogger(__package__)


def translated(message: str) -> str:
    """``message`` in the language of Blender's reports; English where no translation fits."""
    if not isinstance(message, Message):
        return rpt_(message) if message else ""
    values = {k: translated(v) if isinstance(v, Message) else v for k, v in message.values.items()}
    try:
        return rpt_(message.template).format(**values)
    except (KeyError, IndexError, ValueError):  # a translation that names other values
        return str(message)


def told(error: Exception) -> str:
    """What an error says, in the language of Blender's reports."""
    return translated(error.message if isinstance(error, MouthpieceError) else str(error))


def unseen_closures(count: int) -> tuple[Message, ...]:
    """What shows closures that no whole frame shows; nothing where all are seen."""
    if not count:
        return ()
    one = "lips shut once between two frames and show open there: Whole Frames shuts them"
    several = "lips shut {count} times between two frames and show open there: Whole Frames shuts them"
    return (Message.counted(count, one, several),)


def succeed(
    operator: bpy.types.Operator, context: bpy.types.Context, message: str, notes: Iterable[str] = ()
) -> set[str]:
    """Report ``message``, each of the ``notes`` once as a warning, and finish."""
    notes = tuple(dict.fromkeys(notes))
    operator.report({"INFO"}, translated(message))
    for note in notes:
        operator.report({"WARNING"}, translated(note))
    _show(context, (message, *notes), failed=False)
    return {"FINISHED"}


def fail(operator: bpy.types.Operator, context: bpy.types.Context, error: Exception) -> set[str]:
    """Report what stood in the way and cancel."""
    _show(context, (told(error),), failed=True, logged=str(error))
    operator.report({"ERROR"}, told(error))
    return {"CANCELLED"}


def stopped(operator: bpy.types.Operator, context: bpy.types.Context) -> set[str]:
    """Report that the artist stopped the work, which is no error."""
    message = "Cancelled; nothing was changed"
    _show(context, (message,), failed=False)
    operator.report({"WARNING"}, translated(message))
    return {"CANCELLED"}


def _show(context: bpy.types.Context, said: Iterable[str], *, failed: bool, logged: str = "") -> None:
    """Show what is said in the panel, and log it in English, which a report of a fault is read in."""
    said = tuple(said)
    state = context.window_manager.mouthpiece
    state.status, state.failed = "\n".join(map(translated, said)), failed
    logger.log(logging.ERROR if failed else logging.INFO, logged or "\n".join(said))
    redraw(context)


def redraw(context: bpy.types.Context) -> None:
    """Draw the panel anew; Blender itself does so only where the mouse is. The view draws itself."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()
