"""Lines of different length through the model together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from ..bank import Bank
from ..errors import Cancelled
from ..model import STRIDE, Model
from ..session import Session, Track
from ..types import TICK_SAMPLES, C, frame_count
from .line import Line, Mood

WIDTH = 16
"""Rows of a model step, always, however many are in use: so a line's bits depend on nobody else's."""


@dataclass(frozen=True)
class Job:
    """A line ready to be animated: its sound ``float32 [N]`` at 16 kHz, N > 0, and its references.

    ``plain`` is the performance without references, for a line whose regions follow them only in part.
    """

    line: Line
    audio: np.ndarray
    bank: Bank
    plain: bool = False

    @property
    def track(self) -> Track:
        """What the session is asked for."""
        line = self.line
        return Track(self.bank, line.style_strength, seed=line.seed)


@dataclass
class Seat:
    """A row of the session with the job that it is at, and that job's frames so far."""

    job: Job
    frame: int = 0
    channels: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.channels = np.empty((frame_count(len(self.job.audio)), C), np.float32)

    def feed(self, samples: np.ndarray, mood: np.ndarray) -> None:
        """Writes the next ticks into ``samples [640 STRIDE]``, silence after the end, and their valence and
        arousal into ``mood [STRIDE, 2]``."""
        part = self.job.audio[self.frame * TICK_SAMPLES :][: len(samples)]
        samples[: len(part)], samples[len(part) :] = part, 0.0
        for curve, value in zip(mood.T, (self.job.line.valence, self.job.line.arousal), strict=True):
            curve[:] = _from(value, self.frame)

    def take(self, frames: np.ndarray) -> bool:
        """Keeps the frames of these ticks ``[STRIDE, 55]``; whether the last one is among them."""
        rest = self.channels[self.frame : self.frame + STRIDE]
        rest[:] = frames[: len(rest)]
        self.frame += len(rest)
        return self.frame == len(self.channels)


def animate_lines(
    model: Model, jobs: Iterable[Job], width: int = WIDTH, cancelled: Callable[[], bool] | None = None
) -> Iterator[tuple[Job, np.ndarray]]:
    """Every job with its channels ``float32 [T, 55]`` at 25 Hz, as soon as they are whole.

    ``jobs`` are drawn one by one as rows become free. Raises Cancelled.
    """
    session, jobs = Session(model, batch=width), iter(jobs)
    seats: list[Seat | None] = [None] * width
    samples = np.zeros((width, STRIDE * TICK_SAMPLES), np.float32)
    mood = np.zeros((width, STRIDE, 2), np.float32)
    while True:
        for row in [row for row, seat in enumerate(seats) if seat is None]:
            job = next(jobs, None)
            if job is None:
                break
            seats[row] = Seat(job)
            session.reset(row, job.track)
        if not any(seats):
            return
        if cancelled and cancelled():
            raise Cancelled("stopped before the end")
        for row, seat in enumerate(seats):
            if seat:
                seat.feed(samples[row], mood[row])
        frames = session.push(samples, mood).reshape(width, STRIDE, C)
        for row, seat in enumerate(seats):
            if seat and seat.take(frames[row]):
                yield seat.job, seat.channels
                seats[row], samples[row] = None, 0.0
                session.reset(row, Track())


def _from(value: Mood, frame: int) -> np.ndarray:
    """A mood in the ``STRIDE`` frames from ``frame`` on; keys that end early hold their last value."""
    values = np.atleast_1d(value)
    return values[np.minimum(np.arange(frame, frame + STRIDE), len(values) - 1)]
