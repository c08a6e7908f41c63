"""What the plain mouth's halves make of speakers seen and unseen, before retriever, generator and seal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from .corpus.lips import LipReadout
from .figures import Figure
from .metrics import correlation
from .model.step import Mouthpiece
from .run import restore

GROUP = "The plain mouth and its halves: lip-gap correlation without seal and generator"
SHARES = {"the one that reads articulation": 1.0, "the one that hears the spectrum": 0.0, "their mean": 0.5}
"""Of the mouth that reads articulation."""

Recording = tuple[np.ndarray, np.ndarray]
"""Log-mel ``float32 [4 T, 80]``, and the measured lip gap ``[T]``, which may be shorter."""


@torch.no_grad()
def channels(model: Mouthpiece, mel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Channels ``[T, 55]`` of the mouth that reads articulation, and of the other."""
    heard, _ = model.encoder(torch.tensor(mel[None]), model.encoder.initial_state(1))
    state = model.mouth.initial_state(1)
    one, _ = model.mouth.articulation(heard.code(), state)
    other, _ = model.mouth.spectrum(heard.spectrum, state)
    return one[0].numpy(), other[0].numpy()


def figures(checkpoint: Path, readout: LipReadout, sets: Mapping[str, Sequence[Recording]]) -> list[Figure]:
    """Mean correlation over each of ``sets``."""
    model, rows = restore(Mouthpiece, checkpoint), []
    for name, recordings in sets.items():
        made = [channels(model, mel) for mel, _ in recordings]
        for who, share in SHARES.items():
            gaps = [readout(share * one + (1 - share) * other)[:, 0] for one, other in made]
            pairs = zip(gaps, recordings, strict=True)
            values = [correlation(gap[: len(lips)], lips[: len(gap)]) for gap, (_, lips) in pairs]
            rows.append(Figure.of_mean(GROUP, who, name, np.array(values)))
    return rows
