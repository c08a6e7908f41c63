"""How captured mouths move, for takes that show a part of one (``inference.unshown``)."""

from __future__ import annotations

import numpy as np

from .dataset import Utterance
from .regions import MOUTH, UNSEEN

FRAMES = 6000
"""Frames of each set, evenly spaced, so that no performer stands for all."""
DIGITS = 6


def usual_mouth(utterances: list[Utterance]) -> dict:
    """Channels, mean and covariance over the sets that measured a mouth, as plain numbers."""
    sets: dict[str, list[np.ndarray]] = {}
    for utterance in utterances:
        if len(utterance.channels) and utterance.measured[list(MOUTH)].sum() >= len(MOUTH) - len(UNSEEN):
            sets.setdefault(utterance.performer.split("/")[0], []).append(
                np.asarray(utterance.channels, float)
            )
    frames = [np.concatenate(takes)[:, MOUTH] for takes in sets.values()]
    chosen = np.concatenate([each[:: max(1, len(each) // FRAMES)] for each in frames])
    return {
        "channels": list(MOUTH),
        "mean": chosen.mean(0).round(DIGITS).tolist(),
        "covariance": np.cov(chosen.T).round(DIGITS).tolist(),
    }
