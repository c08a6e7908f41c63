"""What the shipped ear hears in a recording, tick by tick."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..inference.features import log_mel
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
    heard, _ = model.listen(log_mel(sound)[None], model.initial_state())
    hops = heard.articulation[0]
    return Hearing(hops.mean(1), heard.speech[0, :, -1:], hops, heard.events[0], heard.affect[0])
