"""What the shipped ear hears in a recording, tick by tick."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..inference.features import HOPS, MELS, log_mel
from ..inference.model import Model
from ..inference.types import TICK_SAMPLES


@dataclass(frozen=True)
class Hearing:
    """``features [T, F]`` of each tick and ``hops [T, 4, F]`` of its quarters, ``level [T, 1]``, ``events [T,
    E]``, ``affect [T, 2]``."""

    features: np.ndarray
    level: np.ndarray
    hops: np.ndarray
    events: np.ndarray
    affect: np.ndarray


def listen_to(model: Model, audio: np.ndarray, ticks: int) -> Hearing:
    """Streams ``audio float32 [N]`` through the ear for ``ticks`` ticks."""
    sound = np.zeros(ticks * TICK_SAMPLES, np.float32)
    given = audio[: len(sound)]
    sound[: len(given)] = given
    state, made = model.initial_state(), []
    for mel in log_mel(sound).reshape(ticks, 1, HOPS, MELS):
        heard, state = model.listen(mel, state)
        made.append(heard)
    hops = np.stack([heard.articulation[0] for heard in made])
    return Hearing(
        hops.mean(1),
        np.stack([heard.speech[0, -1:] for heard in made]),
        hops,
        np.stack([heard.events[0] for heard in made]),
        np.stack([heard.affect[0] for heard in made]),
    )
