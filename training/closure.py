"""Closures at p, b and m: which frames they are, and from which gap on lips count as shut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .dataset import Utterance
from .metrics import ClosureScore, closures, total
from .phones import FEATURE_TABLE, FEATURES, PHONES, SILENCE

BILABIAL = tuple(PHONES.index(phone) for phone in ("p", "b", "m"))


def numbered(phones: np.ndarray) -> np.ndarray:
    """Which closure each tick of ``phones int [B, 4 T]`` holds, ``int [B, T]``: every run of p, b and m has a
    number from zero on, of two the later counts; −1 elsewhere."""
    shut = np.isin(phones, BILABIAL)
    starts = shut & ~np.pad(shut, ((0, 0), (1, 0)))[:, :-1]
    number = np.cumsum(starts).reshape(shut.shape) - 1
    return np.where(shut, number, -1).reshape(len(phones), -1, 4).max(-1)


def vowels(phones: np.ndarray) -> np.ndarray:
    """Ticks ``bool [B, T]`` of ``phones int [B, 4 T]`` that vowels fill."""
    vowel = (FEATURE_TABLE[:, FEATURES.index("vowel")] > 0)[phones] & (phones >= 0)
    return vowel.reshape(len(phones), -1, 4).all(-1)


@dataclass(frozen=True)
class Spoken:
    """A recording with its prediction: gaps ``[T]``, masks ``[T]``."""

    predicted: np.ndarray
    measured: np.ndarray
    bilabial: np.ndarray
    speech: np.ndarray


def spoken(utterance: Utterance, predicted: np.ndarray) -> Spoken:
    """Pairs a predicted gap with the captured one and the ticks of p, b, m and of speech."""
    return with_phones(predicted, utterance.gap[:, 0], np.asarray(utterance.phones))


def with_phones(predicted: np.ndarray, measured: np.ndarray, phones: np.ndarray) -> Spoken:
    """Gaps ``[T]`` and the phones of their hops ``int [4 T]``."""
    phones = phones.reshape(-1, 4)
    bilabial = np.isin(phones, BILABIAL).any(1)
    speech = ((phones >= 0) & (phones != SILENCE)).all(1)
    return Spoken(predicted, measured, bilabial, speech)


def shut_threshold(clips: list[Spoken], predicted: bool) -> float:
    """The gap that best tells ticks of p, b, m from other speech on ``clips`` (highest F1 of 60 levels)."""
    gap = np.concatenate([clip.predicted if predicted else clip.measured for clip in clips])
    speech = np.concatenate([clip.speech for clip in clips])
    bilabial = np.concatenate([clip.bilabial for clip in clips])[speech]
    gap = gap[speech]
    levels = np.nanpercentile(gap, np.linspace(1, 60, 60))
    scores = [
        2 * (bilabial & (gap < level)).sum() / (bilabial.sum() + (gap < level).sum()) for level in levels
    ]
    return float(levels[int(np.argmax(scores))])


def closure_scores(clips: list[Spoken], thresholds: tuple[float, float]) -> list[ClosureScore]:
    """Closures of each clip; ``thresholds`` are the gaps below which prediction and capture are shut."""
    return [closures(c.predicted, c.measured, c.bilabial, c.speech, thresholds) for c in clips]


def closure_counts(clips: list[Spoken], thresholds: tuple[float, float]) -> ClosureScore:
    """``closure_scores`` of all clips together."""
    return total(closure_scores(clips, thresholds))
