"""Lines of different length through the model together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import Cancelled
from ..model import Model
from ..session import Session
from ..style import StyleBank
from ..types import TICK_SAMPLES, C, frame_count
from .line import Line

WIDTH = 16
"""Rows of a model step, always, however many are in use: so a line's bits depend on nobody else's."""
CHECK_TICKS = 25


@dataclass(frozen=True)
class Job:
    """A line ready to be animated: its sound ``float32 [N]`` at 16 kHz, N > 0, and its references."""

    line: Line
    audio: np.ndarray
    bank: StyleBank


def animate_lines(
    model: Model, jobs: Iterable[Job], width: int = WIDTH, cancelled: Callable[[], bool] | None = None
) -> Iterator[tuple[Job, np.ndarray]]:
    """Every job with its channels ``float32 [T, 55]`` at 25 Hz, as soon as they are whole.

    ``jobs`` are drawn one by one as rows become free. Raises Cancelled.
    """
    for job in jobs:
        line = job.line
        session = Session(
            model,
            style=job.bank.style(),
            style_strength=line.style_strength,
            valence=line.valence,
            arousal=line.arousal,
            seed=line.seed,
        )
        channels = np.empty((frame_count(len(job.audio)), C), np.float32)
        for tick in range(len(channels)):
            if tick % CHECK_TICKS == 0 and cancelled and cancelled():
                raise Cancelled("stopped before the end")
            made = session.push(job.audio[tick * TICK_SAMPLES : (tick + 1) * TICK_SAMPLES])
            channels[tick] = made[0] if len(made) else session.flush()[0]
        yield job, channels
