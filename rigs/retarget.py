"""Channels to shape-key values and back, and model time to scene time: arithmetic only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..inference.types import BLENDSHAPES, INDEX, TICK_RATE, C, frame_times
from .matching import Mapping


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
    first, last = clock.frames(np.array([0.0, count / TICK_RATE]))
    return np.arange(np.ceil(first - 1e-6), np.floor(last + 1e-6) + 1.0)


def sample(values: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """``values [T, K]`` of the model frames at any ``seconds [M]``, linear, ends held; float32 [M, K]."""
    position = np.clip(np.asarray(seconds) * TICK_RATE - 0.5, 0.0, len(values) - 1)
    below = np.floor(position).astype(np.intp)
    above = np.minimum(below + 1, len(values) - 1)
    part = (position - below)[:, None]
    return ((1.0 - part) * values[below] + part * values[above]).astype(np.float32)


def matrix(mapping: Mapping) -> np.ndarray:
    """Weights ``float32 [C, K]`` of a mapping, keys in the order of ``mapping.drives``."""
    weights = np.zeros((C, len(mapping.drives)), np.float32)
    for column, channels in enumerate(mapping.drives.values()):
        for channel, weight in channels.items():
            weights[INDEX[channel], column] = weight
    return weights


def to_keys(channels: np.ndarray, mapping: Mapping) -> np.ndarray:
    """Shape-key values ``float32 [T, K]`` of ``channels [T, C]``."""
    return np.asarray(channels, np.float32) @ matrix(mapping)


def to_channels(values: np.ndarray, mapping: Mapping) -> tuple[np.ndarray, np.ndarray]:
    """Channels ``float32 [T, C]`` in [0, 1] of shape-key ``values [T, K]``, and which are known, bool [C].

    A channel that several keys show (browInnerUp in halves) is their mean; a key that shows several
    channels (a two-eyed blink) gives each of them its value.
    """
    shows = (matrix(mapping) > 0).astype(np.float32)
    known = shows.any(axis=1)
    channels = np.asarray(values, np.float32) @ shows.T / np.maximum(shows.sum(axis=1), 1.0)
    channels[:, : len(BLENDSHAPES)] = np.clip(channels[:, : len(BLENDSHAPES)], 0.0, 1.0)
    return channels, known


def cut(audio: np.ndarray, start: int, length: int) -> np.ndarray:
    """``length`` samples of ``audio [N]`` from sample ``start``, which may be negative; silence around it."""
    samples = np.zeros(length, np.float32)
    low, high = max(start, 0), min(start + length, len(audio))
    if high > low:
        samples[low - start : high - start] = audio[low:high]
    return samples
