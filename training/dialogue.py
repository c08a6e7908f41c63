"""Do the lips meet on the demo's line: a synthetic voice with exact phone times, with and without takes."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from ..inference.animate import animate
from ..inference.decode import load_audio
from ..inference.livelink import read_take
from ..inference.model import Model
from ..inference.types import TICK_RATE, frame_times
from .corpus.lips import LipReadout
from .figures import Figure
from .metrics import TOLERANCE_TICKS

DEMO = Path(__file__).resolve().parents[1] / "demo"
GROUP = "The demo's dialogue: a synthetic voice with exact phone times"
CONTACT = 0.012
"""Gap over the rig's rest below which lips look shut, in outer eye corner distances."""


def bilabials() -> list[tuple[float, float]]:
    """Start and end of every p, b and m, seconds."""
    with open(DEMO / "dialogue" / "dialogue_phones.csv", newline="", encoding="utf-8") as file:
        return [(float(r["start"]), float(r["end"])) for r in csv.DictReader(file) if r["phone"] in "pbm"]


def figures(model: Model, readout: LipReadout) -> list[Figure]:
    """Share of p, b and m at which the lips meet within ±2 frames: no references, and each of the demo's."""
    audio = load_audio(DEMO / "dialogue" / "dialogue.flac")
    takes = {"no references": []}
    for name in ("broad", "mumble"):
        sound = load_audio(DEMO / "references" / f"{name}.flac")
        takes[f"the take '{name}'"] = [(read_take(DEMO / "references" / f"{name}.csv", sound), 1.0)]
    rows = []
    for who, references in takes.items():
        gap = readout(animate(audio, model, references=references))[:, 0] - readout.offset[0]
        times, slack = frame_times(len(gap)), TOLERANCE_TICKS / TICK_RATE
        met = [gap[(times > a - slack) & (times < b + slack)].min() < CONTACT for a, b in bilabials()]
        rows.append(Figure.of_mean(GROUP, f"Mouthpiece, {who}", "share of p, b, m that close", np.array(met)))
    return rows
