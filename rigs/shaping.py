"""Intensity, smoothing and other frames of a performance, before it meets a rig; lips that shut stay shut."""

from __future__ import annotations

import numpy as np

from ..inference.resample import row_times
from ..inference.types import BLENDSHAPES, INDEX, TICK_RATE, frame_times
from .canonical import canonical
from .matching import MOUTH
from .options import BakeOptions
from .retarget import sample
from .seal import SHUT

REACH = 3.0
"""A smoothing window ends this many standard deviations away."""
TINY = 1e-6
"""Instants that differ by less, in seconds, are one."""
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
    frames, ticks = missed_closures(channels, seconds)
    sampled[frames[:, None], _MOUTH] = channels[ticks[:, None], _MOUTH]
    return sampled


def at_rate(channels: np.ndarray, fps: float) -> np.ndarray:
    """The model's frames ``channels [T, C]`` as rows at ``fps``, lips as in ``resampled``."""
    return channels if fps == TICK_RATE else resampled(channels, row_times(len(channels), TICK_RATE, fps))


def open_between(channels: np.ndarray, seconds: np.ndarray) -> int:
    """How often the lips of ``channels [T, C]`` shut between two of the frames at ``seconds [M]`` unseen."""
    frames, _ = missed_closures(channels, seconds)
    return int((~shut(sample(channels, seconds))[frames]).sum())


def missed_closures(channels: np.ndarray, seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The times that the lips of ``channels [T, C]`` shut between two of the frames at ``seconds [M]``.

    Of each, the frame that is nearest and the tick that is nearest to this one, ``int64 [K]`` each.
    """
    edges = np.flatnonzero(np.diff(shut(channels).astype(np.int8), prepend=0, append=0))
    first, last = edges[::2], edges[1::2] - 1
    begin, end = frame_times(len(channels))[[first, last]]
    after = np.searchsorted(seconds, begin - TINY)
    padded = np.concatenate([[-np.inf], seconds, [np.inf]])
    early, late = begin - padded[after], padded[after + 1] - end
    apart = np.diff(seconds).max(initial=1.0 / TICK_RATE)
    missed = (late > TINY) & (np.minimum(early, late) <= apart / 2)
    before = early <= late
    return np.where(before, after - 1, after)[missed], np.where(before, first, last)[missed]


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
