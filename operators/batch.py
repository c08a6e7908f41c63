"""Batch bake: a whole dialogue, folder or list of lines onto its characters, with a report."""

from __future__ import annotations

import bpy

from ..inference.batch.report import write_reports
from ..inference.batch.run import FAILED, LEFT, Progress, Tally
from ..inference.errors import Cancelled, Message, MouthpieceError, OutputError
from .batch_job import BatchJob, place
from .batch_read import read_batch
from .messages import fail, redraw, stopped, succeed, unseen_closures

INTERVAL = 0.2
"""Seconds between two looks at the worker thread."""


class MOUTHPIECE_OT_batch_bake(bpy.types.Operator):
    """Animate every line of the sequencer, a folder or a table: one action a line, and a report"""

    bl_idname = "mouthpiece.batch_bake"
    bl_label = "Bake All Lines"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.window_manager.mouthpiece.running:
            cls.poll_message_set("A bake is running")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Bake at once; scripts and background mode come here."""
        state = context.window_manager.mouthpiece
        try:
            job = self._begin(context)
            tally = job.make(lambda progress: _show(state, progress), lambda: state.cancel_requested)
            return self._finish(context, job, tally)
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
            self._job = self._begin(context)
        except MouthpieceError as error:
            return fail(self, context, error)
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
            tally = self._job.poll()
            if self._job.progress:
                _show(state, self._job.progress)
                redraw(context)
            if tally is None:
                return {"PASS_THROUGH"}
            self._leave(context)
            return self._finish(context, self._job, tally)
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

    def _begin(self, context: bpy.types.Context) -> BatchJob:
        """Read the scene. Raises MouthpieceError."""
        job, state = BatchJob(read_batch(context)), context.window_manager.mouthpiece
        state.running, state.cancel_requested, state.progress = True, False, 0.0
        state.status, state.failed, state.batch_left, state.batch_report = "", False, "", ""
        state.batch_rows.clear()
        redraw(context)
        return job

    def _finish(self, context: bpy.types.Context, job: BatchJob, tally: Tally) -> set[str]:
        """Put the lines into the scene, and tell how it went. A batch that was stopped changes nothing."""
        state = context.window_manager.mouthpiece
        notes, unseen = [*tally.notes], 0
        if not tally.stopped:
            placed, unseen = place(job.batch, job.store, tally)
            notes += placed
        _list(state, tally)
        try:
            state.batch_report = str(write_reports(tally, job.store)[1])
        except OutputError as error:
            notes.append(f"The report is missing: {error}")
        if tally.stopped == "cancelled":
            raise Cancelled("stopped by hand; finished lines are kept for the next time")
        if tally.stopped:
            raise MouthpieceError(f"{tally.stopped}; nothing was changed, finished lines are kept.")
        bad = [outcome for outcome in tally.outcomes if outcome.status == FAILED]
        if len(bad) == len(tally.outcomes):
            raise MouthpieceError(f"No line could be baked. {bad[0].id}: {bad[0].reason}")
        notes += [f"{outcome.id}: {outcome.reason}" for outcome in bad[:5]]
        if len(bad) > 5:
            notes.append(f"{len(bad) - 5} more lines failed: see the report.")
        said = (f"Baked lines: {tally.summary()}", *unseen_closures(unseen))
        return succeed(self, context, Message.joined(said, "; "), notes)

    def _leave(self, context: bpy.types.Context) -> None:
        """Stop the thread and the timer, whatever ended the operator."""
        self._job.cancel()
        self._job.join()
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.mouthpiece.running = False
        redraw(context)


class MOUTHPIECE_OT_batch_report(bpy.types.Operator):
    """Open the report of the last batch in the web browser"""

    bl_idname = "mouthpiece.batch_report"
    bl_label = "Open Report"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not context.window_manager.mouthpiece.batch_report:
            cls.poll_message_set("No batch was baked yet")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        return bpy.ops.wm.path_open(filepath=context.window_manager.mouthpiece.batch_report)


def _show(state: bpy.types.PropertyGroup, progress: Progress) -> None:
    state.progress = progress.over / max(progress.total, 1)
    state.batch_left = progress.text()


def _list(state: bpy.types.PropertyGroup, tally: Tally) -> None:
    """Fill the panel's table, what failed first."""
    for outcome in sorted(tally.outcomes, key=lambda outcome: outcome.status not in (FAILED, LEFT)):
        row = state.batch_rows.add()
        row.name, row.status, row.reason = outcome.id, outcome.status, outcome.reason


CLASSES = (MOUTHPIECE_OT_batch_bake, MOUTHPIECE_OT_batch_report)
