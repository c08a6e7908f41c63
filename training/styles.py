"""Does the model move as its references do? Virtual performers over held-out clips, own against others'."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ..inference.animate import animate
from ..inference.model import Model
from ..inference.types import TICK_RATE, Take
from .dataset import Utterance
from .figures import Figure
from .performers import MOUTH, perform
from .prediction import as_take

GROUP = "Style: virtual performers over held-out clips, mouth channels"
PERFORMERS = 24
CLIPS = 3
"""Clips of each virtual performer: one is the target, the others its references."""


def virtual_takes(clips: Sequence[Utterance], seed: int) -> list[list[Take]]:
    """``PERFORMERS`` lists of ``CLIPS`` takes; the takes of a list share one manner."""
    rng = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(seed)
    picks = [rng.choice(len(clips), CLIPS, replace=False) for _ in range(PERFORMERS)]
    performers = []
    for pick in picks:
        takes = [as_take(clips[i]) for i in pick]
        length = min(len(take.channels) for take in takes)
        motion = torch.tensor(np.stack([take.channels[:length] for take in takes]))
        moved = perform(motion, CLIPS, generator).numpy()
        performers.append(
            [
                Take(m, TICK_RATE, take.name, take.audio[: length * 640], take.measured)
                for m, take in zip(moved, takes, strict=True)
            ]
        )
    return performers


def error(predicted: np.ndarray, target: np.ndarray) -> float:
    """Root mean square error over the mouth channels."""
    mouth = list(MOUTH)
    return float(np.sqrt(np.mean((predicted[: len(target), mouth] - target[:, mouth]) ** 2)))


def figures(model: Model, clips: Sequence[Utterance], seed: int = 7) -> list[Figure]:
    """Error to the performer's motion with his own references, with another's, and with none."""
    performers = virtual_takes(clips, seed)
    errors: dict[str, list[float]] = {"own references": [], "another's references": [], "no references": []}
    for index, (target, *own) in enumerate(performers):
        other = performers[(index + 1) % len(performers)][1:]
        for who, references in zip(errors, (own, other, []), strict=True):
            moved = animate(target.audio, model, references=[(take, 1.0) for take in references])
            errors[who].append(error(moved, target.channels))
    arrays = {who: np.array(values) for who, values in errors.items()}
    own, none = arrays["own references"], arrays["no references"]
    rows = [
        Figure.of_mean(GROUP, f"Mouthpiece, {who}", "error to own motion", e) for who, e in arrays.items()
    ]
    for who in ("no references", "another's references"):
        rows.append(Figure.of_mean(GROUP, f"own against {who}", "gain, %", 100 * (arrays[who] - own) / none))
    return rows
