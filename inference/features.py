"""Streaming log-mel features that equal librosa's and never look ahead.

A hop is 10 ms; hop h sees the 400 samples that end at sample (h + 1) * 160, zeros before the start. That is
``librosa.feature.melspectrogram(y=np.pad(y, (240, 0)), sr=16000, n_fft=400, hop_length=160, center=False,
n_mels=80)`` followed by ``log(mel + 1e-8)``. The four hops of a tick are always a product of their own, in
float64, so the bits do not depend on how the sound arrives.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .types import SAMPLE_RATE, TICK_SAMPLES, frame_count

WINDOW = 400
"""Samples of one analysis window (25 ms)."""
HOP = 160
"""Samples between windows (10 ms)."""
HOPS = TICK_SAMPLES // HOP
"""Hops of one tick."""
MELS = 80
FLOOR = 1e-8
"""Added to the power before the logarithm: silence is log(1e-8) = -18.4."""
BLOCK = 64
"""Ticks whose windows are in memory at once."""
TAIL = WINDOW - HOP
"""Samples before a tick that its first window still sees."""


def hertz_to_mel(hertz: np.ndarray) -> np.ndarray:
    """Slaney's mel scale (Auditory Toolbox, 1998): linear to 1 kHz, logarithmic above."""
    hertz = np.asarray(hertz, np.float64)
    return np.where(
        hertz < 1000, hertz * 3 / 200, 15 + np.log(np.maximum(hertz, 1000) / 1000) * 27 / np.log(6.4)
    )


def mel_to_hertz(mel: np.ndarray) -> np.ndarray:
    """Inverse of ``hertz_to_mel``."""
    mel = np.asarray(mel, np.float64)
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((np.maximum(mel, 15) - 15) * np.log(6.4) / 27))


@lru_cache(maxsize=1)
def mel_basis() -> np.ndarray:
    """Triangular filters of unit area, ``float64 [201, 80]``."""
    bins = np.arange(WINDOW // 2 + 1) * (SAMPLE_RATE / WINDOW)
    edges = mel_to_hertz(np.linspace(0, hertz_to_mel(SAMPLE_RATE / 2), MELS + 2))
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (bins[:, None] - low) / (centre - low)
    falling = (high - bins[:, None]) / (high - centre)
    return np.maximum(0, np.minimum(rising, falling)) * (2 / (high - low))


@lru_cache(maxsize=1)
def hann() -> np.ndarray:
    """Periodic Hann window, ``float64 [400]``."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)


def finite(samples: np.ndarray) -> np.ndarray:
    """``samples`` as float32, NaN and infinity replaced by silence: they would poison every later state."""
    samples = np.asarray(samples, np.float32)
    return samples if np.isfinite(samples).all() else np.where(np.isfinite(samples), samples, np.float32(0))


def downmixed(samples: np.ndarray) -> np.ndarray:
    """Mean over channels, ``[N, channels] -> float32 [N]``: in doubles, since the loudest would overflow."""
    return finite(samples).mean(axis=1, dtype=np.float64).astype(np.float32)


def whole_mel(samples: np.ndarray) -> np.ndarray:
    """Log-mel of whole ticks with the ``TAIL`` before them, ``[TAIL + 640 T] -> float32 [4 T, 80]``.

    Raises ValueError for any other number of samples.
    """
    ticks, rest = divmod(len(samples) - TAIL, TICK_SAMPLES)
    if rest or ticks < 0:
        raise ValueError(f"features need {TAIL} samples and whole ticks, not {len(samples)}")
    out = np.empty((ticks, HOPS, MELS), np.float32)
    for first in range(0, ticks, BLOCK):
        span = samples[first * TICK_SAMPLES :][: TAIL + BLOCK * TICK_SAMPLES].astype(np.float64)
        frames = np.lib.stride_tricks.sliding_window_view(span, WINDOW)[::HOP].reshape(-1, HOPS, WINDOW)
        spectrum = np.fft.rfft(frames * hann())
        power = spectrum.real**2 + spectrum.imag**2
        out[first : first + BLOCK] = np.log(power @ mel_basis() + FLOOR)
    return out.reshape(-1, MELS)


def padded(samples: np.ndarray) -> np.ndarray:
    """``TAIL`` zeros, the samples, and zeros up to a whole tick, ``float32 [TAIL + 640 * frames]``."""
    out = np.zeros(TAIL + frame_count(len(samples)) * TICK_SAMPLES, np.float32)
    out[TAIL : TAIL + len(samples)] = finite(samples)
    return out


def log_mel(samples: np.ndarray) -> np.ndarray:
    """Log-mel of a recording, ``float32 [N] -> float32 [4 * ceil(N / 640), 80]``, the session's bits."""
    return whole_mel(padded(samples))
