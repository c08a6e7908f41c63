"""One recording on the model's clock: its sound, channels, lips and phones."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from ...inference.types import TICK_RATE, C, frame_count, frame_times
from ..phones import UNLABELLED, hops_from_segments

HOPS = 4
"""10 ms label hops per model frame."""
HELD_SHARE = 10
"""One clip in ten is held out, chosen by the hash of its name."""


@dataclass(frozen=True)
class MotionClip:
    """``audio int16 [N]`` (may be empty), ``channels float32 [T, 55]``, ``gap float32 [T, 2]`` (NaN where
    unknown) and ``phones int16 [4 T]`` (empty without sound); T = ceil(N / 640) where there is sound."""

    name: str
    performer: str
    language: str
    audio: np.ndarray
    channels: np.ndarray
    gap: np.ndarray
    phones: np.ndarray


def at_ticks(values: np.ndarray, fps: float, frames: int, lead: float = 0.0) -> np.ndarray:
    """Rows ``[T, D]`` that show (i + 0.5) / fps - ``lead`` s, read at model frames ``[frames, D]``.

    Linear in between, edge rows held.
    """
    place = np.clip((frame_times(frames) + lead) * fps - 0.5, 0, len(values) - 1)
    before = np.floor(place).astype(int)
    after = np.minimum(before + 1, len(values) - 1)
    part = (place - before)[:, None]
    return (values[before] * (1 - part) + values[after] * part).astype(np.float32)


def make_clip(
    name: str,
    performer: str,
    language: str,
    audio: np.ndarray,
    channels: np.ndarray,
    *,
    fps: float = TICK_RATE,
    gap: np.ndarray | None = None,
    lead: float = 0.0,
    segments: list[tuple[float, float, int]] | None = None,
    shift: float = 0.0,
) -> MotionClip:
    """Put a recording on the model's clock; ``lead`` as in ``at_ticks``, ``shift`` moves the phone labels."""
    frames = frame_count(len(audio)) if len(audio) else round(len(channels) * TICK_RATE / fps)
    lips = np.full((frames, 2), np.nan, np.float32) if gap is None else at_ticks(gap, fps, frames, lead)
    phones = np.full(HOPS * frames if len(audio) else 0, UNLABELLED, np.int16)
    if segments:
        phones = hops_from_segments(segments, len(phones), shift)
    return MotionClip(
        name,
        performer,
        language,
        audio,
        at_ticks(channels, fps, frames, lead).reshape(frames, C),
        lips,
        phones,
    )


def split_of(name: str) -> str:
    """``held`` for one clip in ten by the hash of its name, else ``train``."""
    return "held" if int(hashlib.sha256(name.encode()).hexdigest(), 16) % HELD_SHARE == 0 else "train"
