"""Blinks in captured motion: found, and taken out, so that they can be drawn as the events that they are."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from .types import BLENDSHAPES, INDEX

LIDS: tuple[int, ...] = tuple(i for i, name in enumerate(BLENDSHAPES) if name.startswith("eye"))
"""Channels that take part in a blink."""
BLINK = (INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"])
RISE = 0.3
"""How far both lids must fall for a blink."""
QUICK = 3
"""Ticks in which they do (120 ms)."""
LONGEST = 24
"""Ticks in which they must have come back, most of the way; lids shut for longer are a posture."""
BACK, GONE = 0.45, 0.1
"""What may be left of the fall once they have come back most of the way, and once the blink is over."""
MARGIN = 2
"""Ticks on either side that smoothed gaze still feels."""

USUAL = 0.024
"""Chance that a blink begins at a tick (36 a minute, as on average in training)."""
TRUST = 100
"""Ticks of usual blinking that a take's own are added to."""


@dataclass(frozen=True)
class Blink:
    """From ``start``, the last tick before both lids fall by ``depth``, to ``stop``, when they are back or
    fall again."""

    start: int
    stop: int
    depth: float


def find_blinks(channels: np.ndarray) -> list[Blink]:
    """The blinks in ``channels [T, C]`` at 25 Hz, in order; none overlap."""
    lids = channels[:, BLINK].min(1)
    found: list[Blink] = []
    tick, last = 0, len(lids) - 1
    while tick < last:
        fall = lids[tick + 1 : tick + 1 + QUICK] - lids[tick]
        if fall[0] < RISE / QUICK or fall.max() < RISE:
            tick += 1
            continue
        window = lids[tick : tick + 1 + LONGEST] - lids[tick]
        length, depth = _course(window)
        if length:
            found.append(Blink(tick, tick + length, depth))
        tick += length or int(window.argmax())
    return found


def _course(fallen: np.ndarray) -> tuple[int, float]:
    """How many ticks a blink takes and how deep it is, from how far the lids have ``fallen [T]`` since before
    it; 0 ticks where they stay shut."""
    depth, lowest = 0.0, 0
    for tick, now in enumerate(fallen):
        if not lowest:
            depth = max(depth, float(now))
            lowest = tick if now < BACK * depth else 0
        elif now > fallen[lowest] + RISE:
            break
        elif now < fallen[lowest]:
            lowest = tick
        if lowest and fallen[lowest] < GONE * depth:
            break
    return lowest, depth


def without_blinks(channels: np.ndarray, blinks: list[Blink]) -> np.ndarray:
    """``channels [T, C]`` with straight lines instead of ``blinks``."""
    still = channels.copy()
    lids = list(LIDS)
    for start, stop in _spans(blinks, len(channels) - 1):
        part = np.linspace(0, 1, stop - start + 1, dtype=channels.dtype)[:, None]
        before, after = channels[start, lids], channels[stop, lids]
        still[start : stop + 1, lids] = before + part * (after - before)
    return still


def _spans(blinks: list[Blink], last: int) -> list[tuple[int, int]]:
    """First and last ticks of blinks with their margins, those as one that run into each other."""
    spans: list[tuple[int, int]] = []
    for blink in blinks:
        start, stop = max(blink.start - MARGIN, 0), min(blink.stop + MARGIN, last)
        if spans and start <= spans[-1][1]:
            start = spans.pop()[0]
        spans.append((start, stop))
    return spans


def habit(onsets: np.ndarray) -> float:
    """How much more often a take blinks than is usual, as a difference of probits of a blink's beginning at a
    tick; ``onsets`` is ``bool [T]``. 0 is as usual, and a short take is taken to differ little."""
    likely = (onsets.sum() + TRUST * USUAL) / (len(onsets) + TRUST)
    probit = NormalDist().inv_cdf
    return probit(min(likely, 0.5)) - probit(USUAL)


def separate(channels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of ``channels [B, T, C]`` without their blinks, and where those begin, ``bool [B, T]``.

    A blink begins at the first tick on which the lids have fallen.
    """
    still, onsets = np.empty_like(channels), np.zeros(channels.shape[:2], bool)
    for row, track in enumerate(channels):
        blinks = find_blinks(track)
        still[row] = without_blinks(track, blinks)
        onsets[row, [blink.start + 1 for blink in blinks]] = True
    return still, onsets
