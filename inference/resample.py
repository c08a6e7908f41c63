"""Motion at another frame rate, sampled at exact times."""

from __future__ import annotations

import math

import numpy as np

from .errors import OutputError
from .types import TICK_RATE


def resampled_count(frames: int, fps_in: float, fps_out: float) -> int:
    """Rows at ``fps_out`` that cover ``frames`` rows at ``fps_in``; a sliver below 1e-6 of a row is none."""
    return math.ceil(frames * fps_out / fps_in - 1e-6)


def row_times(frames: int, fps_in: float, fps_out: float) -> np.ndarray:
    """Seconds ``[M]`` that rows at ``fps_out`` show, as many as cover ``frames`` rows at ``fps_in``."""
    return (np.arange(resampled_count(frames, fps_in, fps_out)) + 0.5) / fps_out


def resample(channels: np.ndarray, fps_in: float, fps_out: float) -> np.ndarray:
    """``channels [T, K]`` at ``fps_in`` as ``float32 [ceil(T * fps_out / fps_in), K]`` at ``fps_out``.

    Row i of either rate shows the time (i + 0.5) / fps; values between rows are linear, ends are held.
    Raises OutputError for a rate that is no positive number.
    """
    if not (math.isfinite(fps_out) and fps_out > 0):
        raise OutputError(f"A frame rate of {fps_out:g} is impossible: choose a positive number.")
    if fps_in == fps_out or not len(channels):
        return np.array(channels, np.float32)
    position = np.clip(row_times(len(channels), fps_in, fps_out) * fps_in - 0.5, 0, len(channels) - 1)
    below = position.astype(np.intp)
    above = np.minimum(below + 1, len(channels) - 1)
    part = (position - below)[:, None]
    return ((1 - part) * channels[below] + part * channels[above]).astype(np.float32)


def at_rate(channels: np.ndarray, fps: float) -> np.ndarray:
    """The model's frames ``channels [T, K]`` as rows at ``fps``. Raises OutputError."""
    return resample(channels, TICK_RATE, fps)


def across(grid: np.ndarray, times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """``values [N, K]`` at ``times [N]`` as they are at ``grid [T]``, ``float32 [T, K]``; ends are held."""
    return np.stack([np.interp(grid, times, column) for column in values.T], axis=1).astype(np.float32)
