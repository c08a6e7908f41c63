"""Runs the shipped model over recordings of the corpus."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..inference.animate import animate
from ..inference.model import Model
from ..inference.types import TICK_RATE, Take
from .corpus.lips import LipReadout
from .dataset import Utterance

Predictor = Callable[[Utterance], np.ndarray]
"""Recording → standardisable lip gap and width ``[T, 2]``."""


def sound_of(utterance: Utterance) -> np.ndarray:
    """``float32 [N]`` at 16 kHz."""
    return utterance.audio.astype(np.float32) / 32768


def as_take(utterance: Utterance) -> Take:
    """The captured performance of a recording, with its sound."""
    return Take(
        np.asarray(utterance.channels, np.float32),
        TICK_RATE,
        utterance.name,
        sound_of(utterance),
        utterance.measured.astype(bool),
    )


def channels_of(model: Model, utterance: Utterance, references: Sequence[Take]) -> np.ndarray:
    """Predicted channels ``[T, 55]``; the recording's own take is never among its references."""
    names = {take.name for take in references}
    if utterance.name in names:
        raise ValueError(f"{utterance.name}: is among its own references; the figure would be a leak")
    return animate(sound_of(utterance), model, references=[(take, 1.0) for take in references])


def lips_of(model: Model, readout: LipReadout, references: Sequence[Take]) -> Predictor:
    """Predicts the lips of a recording; each recording is animated once."""
    done: dict[str, np.ndarray] = {}

    def predict(utterance: Utterance) -> np.ndarray:
        if utterance.name not in done:
            others = [take for take in references if take.name != utterance.name]
            done[utterance.name] = readout(channels_of(model, utterance, others))
        return done[utterance.name]

    return predict
