"""Intensity, smoothing and other frames of a performance, before it meets a rig; lips that shut stay shut."""

from __future__ import annotations

import numpy as np

from ..inference.types import BLENDSHAPES, INDEX, TICK_RATE, frame_times
from .canonical import canonical
from .matching import MOUTH
from .options import BakeOptions
from .retarget import sample
from .seal import SHUT

REACH = 3.0
"""A smoothing window ends this many standard deviations away."""
_MOUTH = np.array([INDEX[name] for name in BLENDSHAPES if name in MOUTH])


def shaped(channels: np.ndarray, options: BakeOptions) -> np.ndarray:
    """``channels float32 [T, C]`` as the artist wants them."""
    return intensified(smoothed(channels, options.smoothing), options.gains)


def shut(channels: np.ndarray) -> np.ndarray:
    """Frames ``bool [T]`` in which the channels ask for shut lips, and any jaw or lip is at work."""
    shapes = np.asarray(channels, np.float64)[:, : len(BLENDSHAPES)]
    works = shapes[:, _MOUTH].max(axis=1, initial=0.0) > 0.01
    return works & (shapes @ canonical().gap <= SHUT)


def resampled(channels: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """``channels [T, C]`` at the ``seconds [M]`` of other frames, ``float32 [M, C]``.

    Lips that shut between two of them shut at the nearer: half of a closure would be half open.
    """
    sampled = sample(channels, seconds)
    if not len(seconds):
        return sampled
    apart = np.diff(seconds).max(initial=1.0 / TICK_RATE)
    edges = np.flatnonzero(np.diff(shut(channels).astype(np.int8), prepend=0, append=0))
    for first, last in zip(edges[::2], edges[1::2] - 1, strict=True):
        begin, end = frame_times(len(channels))[[first, last]]
        away = np.maximum(np.maximum(begin - seconds, seconds - end), 0.0)
        nearest = int(np.argmin(away))
        if 0.0 < away[nearest] <= apart / 2:
            tick = first if seconds[nearest] < begin else last
            sampled[nearest, _MOUTH] = channels[tick, _MOUTH]
    return sampled


def smoothed(channels: np.ndarray, seconds: float) -> np.ndarray:
    """Every channel smoothed over time by a normal window of standard deviation ``seconds``.

    In frames with shut lips the mouth keeps its own values, beside them it comes back to the smooth ones.
    """
    channels = np.asarray(channels, np.float32)
    sigma = seconds * TICK_RATE
    if sigma < 0.1 or len(channels) < 2:
        return channels
    half = int(np.ceil(REACH * sigma))
    window = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
    window /= window.sum()
    padded = np.pad(channels, ((half, half), (0, 0)), mode="edge")
    soft = np.stack([np.convolve(column, window, mode="valid") for column in padded.T], axis=1)
    near = np.pad(shut(channels).astype(np.float64), 1, mode="edge")
    own = np.maximum(near[1:-1], 0.5 * np.maximum(near[:-2], near[2:]))[:, None]
    soft[:, _MOUTH] = own * channels[:, _MOUTH] + (1.0 - own) * soft[:, _MOUTH]
    return soft.astype(np.float32)


def intensified(channels: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """``channels [T, C]`` times ``gains [C]``, shapes within [0, 1]."""
    if np.all(gains == 1.0):
        return channels
    scaled = np.asarray(channels, np.float32) * np.asarray(gains, np.float32)
    scaled[:, : len(BLENDSHAPES)] = np.clip(scaled[:, : len(BLENDSHAPES)], 0.0, 1.0)
    return scaled
