"""The timecodes of Apple's Live Link Face app: ``HH:MM:SS:FF.fff``, frames of a sixtieth of a second."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BASE = 60
"""Frames that a second of the app's timecode counts, whatever the rate of the rows."""
BASES = (24, 25, 30, 48, 50, 60, 100, 120)
"""What other recorders count to."""
FALLBACK = 30.0
"""Rows a second where the timecodes say nothing."""
COMMON = (24 / 1.001, 24.0, 25.0, 30 / 1.001, 30.0, 48.0, 50.0, 60 / 1.001, 60.0, 100.0, 120.0)
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
    rows, are ignored: the rows are trusted. Drop-frame timecodes count 1.001 times as fast as the rows come.
    """
    parsed = np.array([pair for pair in map(parse, timecodes) if pair], np.float64).reshape(-1, 2)
    if len(parsed) < 2:
        return FALLBACK
    seconds, frames = np.diff(parsed[:, 0]), np.diff(parsed[:, 1])
    inside = frames[(seconds == 0) & (frames > 0)]
    if not len(inside):
        return snapped(1 / float(np.median(seconds))) if np.median(seconds) > 0 else FALLBACK
    turns = np.median(inside) - frames[seconds == 1]
    base = min(BASES, key=lambda base: abs(base - np.median(turns))) if len(turns) else BASE
    steps = seconds * base + frames
    steps = steps[steps > 0]
    usual = float(np.mean(steps[steps <= 1.5 * np.median(steps)]))
    marked = base % 30 == 0 and any(";" in text for text in timecodes)
    return snapped(base / usual / (1.001 if marked or _drops(parsed, base, usual) else 1.0))


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
