"""Live: the face speaks while the timeline plays, or with the microphone, without a bake."""

from __future__ import annotations

import time

import bpy

from ..inference.errors import AudioError, MouthpieceError
from ..inference.microphone import available
from .live_performance import LivePerformance
from .messages import fail, redraw, succeed
from .request import disabled_reason

INTERVAL = 1 / 30
"""Seconds between two pictures while the timeline stands still."""
BACKGROUND_WAIT = 10.0
"""Seconds that a script waits for the model at most; in the interface nobody waits."""
SAY_EVERY = 0.5
"""Seconds between two lines about how it goes."""
STOPPED = "Live preview off; nothing was changed"


class MOUTHPIECE_OT_live_toggle(bpy.types.Operator):
    """Let the face speak while you play or scrub the timeline, with your settings as you change them"""

    bl_idname = "mouthpiece.live_toggle"
    bl_label = "Live Preview"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        state = context.window_manager.mouthpiece
        if state.live:
            return True
        reason = "A preview is playing" if state.previewing else disabled_reason(context)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def execute(self, context: bpy.types.Context) -> set[str]:
        """On or off, for scripts and background mode: the face follows every change of the frame."""
        if _turn_off(context):
            return succeed(self, context, STOPPED)
        try:
            performance = _begin(context, BACKGROUND_WAIT)
            performance.tick(context)
        except MouthpieceError as error:
            _turn_off(context)
            return fail(self, context, error)
        return succeed(self, context, "Live preview on", performance.notices())

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """On, until it is pressed again or Esc; the window stays free."""
        if bpy.app.background:
            return self.execute(context)
        state = context.window_manager.mouthpiece
        if state.live:
            state.cancel_requested = True
            return {"FINISHED"}
        state.cancel_requested = False
        try:
            self._performance = _begin(context, 0.0)
        except MouthpieceError as error:
            _turn_off(context)
            return fail(self, context, error)
        state.status, state.live_now, self._said = "", "Getting ready…", 0.0
        self._timer = context.window_manager.event_timer_add(INTERVAL, window=context.window)
        context.window_manager.modal_handler_add(self)
        redraw(context)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        state = context.window_manager.mouthpiece
        try:
            escape = event.type == "ESC" and event.value == "PRESS"
            if escape or state.cancel_requested or self._performance not in running:
                self._leave(context)
                succeed(self, context, STOPPED)
                return {"CANCELLED"}
            if event.type == "TIMER":
                self._performance.tick(context)
                state.live_now = self._performance.says()
                for notice in self._performance.notices():
                    self.report({"WARNING"}, notice)
                    state.status = notice
                redraw(context)
            else:
                self._performance.guard.see(event)
            return {"PASS_THROUGH"}
        except MouthpieceError as error:
            self._leave(context)
            return fail(self, context, error)
        except BaseException:
            self._leave(context)
            raise

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator, as when another file is opened."""
        self._leave(context)

    def _say(self, context: bpy.types.Context) -> None:
        """Tell in the panel how it goes, now and then: each drawing costs time."""
        if time.monotonic() - self._said > SAY_EVERY:
            self._said = time.monotonic()
            context.window_manager.mouthpiece.live_now = self._performance.says()
            redraw(context)

    def _leave(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self._timer)
        _turn_off(context)
        context.window_manager.mouthpiece.cancel_requested = False
        redraw(context)


running: list[LivePerformance] = []
"""The live preview that is on, if one is."""


def _begin(context: bpy.types.Context, wait: float) -> LivePerformance:
    """Start a live preview. Raises a MouthpieceError."""
    state = context.window_manager.mouthpiece
    if state.live_source == "MICROPHONE" and not available():
        raise AudioError(
            "The microphone needs the Python package sounddevice, which this Blender lacks: choose Dialogue."
        )
    running.append(LivePerformance(context, wait=wait))
    state.live = True
    return running[-1]


def _turn_off(context: bpy.types.Context) -> bool:
    """End the live preview; whether there was one."""
    state = context.window_manager.mouthpiece
    state.live, state.live_now = False, ""
    for performance in running:
        performance.close()
    was_on = bool(running)
    running.clear()
    return was_on


def leave() -> None:
    """End the live preview, as when the add-on is switched off."""
    _turn_off(bpy.context)
