"""One way to tell the artist how it went: in Blender's report and in the panel."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import bpy

logger = logging.getLogger(__package__)


def succeed(
    operator: bpy.types.Operator, context: bpy.types.Context, message: str, notes: Iterable[str] = ()
) -> set[str]:
    """Report ``message``, each of the ``notes`` as a warning, and finish."""
    notes = tuple(notes)
    operator.report({"INFO"}, message)
    for note in notes:
        operator.report({"WARNING"}, note)
    _show(context, "\n".join((message, *notes)), failed=False)
    return {"FINISHED"}


def fail(operator: bpy.types.Operator, context: bpy.types.Context, error: Exception) -> set[str]:
    """Report what stood in the way and cancel."""
    _show(context, str(error), failed=True)
    operator.report({"ERROR"}, str(error))
    return {"CANCELLED"}


def stopped(operator: bpy.types.Operator, context: bpy.types.Context) -> set[str]:
    """Report that the artist stopped the work, which is no error."""
    message = "Cancelled; nothing was changed"
    _show(context, message, failed=False)
    operator.report({"WARNING"}, message)
    return {"CANCELLED"}


def _show(context: bpy.types.Context, message: str, *, failed: bool) -> None:
    state = context.window_manager.mouthpiece
    state.status, state.failed = message, failed
    logger.log(logging.ERROR if failed else logging.INFO, message)
    redraw(context)


def redraw(context: bpy.types.Context) -> None:
    """Draw the panel anew; Blender itself does so only where the mouse is. The view draws itself."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()
