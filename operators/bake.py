"""Bake: sound and references to keyframes, with progress and Esc in the interface."""

from __future__ import annotations

import bpy
import numpy as np

from ..inference.errors import Cancelled, Message, MouthpieceError
from ..inference.types import SAMPLE_RATE
from ..rigs.rig import Rig
from ..rigs.scene_read.preflight import obstacles
from ..rigs.scene_write import taken_head, write_bake
from .job import InferenceJob
from .messages import fail, redraw, stopped, succeed, translated, unseen_closures
from .references_check import show_shares
from .request import BakeRequest, disabled_reason, read_request

INTERVAL = 0.1
"""Seconds between two looks at the worker thread."""


class MOUTHPIECE_OT_bake(bpy.types.Operator):
    """Animate the face from the dialogue, as keyframes on an NLA track of their own"""

    bl_idname = "mouthpiece.bake"
    bl_label = "Bake"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        reason = disabled_reason(context)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Bake at once; scripts and background mode come here."""
        state = context.window_manager.mouthpiece
        try:
            request = read_request(context)
            _start(context)
            channels = request.infer(
                lambda done: setattr(state, "progress", done), lambda: state.cancel_requested
            )
            return self._finish(context, request, channels)
        except Cancelled:
            return stopped(self, context)
        except MouthpieceError as error:
            return fail(self, context, error)
        finally:
            state.running = False

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Bake in a worker thread while the interface stays alive."""
        if bpy.app.background:
            return self.execute(context)
        try:
            request = read_request(context)
        except MouthpieceError as error:
            return fail(self, context, error)
        _start(context)
        self._job = InferenceJob(request)
        self._job.start()
        self._timer = context.window_manager.event_timer_add(INTERVAL, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        state = context.window_manager.mouthpiece
        if event.type == "ESC" and event.value == "PRESS":
            state.cancel_requested = True
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        if state.cancel_requested:
            self._job.cancel()
        try:
            channels = self._job.poll()
            state.progress = self._job.progress
            redraw(context)
            if channels is None:
                return {"PASS_THROUGH"}
            self._leave(context)
            return self._finish(context, self._job.request, channels)
        except Cancelled:
            self._leave(context)
            return stopped(self, context)
        except MouthpieceError as error:
            self._leave(context)
            return fail(self, context, error)
        except BaseException:
            self._leave(context)
            raise

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator, as when another file is opened."""
        self._leave(context)

    def _finish(self, context: bpy.types.Context, request: BakeRequest, channels: np.ndarray) -> set[str]:
        if context.window_manager.mouthpiece.cancel_requested:
            raise Cancelled("stopped at the last moment; nothing was changed")
        with request.in_scene(context):
            rig = request.rig()
            plan = request.plan(rig, channels)
            start, seconds = request.clock.start, len(request.audio) / SAMPLE_RATE
            taken, before = taken_head(plan), obstacles(rig, context, start, seconds)
            write_bake(plan)
            show_shares(context.scene.mouthpiece, request.references, request.gave)
            coverage = rig.coverage
            context.window_manager.mouthpiece.coverage = translated(coverage.text())
            message = Message(
                "Baked {count} frames onto {targets}", count=len(plan.frames), targets=_targets(rig)
            )
            hidden = obstacles(rig, context, start, seconds)
            notes = (*request.notes, *request.told, *taken, *plan.notes, *hidden)
            mended = set(before).difference(hidden)
            notes = [note for note in notes if note not in mended]
            said = (message, coverage.summary(), *unseen_closures(plan.unseen))
            return succeed(self, context, Message.joined(said, "; "), notes)

    def _leave(self, context: bpy.types.Context) -> None:
        """Stop the thread and the timer, whatever ended the operator."""
        self._job.cancel()
        self._job.join()
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.mouthpiece.running = False
        redraw(context)


def _targets(rig: Rig) -> Message:
    """What a bake moves, in words."""
    parts = []
    if rig.faces:
        keys = sum(len(face.mapping.drives) + len(face.poses) for face in rig.faces)
        parts.append(
            Message.counted(
                len(rig.faces),
                "{keys} shape keys of {count} mesh",
                "{keys} shape keys of {count} meshes",
                keys=keys,
            )
        )
    if rig.controls:
        parts.append(Message.counted(len(rig.controls), "{count} control", "{count} controls"))
    return Message.joined(parts, " and ")


def _start(context: bpy.types.Context) -> None:
    state = context.window_manager.mouthpiece
    state.running, state.cancel_requested, state.progress = True, False, 0.0
    state.status, state.failed = "", False
