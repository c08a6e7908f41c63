"""Preview: a few seconds of the dialogue on the face, with and without the references, leaving no trace."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np

from ..inference.errors import Cancelled, Message, MouthpieceError
from ..inference.types import TICK_RATE
from ..rigs.pose import Curves
from .job import InferenceJob
from .messages import fail, redraw, stopped, succeed
from .playback import Playback
from .preview_overlay import Guard, Overlay, moment, rest_all
from .preview_request import PreviewRequest, excerpt, listed, otherwise, performed, reshaped
from .request import Takes, disabled_reason, read_request

INTERVAL = 1 / 30
"""Seconds between two pictures."""
PAUSE = 0.3
"""Seconds of rest between two rounds."""
STOPPED = "Preview stopped; nothing was changed"
SIDES = ("Without", "With references")


class MOUTHPIECE_OT_preview_style(bpy.types.Operator):
    """Play a few seconds on the face, with the references and without, before anything is baked"""

    bl_idname = "mouthpiece.preview_style"
    bl_label = "Preview Style"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        state = context.window_manager.mouthpiece
        reason = "A preview is playing" if state.previewing or state.live else disabled_reason(context)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Show every picture once, as fast as it goes; scripts and background mode come here."""
        overlay, state = Overlay(), context.window_manager.mouthpiece
        state.cancel_requested = False
        try:
            request = _read(context, {})
            rig = request.whole.rig()
            channels = request.infer(lambda _: None, lambda: state.cancel_requested)
            for side in self._order(state, 0)[:2]:
                parts = request.whole.pose(rig, channels[side])
                for row in range(channels.shape[1]):
                    if state.cancel_requested:
                        raise Cancelled("stopped")
                    overlay.show(parts, row)
                    context.view_layer.update()
            seconds = channels.shape[1] / TICK_RATE
            message = Message("Previewed {seconds:.1f} s; nothing was changed", seconds=seconds)
            return succeed(self, context, message, request.whole.told)
        except Cancelled:
            return stopped(self, context)
        except MouthpieceError as error:
            return fail(self, context, error)
        finally:
            overlay.rest()
            context.view_layer.update()

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Perform in a worker thread and play over and over until Esc."""
        if bpy.app.background:
            return self.execute(context)
        state = context.window_manager.mouthpiece
        self._job: InferenceJob | None = None
        try:
            self._begin(context)
        except MouthpieceError as error:
            return fail(self, context, error)
        self._guard = Guard(Overlay(), self._undone, self._end)
        self._guard.install()
        state.previewing, state.cancel_requested, state.failed = True, False, False
        state.status, state.preview_now = "", "Getting ready…"
        self._timer = context.window_manager.event_timer_add(INTERVAL, window=context.window)
        context.window_manager.modal_handler_add(self)
        redraw(context)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        state = context.window_manager.mouthpiece
        try:
            if (event.type == "ESC" and event.value == "PRESS") or state.cancel_requested:
                self._leave(context)
                succeed(self, context, STOPPED, self._request.whole.told)
                return {"CANCELLED"}
            if event.type != "TIMER":
                self._guard.see(event)
            elif not self._guard.quiet:
                self._tick(context)
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

    def _begin(self, context: bpy.types.Context) -> None:
        """Read what is to be previewed, and start the model. Raises a MouthpieceError."""
        self._takes: Takes = {}
        self._request = _read(context, self._takes)
        self._performed = performed(context.scene)
        self._channels: np.ndarray | None = None
        self._parts: list[tuple[Curves, ...]] = []
        self._round, self._playback = -1, Playback(self._request.audio)
        self._perform(context)

    def _perform(self, context: bpy.types.Context) -> None:
        """Start the model on the request as the settings are now."""
        settings = context.scene.mouthpiece
        self._listed = listed(settings)
        if self._job is not None:
            self._job.cancel()
        self._job = InferenceJob(self._request)
        self._job.start()

    def _tick(self, context: bpy.types.Context) -> None:
        """Take what the model has made, notice changed settings, and show the face of this moment."""
        state, settings = context.window_manager.mouthpiece, context.scene.mouthpiece
        made = self._job.poll() if self._job is not None else None
        if made is not None:
            self._channels, self._job, self._parts = made, None, []
        if shown := reshaped(self._request.whole, context.scene):
            self._request, self._parts = replace(self._request, whole=shown), []
        if performed(context.scene) != self._performed:
            self._guard.overlay.rest()
            self._playback.stop()
            self._begin(context)
        elif listed(settings) != self._listed:
            self._guard.overlay.rest()
            self._takes = {}
            self._request = replace(self._request, whole=read_request(context, self._takes))
            self._perform(context)
        elif fields := otherwise(self._request.whole, context, self._takes):
            whole = replace(self._request.whole, **fields)
            self._request = replace(self._request, whole=whole)
            self._perform(context)
        if self._channels is None:
            return
        if self._round < 0 or self._playback.position > self._playback.seconds + PAUSE:
            self._round += 1
            self._playback.start()
        side = self._order(state, self._round)[0]
        try:
            self._show(side)
        except ReferenceError:  # something that the face is made of was deleted: look again
            self._parts = []
            self._show(side)
        if state.preview_now != SIDES[side]:
            state.preview_now = SIDES[side]
            redraw(context)

    def _show(self, side: int) -> None:
        """Lay this moment of one side over the face. Raises RigError when the face has gone."""
        if not self._parts:
            self._guard.overlay.rest()
            rig = self._request.whole.rig()
            self._parts = [self._request.whole.pose(rig, channels) for channels in self._channels]
        self._guard.overlay.show(moment(self._parts[side], self._playback.position, TICK_RATE))

    def _order(self, state: bpy.types.PropertyGroup, turn: int) -> tuple[int, ...]:
        """The sides to play, as indices of ``SIDES``, from this round on."""
        fixed = {"WITH": (1,), "WITHOUT": (0,)}.get(state.preview_side)
        return fixed or ((1, 0) if turn % 2 == 0 else (0, 1))

    def _undone(self) -> None:
        """Undo has replaced the datablocks."""
        self._parts = []

    def _end(self) -> None:
        """Another file is about to be opened; Blender then cancels the operator."""
        self._guard.overlay.rest()
        self._playback.stop()

    def _leave(self, context: bpy.types.Context) -> None:
        """Put the face back and stop all that runs, whatever ended the operator."""
        self._guard.remove()
        self._playback.stop()
        if self._job is not None:
            self._job.cancel()
        context.window_manager.event_timer_remove(self._timer)
        state = context.window_manager.mouthpiece
        state.previewing, state.preview_now, state.cancel_requested = False, "", False
        redraw(context)


class MOUTHPIECE_OT_preview_rest(bpy.types.Operator):
    """Take a playing preview off the face until its next picture"""

    bl_idname = "mouthpiece.preview_rest"
    bl_label = "Let the Preview Rest"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        rest_all()
        return {"FINISHED"}


def _read(context: bpy.types.Context, takes: Takes) -> PreviewRequest:
    """The excerpt at the playhead; the references' ``takes`` are kept. Raises a MouthpieceError."""
    seconds = context.window_manager.mouthpiece.preview_seconds
    return excerpt(read_request(context, takes), context.scene.frame_current_final, seconds)
