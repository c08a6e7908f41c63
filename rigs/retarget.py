"""Channels to shape-key values and back, and model time to scene time: arithmetic only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..inference.types import TICK_RATE, frame_times
from .mapping import Mapping


@dataclass(frozen=True)
class SceneClock:
    """Scene time: ``rate`` frames a second (fps / fps_base); the sound starts at frame ``start``."""

    rate: float
    start: float = 1.0

    def frames(self, seconds: np.ndarray) -> np.ndarray:
        """Scene frames, fractional, of ``seconds`` of the sound; float64, same shape."""
        return self.start + np.asarray(seconds, np.float64) * self.rate

    def seconds(self, frames: np.ndarray) -> np.ndarray:
        """Seconds of the sound at scene ``frames``; float64, same shape."""
        return (np.asarray(frames, np.float64) - self.start) / self.rate


def key_frames(count: int, clock: SceneClock, *, whole: bool) -> np.ndarray:
    """Scene frames at which ``count`` model frames are keyed, ``float64 [K]``.

    Exact fractional frames, or every whole frame from the start of the sound to its end.
    """
    if not whole:
        return clock.frames(frame_times(count))
    first, last = extent(count, clock)
    return np.arange(np.ceil(first - 1e-6), np.floor(last + 1e-6) + 1.0)


def extent(count: int, clock: SceneClock) -> np.ndarray:
    """Scene frames at which the first of ``count`` model frames begins and the last ends, ``float64 [2]``."""
    return clock.frames(np.array([0.0, count / TICK_RATE]))


def sample(values: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """``values [T, K]`` of the model frames at any ``seconds [M]``, linear, ends held; float32 [M, K]."""
    position = np.clip(np.asarray(seconds) * TICK_RATE - 0.5, 0.0, len(values) - 1)
    below = np.floor(position).astype(np.intp)
    above = np.minimum(below + 1, len(values) - 1)
    part = (position - below)[:, None]
    return ((1.0 - part) * values[below] + part * values[above]).astype(np.float32)


def to_keys(channels: np.ndarray, mapping: Mapping) -> np.ndarray:
    """Shape-key values ``float32 [T, K]`` of ``channels [T, C]``."""
    return mapping.affine()(channels)


def cut(audio: np.ndarray, start: int, length: int) -> np.ndarray:
    """``length`` samples of ``audio [N]`` from sample ``start``, which may be negative; silence around it."""
    samples = np.zeros(length, np.float32)
    low, high = max(start, 0), min(start + length, len(audio))
    if high > low:
        samples[low - start : high - start] = audio[low:high]
    return samples
