"""Readers of phone alignments: each gives (start s, end s, phone index) segments per utterance.

Times are the label files' own; ``speech_sets.py`` states the correction of each set.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

from ..phones import SILENCE, UNLABELLED, expand

Segments = list[tuple[float, float, int]]
Aligned = list[tuple[float, float, str, float]]
"""What pocketsphinx says of an utterance: (start s, end s, ARPAbet, score per frame) of each phone."""

PHONE_SCORE_FLOOR = -60.0
"""pocketsphinx's score per frame below which a phone is not where the aligner put it (worst 5 % or so)."""
UTTERANCE_SCORE_FLOOR = -38.0
"""Mean score of the spoken phones below which the whole alignment is dropped: another text was spoken."""


def read_alignment_tsv(path: Path) -> dict[str, Segments]:
    """Segments of every utterance of a pocketsphinx table (utt, start, end, ARPAbet, word, score per frame).

    Phones under ``PHONE_SCORE_FLOOR`` are unlabelled, utterances under ``UTTERANCE_SCORE_FLOOR`` left out.
    """
    rows: dict[str, Aligned] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row[0] != "utt":
                rows[row[0]].append((float(row[1]), float(row[2]), row[3], float(row[5])))
    trusted = {name: trusted_segments(phones) for name, phones in rows.items()}
    return {name: segments for name, segments in trusted.items() if segments is not None}


def trusted_segments(phones: Aligned) -> Segments | None:
    """Segments of the ``phones`` whose score is not under ``PHONE_SCORE_FLOOR``, the others unlabelled.

    None if that of the whole is under ``UTTERANCE_SCORE_FLOOR``.
    """
    if _mean_score(phones) < UTTERANCE_SCORE_FLOOR:
        return None
    segments: Segments = []
    for start, end, symbol, score in phones:
        if score < PHONE_SCORE_FLOOR:
            segments.append((start, end, UNLABELLED))
        else:
            segments += expand(start, end, symbol, "arpabet")
    return segments


def _mean_score(phones: Aligned) -> float:
    """Mean score per frame of the phones that are not silence, weighted by their length."""
    spoken = [(end - start, score) for start, end, symbol, score in phones if symbol != "SIL"]
    length = sum(duration for duration, _ in spoken)
    return sum(duration * score for duration, score in spoken) / length if length else float("-inf")


def read_festvox_lab(path: Path) -> Segments:
    """Segments of a festvox ``.lab``: after a line ``#``, rows of end time, colour and phone."""
    segments: Segments = []
    start = 0.0
    for end, symbol in _timed_rows(path):
        segments += expand(start, end, symbol, "festvox_ru")
        start = end
    return segments


def read_lablaut(path: Path) -> Segments:
    """Segments of an EmoDB hand label: rows of *start* time, colour, symbol and modifiers.

    Rows that hold only a modifier (``+hoe``, ``-sth``, ``[+eng``) leave the phone under way as it is. The
    file ends with ``.`` at the end of speech. Silence before the first phone and after the last is labelled;
    a file without rows has no segments.
    """
    marks = [(time, symbol) for time, symbol in _timed_rows(path) if symbol]
    if not marks:
        return []
    segments: Segments = [(0.0, marks[0][0], SILENCE)]
    for (start, symbol), (end, _) in pairwise(marks):
        segments += expand(start, end, symbol, "emodb")
    return [*segments, (marks[-1][0], float("inf"), SILENCE)]


def _timed_rows(path: Path) -> list[tuple[float, str]]:
    """(time s, phone) of an xwaves label file's rows after ``#``; modifiers are cut off the phone."""
    _, _, body = path.read_text(encoding="latin-1").partition("\n#")
    body = body if body else path.read_text(encoding="latin-1").removeprefix("#")
    rows = [line.split() for line in body.splitlines() if line.split()]
    return [(float(row[0]), re.split(r"[+\[-]", row[2])[0] if len(row) > 2 else "") for row in rows]
