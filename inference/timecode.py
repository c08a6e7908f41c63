"""The timecodes of Apple's Live Link Face app: ``HH:MM:SS:FF.fff``, frames of a sixtieth of a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BASE = 60
"""Frames that a second of the app's timecode counts, whatever the rate of the rows."""
BASES = (24, 25, 30, 48, 50, 60, 100, 120)
"""What other recorders count to."""
FALLBACK = 30.0
"""Rows a second where the timecodes say nothing."""
COMMON = (24 / 1.001, 24.0, 25.0, 30 / 1.001, 30.0, 48.0, 50.0, 60 / 1.001, 60.0, 100.0, 120.0)
JUMP = 60.0
"""Seconds between two rows from which a clock was set anew, and no time has passed."""
GAP = 1.5
"""Usual steps from which on a step is none."""
SNAP = 0.005
"""A rate this close, relatively, to a common one is that one."""


def write(seconds: float) -> str:
    """The timecode of a time since midnight, in seconds."""
    thousandths = round(seconds * BASE * 1000)
    whole, rest = divmod(thousandths, BASE * 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def parse(text: str) -> tuple[float, float] | None:
    """Whole seconds since midnight and frames of a timecode; None if it is none."""
    try:
        hours, minutes, seconds, frames = (float(part) for part in text.strip().replace(";", ":").split(":"))
    except ValueError:
        return None
    return hours * 3600 + minutes * 60 + seconds, frames


def row_rate(timecodes: Sequence[str]) -> float:
    """Rows a second, from the steps between the timecodes of consecutive rows.

    How far a second counts is read off where the seconds roll over. Gaps, where the app dropped
    rows, are ignored. Drop-frame timecodes count 1.001 times as fast as the rows come.
    """
    parsed = np.array([pair for pair in map(parse, timecodes) if pair], np.float64).reshape(-1, 2)
    if len(parsed) < 2:
        return FALLBACK
    pace = _pace(parsed, any(";" in text for text in timecodes))
    if pace is None:
        seconds = np.median(np.diff(parsed[:, 0]))
        return snapped(1 / float(seconds)) if seconds > 0 else FALLBACK
    return snapped(pace.base / pace.usual / (1.001 if pace.left_out else 1.0))


def missing_rows(timecodes: Sequence[str]) -> np.ndarray:
    """How many rows are missing before each row by the timecodes, ``int [N]``.

    Asked are timecodes that no earlier one reaches and no later one falls below: a row with another, or with
    none, is there at its turn. Beyond ``JUMP`` nothing is missing.
    """
    missing = np.zeros(len(timecodes), int)
    found = [(row, pair) for row, pair in enumerate(map(parse, timecodes)) if pair]
    rows, parsed = np.array([row for row, _ in found]), np.array([pair for _, pair in found], np.float64)
    pace = _pace(parsed, any(";" in text for text in timecodes)) if len(found) > 1 else None
    if pace is None:
        return missing
    frames = pace.count(parsed)
    before = np.concatenate([[-np.inf], np.maximum.accumulate(frames)[:-1]])
    asked = (frames > before) & (frames == np.minimum.accumulate(frames[::-1])[::-1])
    rows, steps = rows[asked], np.diff(frames[asked])
    gaps = (steps > GAP * pace.usual) & (steps <= JUMP * pace.base)
    passed = np.rint(steps[gaps] / pace.usual).astype(int)
    missing[rows[1:][gaps]] = np.maximum(passed - np.diff(rows)[gaps], 0)
    return missing


@dataclass(frozen=True)
class _Pace:
    """How far a second counts, frames between two rows, and those left out where most minutes begin."""

    base: int
    usual: float
    left_out: int

    def count(self, parsed: np.ndarray) -> np.ndarray:
        """Frames since midnight, ``float64 [N]``, of seconds and frames ``parsed [N, 2]``."""
        minutes = parsed[:, 0] // 60
        return parsed[:, 0] * self.base + parsed[:, 1] - self.left_out * (minutes - minutes // 10)


def _pace(parsed: np.ndarray, marked: bool) -> _Pace | None:
    """That of the seconds and frames ``parsed [N, 2]`` of rows, N > 1; None where no frame is counted.

    ``marked`` are those that may leave some out.
    """
    seconds, frames = np.diff(parsed[:, 0]), np.diff(parsed[:, 1])
    inside = frames[(seconds == 0) & (frames > 0)]
    if not len(inside):
        return None
    turns = np.median(inside) - frames[seconds == 1]
    base = min(BASES, key=lambda base: abs(base - np.median(turns))) if len(turns) else BASE
    steps = seconds * base + frames
    steps = steps[steps > 0]
    usual = float(np.mean(steps[steps <= GAP * np.median(steps)]))
    drops = (marked and base % 30 == 0) or _drops(parsed, base, usual)
    return _Pace(base, usual, base // 15 if drops else 0)


def _drops(parsed: np.ndarray, base: int, usual: float) -> bool:
    """Whether two frames of thirty are left out where a minute begins, but not at every tenth.

    ``parsed [N, 2]`` holds the seconds and frames of the rows, which are ``usual`` frames apart.
    """
    before, after = parsed[:-1], parsed[1:]
    turns = (after[:, 0] - before[:, 0] == 1) & (after[:, 0] % 60 == 0) & (after[:, 0] % 600 > 0)
    if base % 30 or not turns.any():
        return False
    left_out = base // 15
    skipped = np.median(base + after[turns, 1] - before[turns, 1] - usual)
    return bool(abs(skipped - left_out) <= left_out / 5 and after[turns, 1].min() >= left_out)


def snapped(rate: float) -> float:
    """The common rate next to ``rate``, or ``rate`` if none is near."""
    nearest = min(COMMON, key=lambda common: abs(common - rate))
    return nearest if abs(nearest - rate) <= SNAP * nearest else rate
