"""A batch from its list to its report: what is left to do, who does it, what became of it."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import Cancelled, ManifestError, MouthpieceError, OutputError
from ..source import is_url, split_reference
from ..types import TICK_RATE
from .interrupt import interrupt_later
from .line import Line
from .manifest import Manifest
from .store import Store, inputs
from .workshop import Result, line_key, reason

DONE, KEPT, FAILED, LEFT = "done", "kept", "failed", "left"
Maker = Callable[[Iterable[Line]], Generator[Result]]
"""Whoever turns lines into results: one process, or a cluster."""


@dataclass
class Outcome:
    """What became of a row: ``done`` now, ``kept`` from a former run, ``failed``, or ``left`` to do."""

    row: int
    id: str
    character: str = ""
    line: Line | None = None
    status: str = LEFT
    reason: str = ""
    frames: int = 0
    notes: tuple[str, ...] = ()
    """What was mended or is missing in the references of a line that is there."""

    @property
    def seconds(self) -> float:
        """Of sound."""
        return self.frames / TICK_RATE


@dataclass
class Tally:
    """All rows in the list's order, and how the batch as a whole went."""

    outcomes: list[Outcome]
    source: str
    notes: list[str] = field(default_factory=list)
    stopped: str = ""
    """Why the batch ended before its last line; "" when it did not."""
    started: float = field(default_factory=time.time)
    took: float = 0.0

    def count(self, status: str) -> int:
        return sum(outcome.status == status for outcome in self.outcomes)

    @property
    def whole(self) -> bool:
        """Whether every row has its files."""
        return not self.stopped and all(outcome.status in (DONE, KEPT) for outcome in self.outcomes)

    def summary(self) -> str:
        """Counts, sound and speed in one line."""
        seconds = sum(outcome.seconds for outcome in self.outcomes if outcome.status == DONE)
        parts = [
            f"{self.count(status)} {status}" for status in (DONE, KEPT, FAILED, LEFT) if self.count(status)
        ]
        speed = f", {seconds / self.took:.1f} × real time" if self.took > 0 and seconds else ""
        return f"{', '.join(parts) or 'nothing to do'}; {seconds:.1f} s of sound in {self.took:.1f} s{speed}"


