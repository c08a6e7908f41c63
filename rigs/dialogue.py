"""Who speaks when: lines and spans of listening as stretches of scene frames. Arithmetic only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..inference.types import BLENDSHAPES, TICK_RATE

Span = tuple[float, float]
AROUND = 1.0
"""Seconds before and after speech in which the others listen."""
SHORTEST = 0.2
"""Seconds below which a gap is no span of listening."""
EASE = 0.2
"""Seconds in which a line takes over from the pose before it."""


@dataclass(frozen=True)
class Clip:
    """A stretch of one character's motion: ``channels [T, 55]`` at 25 Hz, from ``start`` to ``end`` in scene
    frames. ``id`` is that of its line, ``character`` who moves, ``rate`` the scene's frames a second."""

    id: str
    character: str
    start: float
    end: float
    rate: float
    channels: np.ndarray


def listening_spans(own: Iterable[Span], everybody: Iterable[Span], rate: float) -> list[Span]:
    """When a character listens: around anybody's speech, apart from its own; frames at ``rate`` a second.

    Spans are sorted and do not overlap.
    """
    around = AROUND * rate
    heard = _union((start - around, end + around) for start, end in everybody)
    spans: list[Span] = []
    for start, end in heard:
        for first, last in _union(own):
            if last <= start or first >= end:
                continue
            spans.append((start, first))
            start = max(start, last)
        spans.append((start, end))
    return [(start, end) for start, end in spans if end - start >= SHORTEST * rate]


def near(span: Span, spans: Iterable[Span], rate: float) -> bool:
    """Whether one who listens in ``span`` does so because of one of ``spans``; all in frames at ``rate``."""
    around = AROUND * rate
    return any(start - around < span[1] and span[0] < end + around for start, end in spans)


@dataclass(frozen=True)
class Turn:
    """What of a strip its speaker says: ``span``, None for nothing; ``rival`` is the index of the strip that
    takes the rest of it, None when all of it is said."""

    span: Span | None
    rival: int | None = None


def turns(spans: Iterable[Span]) -> list[Turn]:
    """What one face says of each of ``spans``, since it can say one line at a time.

    A span that the next one runs into ends there; one that lies within another is not said.
    """
    spans = list(spans)
    out = [Turn(span) for span in spans]
    current: int | None = None
    for index in sorted(range(len(spans)), key=lambda index: (spans[index][0], -spans[index][1])):
        start, end = spans[index]
        if current is not None and end <= spans[current][1]:
            out[index] = Turn(None, current)
            continue
        if current is not None and start < spans[current][1]:
            out[current] = Turn((spans[current][0], start), index)
        current = index
    return out


def eased(clips: Iterable[Clip]) -> list[Clip]:
    """Clips of one character in order, none jumping: each starts at the pose in which the former ended.

    Mouth shapes are not held back, since lips must meet their sounds from the first frame on.
    """
    done: list[Clip] = []
    for clip in sorted(clips, key=lambda clip: clip.start):
        former = done[-1] if done else None
        if former is not None and len(former.channels) and clip.start - former.end < clip.rate:
            clip = Clip(
                clip.id,
                clip.character,
                clip.start,
                clip.end,
                clip.rate,
                _taken_over(former.channels[-1], clip.channels),
            )
        done.append(clip)
    return done


def easing(passed: np.ndarray) -> np.ndarray:
    """How much of a former pose is left when a part of the easing has ``passed``: 1 at 0, 0 from 1 on."""
    part = np.clip(passed, 0.0, 1.0)
    return 1.0 - part * part * (3.0 - 2.0 * part)


def _taken_over(pose: np.ndarray, channels: np.ndarray) -> np.ndarray:
    """``channels [T, 55]`` that leave ``pose [55]`` smoothly: the upper face and the head, not the mouth."""
    count = min(round(EASE * TICK_RATE), len(channels))
    weight = (easing((np.arange(count) + 1.0) / (count + 1.0))[:, None] * _UPPER).astype(np.float32)
    out = np.array(channels, np.float32)
    out[:count] += weight * (pose - out[:count])
    return out


_UPPER = np.array([name.startswith(("eye", "brow", "cheekSquint")) for name in BLENDSHAPES] + [True] * 3)
"""Channels of eyes, brows and head."""


def _union(spans: Iterable[Span]) -> list[Span]:
    """Sorted spans, those that meet joined."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
