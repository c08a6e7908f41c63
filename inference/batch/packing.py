"""Lines of different length through the model together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from ..bank import Bank
from ..errors import Cancelled
from ..model import Model
from ..session import Session, Track
from ..types import TICK_SAMPLES, C, frame_count
from .line import Line, Mood

WIDTH = 16
"""Rows of a model step, always, however many are in use: so a line's bits depend on nobody else's."""
CHECK_TICKS = 25


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
        return Track(self.bank, line.style_strength, *self.mood(0), line.seed)

    def mood(self, frame: int) -> tuple[float, float]:
        """Valence and arousal of a frame."""
        return _at(self.line.valence, frame), _at(self.line.arousal, frame)


@dataclass
class Seat:
    """A row of the session with the job that it is at, and that job's frames so far."""

    job: Job
    frame: int = 0
    channels: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.channels = np.empty((frame_count(len(self.job.audio)), C), np.float32)

    def feed(self, samples: np.ndarray) -> None:
        """Writes the next tick into ``samples [640]``, silence after the end."""
        part = self.job.audio[self.frame * TICK_SAMPLES : (self.frame + 1) * TICK_SAMPLES]
        samples[: len(part)], samples[len(part) :] = part, 0.0

    def take(self, frame: np.ndarray) -> bool:
        """Keeps a frame ``[55]``; whether it was the last."""
        self.channels[self.frame] = frame
        self.frame += 1
        return self.frame == len(self.channels)


def animate_lines(
    model: Model, jobs: Iterable[Job], width: int = WIDTH, cancelled: Callable[[], bool] | None = None
) -> Iterator[tuple[Job, np.ndarray]]:
    """Every job with its channels ``float32 [T, 55]`` at 25 Hz, as soon as they are whole.

    ``jobs`` are drawn one by one as rows become free. Raises Cancelled.
    """
    session, jobs = Session(model, batch=width), iter(jobs)
    seats: list[Seat | None] = [None] * width
    samples, tick = np.zeros((width, TICK_SAMPLES), np.float32), 0
    while True:
        for row in [row for row, seat in enumerate(seats) if seat is None]:
            job = next(jobs, None)
            if job is None:
                break
            seats[row] = Seat(job)
            session.reset(row, job.track)
        if not any(seats):
            return
        if tick % CHECK_TICKS == 0 and cancelled and cancelled():
            raise Cancelled("stopped before the end")
        tick += 1
        for row, seat in enumerate(seats):
            if seat:
                seat.feed(samples[row])
                session.tracks[row].valence, session.tracks[row].arousal = seat.job.mood(seat.frame)
        frames = session.push(samples).reshape(width, C)
        for row, seat in enumerate(seats):
            if seat and seat.take(frames[row]):
                yield seat.job, seat.channels
                seats[row], samples[row] = None, 0.0
                session.reset(row, Track())


def _at(mood: Mood, frame: int) -> float:
    """Keys that end before the line hold their last value."""
    return mood[min(frame, len(mood) - 1)] if isinstance(mood, tuple) else mood
