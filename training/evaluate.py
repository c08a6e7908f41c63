"""Every figure of the README and the model card, from held-out recordings and the shipped weights.

``python -m mouthpiece.training.evaluate --data ../shared/data --corpus build/corpus`` prints the tables,
writes them with a page of plots to ``build/evaluation/`` and renews the figures of each ``--card``. Ablations
and the teacher are run when the ``--checkpoint`` that the weights were exported from is there.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ..inference.animate import animate
from ..inference.features import log_mel
from ..inference.model import Model
from . import (
    baselines,
    contact,
    dynamics,
    halves,
    levels,
    offline,
    page,
    recall,
    strangers,
    styles,
    variants,
    voices,
)
from .closure import closure_scores, shut_threshold, spoken
from .corpus.lips import LipReadout
from .corpus.rig import Rig, load_rig
from .dataset import Utterance, by_performer, load_set, to_float
from .figures import Figure, as_markdown, update_card
from .metrics import correlation, f1_interval, jerk, total
from .prediction import QUIETER, Predictor, as_take, lips_of, quieter
from .sync import in_time

REFERENCES = 8
"""Takes of the training split given as references of a seen performer."""
ROLLS = 4
"""Seeds whose closures are counted: from one to the next their median timing differs by two milliseconds."""
FITTING_CLIPS = 40
"""Clips of the training split that fit the closure thresholds."""
ABLATION_CLIPS = 12
"""Held-out clips that ablations run on."""
CONFUSED = 8
"""Performers of the confusion matrix."""
SEEN = "Held-out clips of a seen performer (GRID s1)"
IN_TIME = "pictures in time with their phones"
OWN, BARE = "Mouthpiece, own references", "Mouthpiece, no references"
STRANGERS = "Strangers: five GRID speakers, never trained on, no references"
KOREAN = "Held-out clips of a seen performer who speaks Korean, quietly recorded, no references"


@dataclass(frozen=True)
class Bench:
    """What is judged, and on what."""

    model: Model
    readout: LipReadout
    rig: Rig
    checkpoint: Path | None
    data: Path
    sets: dict[str, list[Utterance]]
    strangers: list[Utterance]

    @cached_property
    def listeners(self) -> dict[str, Predictor]:
        """The twins of which one hears the future."""
        return offline.listeners(self.checkpoint.parent) if self.checkpoint else {}

    def clips(self, name: str, split: str) -> list[Utterance]:
        return [clip for clip in self.sets[name] if clip.split == split]


def correlations(clips: list[Utterance], lips: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Per-recording correlation of gap and of width with the capture."""
    pairs = [
        [correlation(lip[: len(clip.gap), k], np.asarray(clip.gap[:, k])) for k in range(2)]
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


def opening_errors(bench: Bench, predictors: dict[str, Predictor]) -> list[Figure]:
    """Mean absolute error of the lip gap (MOD), of each about its mean on clips for fitting.

    Loudness has no unit of length: what it is worth is its correlation.
    """
    fitting = bench.clips("grid_s1", "train")[:FITTING_CLIPS]

    def errors(predict: Predictor, clips: list[Utterance]) -> list[np.ndarray]:
        return [predict(clip)[: len(clip.gap), 0] - clip.gap[:, 0] for clip in clips]

    rows = []
    for who, predict in predictors.items():
        if who == baselines.LOUDNESS:
            continue
        shift = np.mean([np.nanmean(error) for error in errors(predict, fitting)])
        made = [
            np.nanmean(np.abs(error - shift)) for error in errors(predict, bench.clips("grid_s1", "held"))
        ]
        rows.append(
            Figure.of_mean(SEEN, who, "lip-gap error about its mean, % of eye distance", 100 * np.array(made))
        )
    return rows


def of_clips(predict: baselines.Baseline) -> Predictor:
    """A baseline that is given recordings instead of their sound."""
    return lambda clip: predict(to_float(clip.audio))


def seen_performer(bench: Bench, fitted: dict[str, Predictor]) -> list[Figure]:
    """Held-out clips of GRID s1, against the baselines that were ``fitted``."""
    model, readout = bench.model, bench.readout
    train, held = bench.clips("grid_s1", "train"), bench.clips("grid_s1", "held")
    references = [as_take(clip) for clip in train[:: max(1, len(train) // REFERENCES)]][:REFERENCES]
    owns, bares = (
        [lips_of(model, readout, given, seed) for seed in range(ROLLS)] for given in (references, [])
    )
    own, bare = owns[0], bares[0]
    cast = {OWN: own, BARE: bare} | fitted
    alone, figures = bench.listeners, []
    for who, predict in (cast | alone).items():
        figures += lip_figures(SEEN, who, held, predict)
    mean_face = {"mean face": lambda clip: np.zeros((len(clip.gap), 2))}
    figures += opening_errors(bench, cast | alone | mean_face)
    every = max(1, len(train) // FITTING_CLIPS)
    figures += closure_figures(OWN, held, owns, train[::every])
    figures += closure_figures(BARE, held, bares, train[::every])
    timed = in_time([*train, *held])
    train, held = timed[: len(train)], timed[len(train) :]
    for who, predict in ({OWN: own} | alone).items():
        figures += lip_figures(SEEN, f"{who}; {IN_TIME}", held, predict)
    return figures + closure_figures(f"{OWN}; {IN_TIME}", held, owns, train[::every])


def closure_figures(
    who: str, held: list[Utterance], rolls: list[Predictor], fitting: list[Utterance]
) -> list[Figure]:
    """Whether and when lips shut in all ``rolls`` together, by thresholds from clips for ``fitting``, and how
    restless they are."""
    others = [spoken(clip, rolls[0](clip)[:, 0]) for clip in fitting]
    thresholds = shut_threshold(others, predicted=True), shut_threshold(others, predicted=False)
    made = [(clip, predict(clip)[:, 0]) for predict in rolls for clip in held]
    counted = closure_scores([spoken(clip, gap) for clip, gap in made], thresholds)
    by_clip = [total(counted[place :: len(held)]) for place in range(len(held))]
    score = total(by_clip)
    ratio = [jerk(gap) / jerk(np.asarray(clip.gap[:, 0])) for clip, gap in made]
    values = {
        "closure precision": score.precision,
        "closure recall": score.recall,
        "closure timing, median, ms": 1000 * score.median_timing,
        "jerk ratio of the lips": float(np.median(ratio)),
    }
    first = Figure(SEEN, who, "closure F1 at p, b, m", score.f1, f1_interval(by_clip), len(held))
    return [first, *(Figure(SEEN, who, name, value, None, len(held)) for name, value in values.items())]


def swapped(bench: Bench) -> list[Figure]:
    """Audio dependence: the lip-gap correlation of each clip moved by the next clip's sound."""
    held = bench.clips("grid_s1", "held")[:ABLATION_CLIPS]
    values = []
    for clip, other in zip(held, [*held[1:], held[0]], strict=True):
        made = bench.readout(animate(to_float(other.audio), bench.model))[:, 0]
        length = min(len(made), len(clip.gap))
        values.append(correlation(made[:length], np.asarray(clip.gap[:length, 0])))
    return [Figure.of_mean(SEEN, "Mouthpiece, another clip's sound", "lip-gap correlation", np.array(values))]


def ablations(bench: Bench) -> list[Figure]:
    """Teacher, regression, levels and codec; needs the checkpoint."""
    model, checkpoint = bench.model, bench.checkpoint
    clips = bench.clips("grid_s1", "held")[:ABLATION_CLIPS]
    with (
        variants.changed(checkpoint, variants.TEACHER, model) as teacher,
        variants.changed(checkpoint, variants.MEAN, model) as mean,
    ):
        cast = {
            "Mouthpiece, one step": model,
            "its teacher, sixteen steps": teacher,
            "regression, nothing sampled": mean,
        }
        often = bench.clips("grid_s1", "held")[::3]  # a clip has two blinks: a dozen tell little
        figures = dynamics.figures(cast, bench.rig, bench.readout, often)
    figures += levels.figures(model, checkpoint, clips) + plain_mouth(bench)
    performers = {"GRID s1": clips} | {
        f"stranger {name.split('/')[1]}": group for name, group in by_performer(bench.strangers).items()
    }
    return figures + levels.codec(model, checkpoint, performers)


def plain_mouth(bench: Bench) -> list[Figure]:
    """Both halves of the plain mouth and their mean, on speakers seen and unseen."""

    def of(clips: list[Utterance]) -> list[halves.Recording]:
        return [(np.asarray(clip.mel, np.float32), np.asarray(clip.gap[:, 0])) for clip in clips]

    articulograms = [(log_mel(a.audio), a.lips[:, 0]) for a in strangers.load(bench.data / "eval_ema_dev")]
    sets = {
        "GRID s1, seen": of(bench.clips("grid_s1", "held")),
        "GRID's strangers": of(bench.strangers),
        "articulograph": articulograms,
    }
    return halves.figures(bench.checkpoint, bench.readout, sets)


def style_figures(bench: Bench, out: Path) -> list[Figure]:
    """All that concerns references, and the page of plots."""
    model, held = bench.model, bench.clips("grid_s1", "held")
    figures = styles.figures(model, held)
    figures += styles.by_count(model, held)
    filmed = [styles.trained_on(bench.sets[name]) for name in ("grid_s1", "korean_fwo")]
    figures += styles.real(model, styles.REAL_GROUP, filmed)
    unseen = [styles.Part(clips, clips) for clips in by_performer(bench.strangers).values() if len(clips) > 1]
    figures += styles.real(model, f"{styles.UNSEEN_GROUP} ({len(unseen)} speakers)", unseen)
    cast = styles.performances(model, held, CONFUSED, styles.CLIPS, seed=21)
    errors = page.confusion(model, cast)
    right = np.argmin(errors, 1) == np.arange(len(errors))
    group = "Style: which of eight virtual performers' takes meet a target best"
    figures.append(Figure.of_mean(group, "Mouthpiece", "top-1, own performer", right.astype(float)))
    page.write(out / "page.png", model, bench.readout, held, cast[0], errors)
    return figures


def evaluate(bench: Bench, out: Path) -> list[Figure]:
    """All figures, in the order of the card."""
    model, readout = bench.model, bench.readout
    rivals = baselines.fitted(model, bench.clips("grid_s1", "train"))
    fitted = {who: of_clips(predict) for who, predict in rivals.items()}
    figures = seen_performer(bench, fitted) + swapped(bench)
    quiet = {f"Mouthpiece, sound {QUIETER} dB quieter": lips_of(model, readout, [], heard=quieter)}
    cast = {"Mouthpiece": lips_of(model, readout, [])} | quiet | fitted | bench.listeners
    for who, predict in cast.items():
        figures += lip_figures(STRANGERS, who, bench.strangers, predict)
    for who, predict in cast.items():
        figures += lip_figures(KOREAN, who, bench.clips("korean_fwo", "held"), predict)
    figures += strangers.articulograph(model, readout, rivals, bench.data)
    figures += contact.figures(model, readout)
    corpora = {
        "a corpus never heard (dc_tts)": bench.sets["dc_tts_ljtext"],
        "speakers never heard, accented English": bench.clips("speechocean762", "held"),
        "speakers never heard, English as a recogniser labels it": bench.clips("librispeech", "held"),
        "a speaker never heard, acted German": bench.clips("emodb", "held"),
    }
    for manner, references in contact.manners("broad").items():
        named = {f"{who}; {manner}": clips for who, clips in corpora.items()}
        figures += contact.unfilmed(model, readout, named, references)
    figures += voices.articulation(model, corpora)
    figures += voices.events(model, bench.clips("events", "held"), bench.clips("librispeech", "held"))
    figures += style_figures(bench, out)
    if bench.checkpoint and bench.checkpoint.exists():
        figures += ablations(bench)
    figures += recall.figures(model, bench.clips("grid_s1", "train")[:40])
    held = bench.clips("grid_s1", "held")[:ABLATION_CLIPS]
    return figures + dynamics.ranges(model, held, held[0].measured)


SETS = ("grid_s1", "korean_fwo", "dc_tts_ljtext", "speechocean762", "emodb", "events", "librispeech")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--corpus", type=Path, default=Path("build/corpus"))
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--checkpoint", type=Path, default=Path("build/train/student.pt"))
    parser.add_argument("--out", type=Path, default=Path("build/evaluation"))
    parser.add_argument("--card", type=Path, action="append", default=[], help="page to renew")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    cache = options.corpus.parent / "features"
    bench = Bench(
        Model.load(options.weights),
        LipReadout.load(options.corpus / "lips.npz"),
        load_rig(options.data / "rigs" / "ict_face.npz"),
        options.checkpoint,
        options.data,
        {name: load_set(options.corpus / f"{name}.npz", cache) for name in SETS},
        load_set(options.corpus / "eval" / "eval_grid_dev.npz", cache / "eval"),
    )
    figures = evaluate(bench, options.out)
    (options.out / "figures.json").write_text(
        json.dumps([figure.as_dict() for figure in figures], indent=1), encoding="utf-8"
    )
    print(as_markdown(figures))
    for card in options.card:
        update_card(card, figures)


if __name__ == "__main__":
    main()
