"""Every figure of the README and the model card, from held-out recordings and the shipped weights.

``python -m mouthpiece.training.evaluate --data ../shared/data --corpus build/corpus`` prints the tables,
writes them to ``build/evaluation/`` and, with ``--card``, renews the model card.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..inference.model import Model
from . import baselines, strangers, styles
from .corpus.lips import LipReadout
from .dataset import Utterance, load_set
from .figures import Figure, as_markdown, update_card
from .metrics import ClosureScore, bootstrap, closures, correlation, jerk
from .phones import PHONES
from .prediction import Predictor, as_take, lips_of

BILABIAL = tuple(PHONES.index(phone) for phone in ("p", "b", "m"))
SILENT = PHONES.index("sil")
REFERENCES = 8
"""Takes of the training split given as references of a seen performer."""
FITTING_CLIPS = 40
"""Clips of the training split that fit the closure thresholds."""


@dataclass(frozen=True)
class Spoken:
    """A recording with its prediction: gaps ``[T]``, masks ``[T]``."""

    predicted: np.ndarray
    measured: np.ndarray
    bilabial: np.ndarray
    speech: np.ndarray


def spoken(utterance: Utterance, predicted: np.ndarray) -> Spoken:
    """Pairs a predicted gap with the captured one and the ticks of p, b, m and of speech."""
    phones = np.asarray(utterance.phones).reshape(-1, 4)
    bilabial = np.isin(phones, BILABIAL).any(1)
    speech = ((phones >= 0) & (phones != SILENT)).all(1)
    return Spoken(predicted, utterance.gap[:, 0], bilabial, speech)


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


def closure_score(held: list[Spoken], others: list[Spoken]) -> ClosureScore:
    """Closures of ``held`` with thresholds fitted on ``others``."""
    thresholds = shut_threshold(others, True), shut_threshold(others, False)
    scores = [closures(c.predicted, c.measured, c.bilabial, c.speech, thresholds) for c in held]
    return sum(scores[1:], scores[0])


def correlations(clips: list[Utterance], lips: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Per-recording correlation of gap and of width with the capture."""
    pairs = [
        [correlation(lip[:, k], np.asarray(clip.gap[:, k])) for k in range(2)]
        for clip, lip in zip(clips, lips, strict=True)
    ]
    return tuple(np.array(pairs).T)


def lip_figures(group: str, who: str, clips: list[Utterance], predict: Predictor) -> list[Figure]:
    """Gap and width correlation of ``predict`` on ``clips``, with bootstrap intervals."""
    gap, width = correlations(clips, [predict(clip) for clip in clips])
    return [
        Figure(group, who, "lip-gap correlation", float(np.nanmean(gap)), bootstrap(gap), len(clips)),
        Figure(group, who, "mouth-width correlation", float(np.nanmean(width)), bootstrap(width), len(clips)),
    ]


def seen_performer(model: Model, readout: LipReadout, clips: list[Utterance]) -> list[Figure]:
    """Held-out clips of GRID s1, against the baselines."""
    group = "Held-out clips of a seen performer (GRID s1)"
    train = [clip for clip in clips if clip.split == "train"]
    held = [clip for clip in clips if clip.split == "held"]
    references = [as_take(clip) for clip in train[:: max(1, len(train) // REFERENCES)]][:REFERENCES]
    own, bare = lips_of(model, readout, references), lips_of(model, readout, [])
    figures = lip_figures(group, "Mouthpiece, own references", held, own)
    figures += lip_figures(group, "Mouthpiece, no references", held, bare)
    figures += lip_figures(group, "ridge regression", held, baselines.fit_ridge(train))
    fitting = train[:: max(1, len(train) // FITTING_CLIPS)]
    score = closure_score(
        [spoken(clip, own(clip)[:, 0]) for clip in held], [spoken(clip, own(clip)[:, 0]) for clip in fitting]
    )
    ratio = [jerk(own(clip)[:, 0]) / jerk(np.asarray(clip.gap[:, 0])) for clip in held]
    for name, value in (
        ("closure F1 at p, b, m", score.f1),
        ("closure precision", score.precision),
        ("closure recall", score.recall),
        ("closure timing, median, ms", 1000 * score.median_timing),
        ("jerk ratio of the lips", float(np.median(ratio))),
    ):
        figures.append(Figure(group, "Mouthpiece, own references", name, value, None, len(held)))
    return figures


def evaluate(weights: Path | None, data: Path, corpus: Path) -> list[Figure]:
    """All figures of the first model."""
    model = Model.load(weights)
    readout = LipReadout.load(corpus / "lips.npz")
    cache = corpus.parent / "features"
    s1 = load_set(corpus / "grid_s1.npz", cache)
    figures = seen_performer(model, readout, s1)
    ridge = baselines.fit_ridge([clip for clip in s1 if clip.split == "train"])
    grid = load_set(corpus / "eval" / "eval_grid_dev.npz", cache / "eval")
    group = "Strangers: five GRID speakers, never trained on, no references"
    figures += lip_figures(group, "Mouthpiece", grid, lips_of(model, readout, []))
    figures += lip_figures(group, "ridge regression", grid, ridge)
    figures += strangers.articulograph(model, readout, ridge, data)
    figures += styles.figures(model, [clip for clip in s1 if clip.split == "held"])
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--corpus", type=Path, default=Path("build/corpus"))
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--out", type=Path, default=Path("build/evaluation"))
    parser.add_argument("--card", type=Path, help="model card whose figures are renewed")
    options = parser.parse_args()
    figures = evaluate(options.weights, options.data, options.corpus)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "figures.json").write_text(
        json.dumps([figure.as_dict() for figure in figures], indent=1), encoding="utf-8"
    )
    print(as_markdown(figures))
    if options.card:
        update_card(options.card, figures)


if __name__ == "__main__":
    main()