@dataclass(frozen=True)
class Progress:
    """Where a batch stands: lines that are over, of how many, and seconds left (None: not yet known)."""

    over: int
    total: int
    left: float | None

    def text(self) -> str:
        if self.left is None:
            return f"{self.over} of {self.total} lines"
        minutes, seconds = divmod(round(self.left), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
        return f"{self.over} of {self.total} lines, {clock} left"


def run_batch(
    manifest: Manifest,
    store: Store,
    maker: Maker,
    *,
    weights: str,
    source: str = "",
    resume: bool = False,
    protected: Iterable[str | Path] = (),
    share: str = "",
    progress: Callable[[Progress], None] | None = None,
) -> Tally:
    """Make every line of ``manifest`` in ``store``; a line that fails stops nobody else.

    ``weights`` is their fingerprint, ``protected`` are files that no result may replace, ``share`` is what
    the reports' names end in. With ``resume`` lines stay whose inputs, settings and files have not changed.
    Ctrl-C, ``Cancelled`` and a full disk end it early: the tally says so, and everything that is there is
    whole. Raises OutputError, before any line is made, where a report would replace what is not a batch's.
    """
    read = _inputs(manifest, protected)
    store.check_reports(read, share)
    tally = Tally(_outcomes(manifest), source, list(manifest.notes))
    started = time.monotonic()
    by_row = {outcome.row: outcome for outcome in tally.outcomes}
    try:
        todo = _todo(tally, store, weights, resume, read)
        watch = _Watch(len(tally.outcomes), todo, progress)
        with closing(maker(watch.todo)) as results:
            for result in results:
                with interrupt_later():
                    _settle(by_row[result.line.row], result, store)
                watch.tell(result.line)
    except KeyboardInterrupt:
        tally.stopped = "interrupted"
    except Cancelled:
        tally.stopped = "cancelled"
    except _DiskFull as full:
        tally.stopped = str(full)
    except Exception as error:  # the report says what became of every line, whatever ended the batch
        tally.stopped = reason(error)
    tally.notes += dict.fromkeys(note for outcome in tally.outcomes for note in outcome.notes)
    tally.took = time.monotonic() - started
    return tally


class _DiskFull(Exception):
    """No line can be saved from here on."""


class _Watch:
    """Puts long lines first, which keeps all rows and workers busy to the end, and tells how far it is.

    Time left goes by the size of the sounds.
    """

    def __init__(self, total: int, todo: list[Line], report: Callable[[Progress], None] | None) -> None:
        self.total, self.report = total, report
        self.sizes = {line.row: _size(line) for line in todo}
        self.todo = sorted(todo, key=lambda line: -self.sizes[line.row])
        self.left = sum(self.sizes.values())
        self.whole, self.over = self.left, total - len(todo)
        self.started = time.monotonic()
        if report:
            report(Progress(self.over, total, None))

    def tell(self, line: Line) -> None:
        """A line is over."""
        self.over += 1
        self.left -= self.sizes[line.row]
        if self.report:
            pace = (time.monotonic() - self.started) / max(self.whole - self.left, 1)
            self.report(Progress(self.over, self.total, pace * self.left))


def _size(line: Line) -> int:
    """Bytes of a line's sound; 1 where that cannot be known."""
    try:
        return max(os.path.getsize(line.audio), 1)
    except (OSError, ValueError):
        return 1


def _outcomes(manifest: Manifest) -> list[Outcome]:
    refused = [Outcome(bad.row, bad.id, status=FAILED, reason=bad.reason) for bad in manifest.refused]
    lines = [Outcome(line.row, line.id, line.character, line) for line in manifest.lines]
    return sorted(refused + lines, key=lambda outcome: outcome.row)


def _inputs(manifest: Manifest, protected: Iterable[str | Path]) -> set[Path]:
    """Every file that the batch reads."""
    places = {str(path) for path in protected}
    for line in manifest.lines:
        places |= {
            line.audio,
            line.rig,
            *(part for text in line.references for part in split_reference(text)),
        }
    return inputs(place for place in places if place and not is_url(place))


def _todo(tally: Tally, store: Store, weights: str, resume: bool, read: set[Path]) -> list[Line]:
    """The lines that must be made; those that need not or cannot are settled."""
    todo = []
    for outcome in tally.outcomes:
        line = outcome.line
        if line is None:
            continue
        try:
            store.check(line, read)
            if resume and _kept(store, line, weights):
                record = store.record(line) or {}
                outcome.status, outcome.frames = KEPT, int(record.get("frames", 0))
                outcome.notes = tuple(record.get("notes", ()))
            else:
                todo.append(line)
        except ManifestError as error:
            outcome.status, outcome.reason = FAILED, reason(error)
    return todo


def _kept(store: Store, line: Line, weights: str) -> bool:
    if store.record(line) is None:
        return False
    try:
        return store.finished(line, line_key(line, weights))
    except MouthpieceError:
        return False  # an input cannot be read here; whoever makes the line says so, or can


def _settle(outcome: Outcome, result: Result, store: Store) -> None:
    """Save a result. Raises _DiskFull."""
    outcome.frames, outcome.notes = result.frames, result.notes
    outcome.status, outcome.reason = (FAILED, result.error) if result.error else (DONE, "")
    if result.error:
        return
    try:
        store.save(result)
    except OutputError as error:
        outcome.status, outcome.reason = FAILED, reason(error)
        if getattr(error.__cause__, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            raise _DiskFull(
                f"the disk of {store.folder} is full: free some space, then go on with --resume"
            ) from error
