"""Offline animation: the streaming session run from the first sample to the last."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .bank import Bank
from .errors import Cancelled
from .model import Model
from .session import Session
from .types import TICK_RATE, TICK_SAMPLES, C, Take, frame_count

CHUNK_TICKS = TICK_RATE
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
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> np.ndarray:
    """``animate`` with references that are already in a bank, or with none."""
    session = Session(model, bank=bank, style_strength=style_strength, seed=seed)
    frames = frame_count(len(audio))
    curves = [np.broadcast_to(np.asarray(curve, np.float32), (frames,)) for curve in (valence, arousal)]
    channels = np.empty((frames, C), np.float32)
    for tick in range(frames):
        if tick % CHUNK_TICKS == 0:
            if cancelled and cancelled():
                raise Cancelled("stopped before the end; nothing was changed")
            if progress:
                progress(tick / frames)
        session.feel(*(float(curve[tick]) for curve in curves))
        made = session.push(audio[tick * TICK_SAMPLES : (tick + 1) * TICK_SAMPLES])
        channels[tick] = made[0] if len(made) else session.flush()[0]
    if progress:
        progress(1.0)
    return channels
