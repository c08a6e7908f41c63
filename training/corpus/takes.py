"""Phone captures: Live Link Face CSV rows to channels; truncated rows are skipped by holding the last one."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from ...inference.errors import TakeError
from ...inference.types import BLENDSHAPES, C

FPS = 30.0
"""Rows a second of these takes; their timecodes count to 59 but only half of the frames are there."""


def read_rows(path: Path) -> np.ndarray:
    """Channels ``float32 [T, 55]``; head columns stay zero (these takes hold none).

    Rows that end early (the phone wrote no face) repeat the one before. Raises TakeError for another file.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    header = {name.lower(): i for i, name in enumerate(rows[0])} if rows else {}
    missing = [name for name in BLENDSHAPES if name.lower() not in header]
    if missing:
        raise TakeError(
            f"{path}: no Live Link Face columns {', '.join(missing)}; export the take again as CSV"
        )
    places = [header[name.lower()] for name in BLENDSHAPES]
    channels = np.zeros((len(rows) - 1, C), np.float32)
    last = np.zeros(len(BLENDSHAPES), np.float32)
    for i, row in enumerate(rows[1:]):
        if len(row) > max(places):
            last = np.clip([float(row[place]) for place in places], 0, 1)
        channels[i, : len(BLENDSHAPES)] = last
    return channels
