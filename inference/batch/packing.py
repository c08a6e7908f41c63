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
from .line import Line

WIDTH = 16
"""Rows of a model step, always, however many are in use: so a line's bits depend on nobody else's."""


@dataclass(frozen=True)
class Job:
    """A line ready to be animated: its sound ``float32 [N]`` at 16 kHz, N > 0, and its references.

    ``plain`` is the performance without references, for a line whose regions follow them only in part;
    ``key`` is the hash of all that the line depends on, "" where that is not known; ``notes`` are what was
    mended in its references.
    """

    line: Line
    audio: np.ndarray
    bank: Bank
    plain: bool = False
    key: str = ""
    notes: tuple[str, ...] = ()

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
    mood: np.ndarray = field(init=False)
    """Valence and arousal of every frame, ``[T, 2]``; keys that end before the line hold their last value."""

    def __post_init__(self) -> None:
        frames, line = np.arange(frame_count(len(self.job.audio))), self.job.line
        self.channels = np.empty((len(frames), C), np.float32)
        curves = [np.atleast_1d(np.float32(curve)) for curve in (line.valence, line.arousal)]
        self.mood = np.stack([curve[np.minimum(frames, len(curve) - 1)] for curve in curves], 1)

    @property
    def left(self) -> int:
        """Frames that are still to be made."""
        return len(self.channels) - self.frame

    def feed(self, samples: np.ndarray, mood: np.ndarray) -> None:
        """Writes the next ticks into ``samples [640 T]``, silence after the end, and valence and arousal into
        ``mood [T, 2]``."""
        part = self.job.audio[self.frame * TICK_SAMPLES :][: len(samples)]
        samples[: len(part)], samples[len(part) :] = part, 0.0
        feelings = self.mood[self.frame :][: len(mood)]
        mood[: len(feelings)] = feelings

    def take(self, frames: np.ndarray) -> bool:
        """Keeps the frames of these ticks ``[T, 55]``; whether the last one is among them."""
        rest = self.channels[self.frame :][: len(frames)]
        rest[:] = frames[: len(rest)]
        self.frame += len(rest)
        return not self.left


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
        left = max((seat.left for seat in seats if seat), default=0)
        if not left:
            return
        if cancelled and cancelled():
            raise Cancelled("stopped before the end")
        ticks = min(STRIDE, left)
        heard = samples[:, : ticks * TICK_SAMPLES]
        for row, seat in enumerate(seats):
            if seat:
                seat.feed(heard[row], mood[row, :ticks])
        frames = session.push(heard, mood).reshape(width, ticks, C)
        for row, seat in enumerate(seats):
            if seat and seat.take(frames[row]):
                yield seat.job, seat.channels
                seats[row], samples[row] = None, 0.0
                session.reset(row, Track())
