"""What the model must beat, on identical data: loudness, ridge regressions, and the peer's mouth shapes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..inference.features import log_mel
from ..inference.model import Model
from ..inference.types import frame_count, frame_times
from .codes import listen_to
from .dataset import Utterance, to_float

CONTEXT = 3
"""Past ticks that a ridge regression sees (causal, like the model)."""
EVERY = 3
"""Of the recordings to fit on, which take part where the ear has to hear them."""

RHUBARB_OPENNESS = {"A": 0.0, "B": 0.3, "C": 0.5, "D": 1.0, "E": 0.55, "F": 0.2, "G": 0.2, "H": 0.5, "X": 0.0}
"""Mouth opening of each shape as Rhubarb Lip Sync's documentation draws them."""

LOUDNESS = "loudness alone"
"""The one baseline that nobody fits."""

Baseline = Callable[[np.ndarray], np.ndarray]
"""Sound ``float32 [N]`` → standardisable lip gap and width ``[T, 2]``."""
Sense = Callable[[np.ndarray], np.ndarray]
"""Sound ``float32 [N]`` → what a regression is told of each tick, ``[T, D]``."""


@dataclass(frozen=True)
class Ridge:
    """What is sensed in the tick and ``CONTEXT`` ticks before → gap and width. ``weights [D', 2]``."""

    sense: Sense
    weights: np.ndarray

    def __call__(self, sound: np.ndarray) -> np.ndarray:
        return lagged(self.sense(sound)) @ self.weights


def spectrum(sound: np.ndarray) -> np.ndarray:
    """Log-mel as the ear is given it, before it is normalised, mean of each tick, ``float64 [T, 80]``."""
    mel = log_mel(sound)
    return np.asarray(mel, np.float64).reshape(-1, 4, mel.shape[1]).mean(1)


def loudness(sound: np.ndarray) -> np.ndarray:
    """Mean log energy of each tick for gap and width alike, ``float64 [T, 2]``; nothing is fitted."""
    return np.repeat(spectrum(sound).mean(1, keepdims=True), 2, 1)


def hearing(model: Model) -> Sense:
    """What the ear of ``model`` makes of each tick: articulatory features and level."""

    def sense(sound: np.ndarray) -> np.ndarray:
        heard = listen_to(model, sound, frame_count(len(sound)))
        return np.concatenate([heard.features, heard.level], 1)

    return sense


def lagged(sensed: np.ndarray) -> np.ndarray:
    """``sensed [T, D]`` → ``[T, D (CONTEXT + 1) + 1]``, nothing from later ticks."""
    padded = np.concatenate([np.repeat(sensed[:1], CONTEXT, 0), sensed])
    lags = [padded[lag : lag + len(sensed)] for lag in range(CONTEXT + 1)]
    return np.concatenate([*lags, np.ones((len(sensed), 1))], 1)


def fit_ridge(sense: Sense, utterances: list[Utterance], ridge: float = 100.0) -> Ridge:
    """Fitted on recordings with a measured gap."""
    x = np.concatenate([lagged(sense(to_float(u.audio)))[: len(u.gap)] for u in utterances])
    y = np.concatenate([u.gap for u in utterances]).astype(np.float64)
    good = np.isfinite(y).all(1)
    x, y = x[good].astype(np.float64), y[good]
    return Ridge(sense, np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ y))


def fitted(model: Model, utterances: list[Utterance]) -> dict[str, Baseline]:
    """All that is fitted on the recordings of one performer, and loudness."""
    return {
        LOUDNESS: loudness,
        "ridge regression, raw spectrum": fit_ridge(spectrum, utterances),
        "ridge regression, what the ear hears": fit_ridge(hearing(model), utterances[::EVERY], 1.0),
    }


def rhubarb_opening(path: Path, frames: int) -> np.ndarray:
    """Opening ``[T]`` at the model's ticks from a peer's ``.tsv`` of start times and shapes."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    starts = np.array([float(row[0]) for row in rows])
    shapes = np.array([RHUBARB_OPENNESS[row[1].strip()] for row in rows])
    return shapes[np.clip(np.searchsorted(starts, frame_times(frames), "right") - 1, 0, None)]
