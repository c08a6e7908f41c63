"""Do lips meet at p, b and m in voices that nobody filmed, and only there?"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..inference.animate import animate
from ..inference.decode import load_audio
from ..inference.livelink import read_take
from ..inference.model import Model
from ..inference.types import TICK_RATE, Take, frame_times
from .closure import BILABIAL, numbered
from .corpus.lips import LipReadout
from .dataset import Utterance, to_float
from .figures import Figure
from .metrics import TOLERANCE_TICKS
from .phones import FEATURE_TABLE, FEATURES, PHONES, UNLABELLED
from .voices import spaced

DEMO = Path(__file__).resolve().parents[1] / "demo"
GROUP = "The demo's dialogue: a synthetic voice with exact phone times"
UNFILMED_GROUP = "Closures in recorded voices that nobody filmed"
CONTACT = 0.012
"""Gap over the rig's rest below which lips look shut, in outer eye corner distances."""
OPEN = 0.4
"""Openness from which on a vowel parts the lips for certain."""
FAR_HOPS = 15
"""Distance from which on a closure no longer narrows a vowel."""
References = Sequence[tuple[Take, float]]
"""Takes and their weights."""
SHUT = (*BILABIAL, PHONES.index("f"), PHONES.index("v"), UNLABELLED)


def bilabials() -> list[tuple[float, float]]:
    """Start and end of every p, b and m, seconds."""
    with open(DEMO / "dialogue" / "dialogue_phones.csv", newline="", encoding="utf-8") as file:
        return [(float(r["start"]), float(r["end"])) for r in csv.DictReader(file) if r["phone"] in "pbm"]


def manners(*names: str) -> dict[str, References]:
    """No references, and each of the demo's takes ``names`` alone."""
    takes = {"no references": []}
    for name in names:
        sound = load_audio(DEMO / "references" / f"{name}.flac")
        takes[f"the take '{name}'"] = [(read_take(DEMO / "references" / f"{name}.csv", sound), 1.0)]
    return takes


def figures(model: Model, readout: LipReadout) -> list[Figure]:
    """Share of p, b and m at which the lips meet within ±2 frames: no references, and each of the demo's."""
    audio = load_audio(DEMO / "dialogue" / "dialogue.flac")
    rows = []
    for who, references in manners("broad", "mumble").items():
        gap = readout(animate(audio, model, references=references))[:, 0] - readout.offset[0]
        times, slack = frame_times(len(gap)), TOLERANCE_TICKS / TICK_RATE
        met = [gap[(times > a - slack) & (times < b + slack)].min() < CONTACT for a, b in bilabials()]
        rows.append(Figure.of_mean(GROUP, f"Mouthpiece, {who}", "share of p, b, m that close", np.array(met)))
    return rows


def apart(phones: np.ndarray) -> np.ndarray:
    """Ticks ``[T]`` of ``phones int [4 T]`` that an open vowel fills, far from anything that shuts lips."""
    vowel = (FEATURE_TABLE[phones][:, FEATURES.index("openness")] >= OPEN) & (
        FEATURE_TABLE[phones][:, FEATURES.index("vowel")] > 0
    )
    near = np.convolve(np.isin(phones, SHUT), np.ones(2 * FAR_HOPS + 1), "same") > 0
    return (vowel & ~near).reshape(-1, 4).all(1)


def unfilmed(
    model: Model, readout: LipReadout, corpora: dict[str, list[Utterance]], references: References = ()
) -> list[Figure]:
    """Mean over recordings: share of the labelled p, b and m at which lips meet within ±2 frames, and of the
    ticks of open vowels far from any at which they do."""
    rows = []
    for who, clips in corpora.items():
        met, wrong = [], []
        for clip in spaced(clips):
            phones = np.asarray(clip.phones, int)
            made = readout(animate(to_float(clip.audio), model, references=references))
            shut = made[:, 0] - readout.offset[0] < CONTACT
            closures = numbered(phones[None])[0]
            near = np.convolve(shut[: len(closures)], np.ones(2 * TOLERANCE_TICKS + 1), "same") > 0
            numbers = np.unique(closures[closures >= 0])
            met.append(share([near[closures == number].any() for number in numbers]))
            wrong.append(share(shut[: len(closures)][apart(phones)]))
        rows.append(Figure.of_mean(UNFILMED_GROUP, who, "share of p, b, m that close", np.array(met)))
        rows.append(Figure.of_mean(UNFILMED_GROUP, who, "share of open vowels shut", np.array(wrong)))
    return rows


def share(true: Sequence[bool]) -> float:
    """How many of ``true`` are so; NaN of none."""
    return float(np.mean(true)) if len(true) else np.nan
