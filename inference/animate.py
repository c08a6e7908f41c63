"""Offline animation: the streaming session run from the first sample to the last."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .bank import Bank
from .errors import Cancelled
from .expression import moods
from .model import STRIDE, Model
from .session import Session
from .types import TICK_SAMPLES, C, Take, frame_count

CHUNK_TICKS = 3 * STRIDE
Curve = float | np.ndarray
"""A constant, or one value per frame ``[T]``."""


def animate(
    audio: np.ndarray,
    model: Model,
    *,
    references: Sequence[tuple[Take, float]] = (),
    style_strength: float = 1.0,
    valence: Curve = 0.0,
    arousal: Curve = 0.0,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> np.ndarray:
    """``float32 [N]`` mono at 16 kHz → channels ``float32 [ceil(N / 640), 55]``.

    ``references`` are takes with weights, in any order. ``progress`` is told the share done; ``cancelled`` is
    asked about once a second of sound. Raises Cancelled, or TakeError for an unusable reference.
    """
    bank = Bank(model)
    for take, weight in references:
        bank.add(take, weight)
    return animate_with(
        audio,
        model,
        bank,
        style_strength=style_strength,
        valence=valence,
        arousal=arousal,
        seed=seed,
        progress=progress,
        cancelled=cancelled,
    )


def animate_with(
    audio: np.ndarray,
    model: Model,
    bank: Bank | None,
    *,
    style_strength: float = 1.0,
    valence: Curve = 0.0,
    arousal: Curve = 0.0,
    seed: int = 0,
    first: int = 0,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> np.ndarray:
    """``animate`` with references that are already in a bank, or with none; an excerpt of a line that begins
    at its frame ``first`` draws what the line draws there."""
    session = Session(model, bank=bank, style_strength=style_strength, seed=seed)
    session.frame = first
    frames = frame_count(len(audio))
    mood = moods(valence, arousal, frames)
    channels = np.empty((frames, C), np.float32)
    for tick in range(0, frames, CHUNK_TICKS):
        if cancelled and cancelled():
            raise Cancelled("stopped before the end; nothing was changed")
        if progress:
            progress(tick / frames)
        stop = tick + CHUNK_TICKS
        made = session.push(audio[tick * TICK_SAMPLES : stop * TICK_SAMPLES], mood[tick:stop])
        channels[tick : tick + len(made)] = made
    if len(rest := session.flush(mood[-1:])):
        channels[-1] = rest[0]
    if progress:
        progress(1.0)
    return channels
