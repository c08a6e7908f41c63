"""What the model must beat, on identical data: ridge regression, and the peer's mouth shapes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..inference.types import frame_times
from .dataset import Utterance

CONTEXT = 3
"""Past ticks that the ridge regression sees (causal, like the model)."""

RHUBARB_OPENNESS = {"A": 0.0, "B": 0.3, "C": 0.5, "D": 1.0, "E": 0.55, "F": 0.2, "G": 0.2, "H": 0.5, "X": 0.0}
"""Mouth opening of each shape as Rhubarb Lip Sync's documentation draws them."""


@dataclass(frozen=True)
class Ridge:
    """Log-mel of the tick and ``CONTEXT`` ticks before → gap and width. ``weights [D + 1, 2]``."""

    weights: np.ndarray

    def __call__(self, utterance: Utterance) -> np.ndarray:
        return spectra(utterance.mel) @ self.weights


def spectra(mel: np.ndarray) -> np.ndarray:
    """``mel [4 T, 80]`` → ``float64 [T, 80 (CONTEXT + 1) + 1]``, nothing from later ticks."""
    ticks = np.asarray(mel, np.float64).reshape(-1, 4, mel.shape[1]).mean(1)
    padded = np.concatenate([np.repeat(ticks[:1], CONTEXT, 0), ticks])
    lags = [padded[lag : lag + len(ticks)] for lag in range(CONTEXT + 1)]
    return np.concatenate([*lags, np.ones((len(ticks), 1))], 1)


def fit_ridge(utterances: list[Utterance], ridge: float = 100.0) -> Ridge:
    """Fitted on recordings with a measured gap."""
    x = np.concatenate([spectra(u.mel) for u in utterances])
    y = np.concatenate([u.gap for u in utterances]).astype(np.float64)
    good = np.isfinite(y).all(1)
    x, y = x[good], y[good]
    return Ridge(np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ y))


def rhubarb_opening(path: Path, frames: int) -> np.ndarray:
    """Opening ``[T]`` at the model's ticks from a peer's ``.tsv`` of start times and shapes."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    starts = np.array([float(row[0]) for row in rows])
    shapes = np.array([RHUBARB_OPENNESS[row[1].strip()] for row in rows])
    return shapes[np.clip(np.searchsorted(starts, frame_times(frames), "right") - 1, 0, None)]
