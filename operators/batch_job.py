"""A batch in a worker thread, watched from the main thread; and its results put into the scene."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import bpy

from ..inference.batch.line import MOTION
from ..inference.batch.run import DONE, FAILED, KEPT, Outcome, Progress, Tally, run_batch
from ..inference.batch.store import Store
from ..inference.batch.workshop import Setup, Workshop, fingerprint, reason
from ..inference.errors import MouthpieceError
from ..inference.livelink import read_motion
from ..rigs.bake_plan import plan_bake
from ..rigs.dialogue import Clip, eased
from ..rigs.retarget import SceneClock
from ..rigs.rig import Rig
from ..rigs.scene_write import Home, LinePlan, joined, neighbours, write_lines
from .batch_cast_read import datablocks
from .batch_read import SceneBatch


class BatchJob:
    """Makes the lines of a batch as files; ``poll`` it from a timer. The thread touches no Blender data."""

    def __init__(self, batch: SceneBatch) -> None:
        self.batch, self.store = batch, Store(batch.folder)
        self.progress: Progress | None = None
        self._messages: queue.SimpleQueue[Progress | Tally | Exception] = queue.SimpleQueue()
        self._cancel = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mouthpiece-batch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def cancel(self) -> None:
        """Ask the thread to stop; the tally then says so."""
        self._cancel.set()

    def join(self) -> None:
        self._thread.join()

    def poll(self) -> Tally | None:
        """The tally once all is done, else None. Raises what the thread raised."""
        while not self._messages.empty():
            message = self._messages.get()
            if isinstance(message, Exception):
                raise message
            if isinstance(message, Tally):
                return message
            self.progress = message
        return None

    def make(self, progress: Callable[[Progress], None], cancelled: Callable[[], bool]) -> Tally:
        """Make every line in this thread. Raises WeightsError or DeviceError."""
        batch = self.batch
        workshop = Workshop(Setup(device=batch.device, cache=str(self.store.cache)))
        tally = run_batch(
            batch.manifest,
            self.store,
            lambda lines: workshop.make(lines, cancelled),
            weights=fingerprint(),
            source=batch.source,
            resume=batch.resume,
            progress=progress,
        )
        tally.notes += filter(None, [workshop.model.notice])
        return tally

    def _run(self) -> None:
        try:
            self._messages.put(self.make(self._messages.put, self._cancel.is_set))
        except Exception as error:  # handed to the main thread, which raises it
            self._messages.put(error)


def place(batch: SceneBatch, store: Store, tally: Tally) -> tuple[list[str], int]:
    """Write an Action of every line that is there, all or none.

    What the artist should know, and how often lips shut between two frames that show them open.

    A line whose face cannot be animated any more is failed in the ``tally``.
    """
    rigs: dict[str, Rig] = {}
    plans: list[LinePlan] = []
    notes: dict[str, None] = {}
    faces: dict[str, list[Outcome]] = {}
    for name, speaker in sorted(batch.speakers.items()):
        own = [outcome for outcome in _there(tally) if outcome.character == name]
        try:
            rigs[name] = speaker.rig(batch.scene)
        except MouthpieceError as error:
            _fail(own, error)
            continue
        faces.setdefault(speaker.face, []).extend(own)
    cast = frozenset(block for rig in rigs.values() for block in datablocks(rig))
    lines = neighbours(cast, batch.spans)
    for own in faces.values():
        clips = []
        for outcome in own:
            try:
                clips.append(_clip(batch, store, outcome))
            except MouthpieceError as error:
                _fail([outcome], error)
        if batch.spans:
            clips = eased(clips)
        by_id = {outcome.id: outcome for outcome in own}
        for clip in clips:
            try:
                clock = SceneClock(clip.rate, clip.start)
                plan = plan_bake(rigs[clip.character], clip.channels, clock, options=batch.options)
            except MouthpieceError as error:
                _fail([by_id[clip.id]], error)
                continue
            notes |= dict.fromkeys(plan.notes)
            span = batch.spans.get(clip.id, ())
            if span:
                plan = joined(plan, rigs[clip.character], span, lines, batch.rate)
            plans.append(LinePlan(clip.id, replace(plan, name=clip.id), *span))
    sequencer = batch.sequencer.find(bpy.data.scenes) or batch.sequencer
    write_lines(plans, Home(sequencer.name, cast, batch.alone, batch.ids))
    return list(notes), sum(line.plan.unseen for line in plans)


def _there(tally: Tally) -> Iterator[Outcome]:
    return (outcome for outcome in tally.outcomes if outcome.status in (DONE, KEPT))


def _fail(outcomes: list[Outcome], error: MouthpieceError) -> None:
    for outcome in outcomes:
        outcome.status, outcome.reason = FAILED, reason(error)


def _clip(batch: SceneBatch, store: Store, outcome: Outcome) -> Clip:
    channels = read_motion(store.path(outcome.line, MOTION))
    start, end = batch.spans.get(outcome.id, (batch.start, batch.start))
    return Clip(outcome.id, outcome.character, start, end, batch.rate, channels)
