"""Runs the shipped model over recordings of the corpus."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..inference.animate import animate
from ..inference.model import Model
from ..inference.types import TICK_RATE, Take
from .corpus.lips import LipReadout
from .dataset import Utterance, to_float

QUIETER = 20
"""Decibels by which sound is turned down to see whether the model minds."""
Predictor = Callable[[Utterance], np.ndarray]
"""Recording → standardisable lip gap and width ``[T, 2]``."""


def as_take(utterance: Utterance) -> Take:
    """The captured performance of a recording, with its sound."""
    return Take(
        np.asarray(utterance.channels, np.float32),
        TICK_RATE,
        utterance.name,
        to_float(utterance.audio),
        utterance.measured.astype(bool),
    )


def quieter(audio: np.ndarray) -> np.ndarray:
    """``audio float32 [N]`` turned down by ``QUIETER`` decibels."""
    return audio * np.float32(10 ** (-QUIETER / 20))


def lips_of(
    model: Model,
    readout: LipReadout,
    references: Sequence[Take],
    seed: int = 0,
    heard: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> Predictor:
    """Predicts the lips of a recording, animated once; its own take is never among its references. ``heard``
    makes of its sound what the model hears."""
    done: dict[str, np.ndarray] = {}

    def predict(utterance: Utterance) -> np.ndarray:
        if utterance.name not in done:
            others = [(take, 1.0) for take in references if take.name != utterance.name]
            made = animate(heard(to_float(utterance.audio)), model, references=others, seed=seed)
            done[utterance.name] = readout(made)
        return done[utterance.name]

    return predict
