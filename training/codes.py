"""What the shipped ear hears in a recording, tick by tick."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..inference.model import Model


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
    """What the ear makes of ``audio float32 [N]`` in ``ticks`` ticks."""
    heard = model.hear(audio, ticks)
    hops = heard.articulation[0]
    return Hearing(hops.mean(1), heard.speech[0, :, -1:], hops, heard.events[0], heard.affect[0])
