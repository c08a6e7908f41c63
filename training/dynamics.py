"""Is the face alive: variation of the upper face, jerk, diversity of seeds, the range of every channel."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..inference.animate import animate
from ..inference.model import Model
from ..inference.types import BLENDSHAPES, CHANNELS
from .corpus.lips import LipReadout
from .corpus.rig import Rig
from .dataset import Utterance, to_float
from .figures import Figure
from .metrics import jerk
from .regions import FACE, MOUTH, UPPER

GROUP = "Dynamics on held-out clips of a seen performer"
RANGE_GROUP = "Range of every channel (5th to 95th percentile): made, and captured"
SEEDS = (0, 1, 2)


def faces(model: Model, clips: Sequence[Utterance], seed: int = 0) -> list[np.ndarray]:
    """Every clip with noise of its own."""
    return [
        animate(to_float(clip.audio), model, seed=seed * len(clips) + index)[: len(clip.channels)]
        for index, clip in enumerate(clips)
    ]


def upper_vertices(rig: Rig) -> np.ndarray:
    """Vertices that brows and lids move by a fiftieth of an eye distance or more, ``bool [V]``."""
    brows = [i for i in FACE if CHANNELS[i].startswith(("brow", "eyeBlink", "eyeWide", "eyeSquint"))]
    return np.linalg.norm(rig.deltas[brows], axis=-1).max(0) > 0.02


def dynamics_deviation(rig: Rig, moved: np.ndarray, captured: np.ndarray) -> float:
    """Signed difference of the upper face's dynamics (FDD): mean over vertices of the deviation over time of
    how far each is from rest, made less captured; in hundredths of the outer eye distance."""
    chosen = np.flatnonzero(upper_vertices(rig))[::8]
    deltas = rig.deltas[:, chosen].reshape(len(BLENDSHAPES), -1)

    def deviation(channels: np.ndarray) -> np.ndarray:
        motion = (channels[:, : len(BLENDSHAPES)] @ deltas).reshape(len(channels), -1, 3)
        return np.linalg.norm(motion, axis=-1).std(0)

    return 100 * float((deviation(moved) - deviation(captured)).mean())


def figures(
    models: dict[str, Model], rig: Rig, readout: LipReadout, clips: Sequence[Utterance]
) -> list[Figure]:
    """FDD, jerk ratios, lip error and diversity of each model in ``models``; and, for comparison, the
    absolute FDD of the speaker's own captures, each taken for the next."""
    captured = [np.asarray(clip.channels, np.float32) for clip in clips]
    apart = [dynamics_deviation(rig, m, c) for m, c in pairwise(captured)]
    rows = [Figure.of_mean(GROUP, "another clip's capture", "FDD, absolute", np.abs(apart))]
    for who, model in models.items():
        by_seed = [faces(model, clips, seed) for seed in SEEDS]
        made = by_seed[0]
        fdd = np.array(
            [[dynamics_deviation(rig, m, c) for m, c in zip(seed, captured, strict=True)] for seed in by_seed]
        )
        lips = [
            np.abs(readout(m)[:, 0] - readout(c)[:, 0]).mean() for m, c in zip(made, captured, strict=True)
        ]
        upper, mouth = list(UPPER), [i for i in MOUTH if clips[0].measured[i]]
        spread = [np.mean(np.std([seed[i][:, upper] for seed in by_seed], axis=0)) for i in range(len(made))]
        rows += [
            Figure.of_mean(GROUP, who, "lip-gap error (MOD), % of eye distance", 100 * np.array(lips)),
            Figure.of_mean(GROUP, who, "FDD, signed", fdd.mean(0)),
            Figure.of_mean(GROUP, who, "FDD, absolute", np.abs(fdd).mean(0)),
            Figure(GROUP, who, "jerk ratio, mouth", ratio(by_seed, captured, mouth), None, len(made)),
            Figure(GROUP, who, "jerk ratio, upper face", ratio(by_seed, captured, upper), None, len(made)),
            Figure.of_mean(GROUP, who, "diversity over seeds, upper face", 100 * np.array(spread)),
        ]
    return rows


def ratio(by_seed: list[list[np.ndarray]], captured: list[np.ndarray], channels: list[int]) -> float:
    """Jerk of the channels over that of the capture, each clip's root mean square, median over clips and
    seeds."""
    pairs = [pair for made in by_seed for pair in zip(made, captured, strict=True)]
    return float(np.median([jerk(m[:, channels]) / jerk(c[:, channels]) for m, c in pairs]))


def ranges(model: Model, clips: Sequence[Utterance], measured: np.ndarray) -> list[Figure]:
    """5th to 95th percentile of every channel that was measured, made and captured."""
    made = np.concatenate(faces(model, clips))
    captured = np.concatenate([np.asarray(clip.channels, np.float32) for clip in clips])
    rows = []
    for index, name in enumerate(CHANNELS):
        for who, motion in (("made", made), ("captured", captured)):
            if who == "captured" and not measured[index]:
                continue
            low, high = np.percentile(motion[:, index], [5, 95])
            rows.append(Figure(RANGE_GROUP, who, name, float(high - low), None, len(clips)))
    return rows
