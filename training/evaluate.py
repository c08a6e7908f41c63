"""Every figure of the README and the model card, from held-out recordings and the shipped weights.

``python -m mouthpiece.training.evaluate --data ../shared/data --corpus build/corpus`` prints the tables,
writes them to ``build/evaluation/`` and renews the figures of each ``--card``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from ..inference.model import Model
from . import baselines, dialogue, strangers, styles
from .closure import closure_counts, shut_threshold, spoken
from .corpus.lips import LipReadout
from .dataset import Utterance, load_set
from .figures import Figure, as_markdown, update_card
from .metrics import correlation, jerk
from .prediction import Predictor, as_take, lips_of

REFERENCES = 8
"""Takes of the training split given as references of a seen performer."""
FITTING_CLIPS = 40
"""Clips of the training split that fit the closure thresholds."""


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
        Figure.of_mean(group, who, "lip-gap correlation", gap),
        Figure.of_mean(group, who, "mouth-width correlation", width),
    ]


def seen_performer(
    model: Model, readout: LipReadout, ridge: baselines.Ridge, clips: list[Utterance]
) -> list[Figure]:
    """Held-out clips of GRID s1, against the baselines."""
    group = "Held-out clips of a seen performer (GRID s1)"
    train = [clip for clip in clips if clip.split == "train"]
    held = [clip for clip in clips if clip.split == "held"]
    references = [as_take(clip) for clip in train[:: max(1, len(train) // REFERENCES)]][:REFERENCES]
    own, bare = lips_of(model, readout, references), lips_of(model, readout, [])
    figures = lip_figures(group, "Mouthpiece, own references", held, own)
    figures += lip_figures(group, "Mouthpiece, no references", held, bare)
    figures += lip_figures(group, "ridge regression", held, ridge)
    fitting = train[:: max(1, len(train) // FITTING_CLIPS)]
    others = [spoken(clip, own(clip)[:, 0]) for clip in fitting]
    thresholds = shut_threshold(others, predicted=True), shut_threshold(others, predicted=False)
    score = closure_counts([spoken(clip, own(clip)[:, 0]) for clip in held], thresholds)
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
    ridge = baselines.fit_ridge([clip for clip in s1 if clip.split == "train"])
    figures = seen_performer(model, readout, ridge, s1)
    grid = load_set(corpus / "eval" / "eval_grid_dev.npz", cache / "eval")
    group = "Strangers: five GRID speakers, never trained on, no references"
    figures += lip_figures(group, "Mouthpiece", grid, lips_of(model, readout, []))
    figures += lip_figures(group, "ridge regression", grid, ridge)
    figures += strangers.articulograph(model, readout, ridge, data)
    figures += dialogue.figures(model, readout)
    figures += styles.figures(model, [clip for clip in s1 if clip.split == "held"])
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--corpus", type=Path, default=Path("build/corpus"))
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--out", type=Path, default=Path("build/evaluation"))
    parser.add_argument("--card", type=Path, action="append", default=[], help="page to renew")
    options = parser.parse_args()
    figures = evaluate(options.weights, options.data, options.corpus)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "figures.json").write_text(
        json.dumps([figure.as_dict() for figure in figures], indent=1), encoding="utf-8"
    )
    print(as_markdown(figures))
    for card in options.card:
        update_card(card, figures)


if __name__ == "__main__":
    main()
