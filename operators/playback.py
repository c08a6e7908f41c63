"""A clock that plays samples where a sound device is, and only counts seconds where none is."""

from __future__ import annotations

import time
from contextlib import suppress

import numpy as np

from ..inference.types import SAMPLE_RATE


class Playback:
    """Plays ``samples float32 [N]`` at 16 kHz once from ``start``; ``position`` is the sound's own time."""

    def __init__(self, samples: np.ndarray) -> None:
        self._samples = np.ascontiguousarray(samples, np.float32)
        self._handle = None
        self._device = None
        self._began = 0.0

    def start(self) -> None:
        """Play from the beginning."""
        self.stop()
        self._began = time.perf_counter()
        try:
            import aud
        except ImportError:  # a build without sound: the picture plays alone
            return
        with suppress(aud.error, TypeError, RuntimeError):  # no device, or samples that this build refuses
            self._device = self._device or aud.Device()
            sound = aud.Sound.buffer(self._samples.reshape(-1, 1), SAMPLE_RATE)
            self._handle = self._device.play(sound)

    @property
    def heard(self) -> bool:
        """Whether a device plays the sound."""
        return self._handle is not None

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return len(self._samples) / SAMPLE_RATE

    @property
    def position(self) -> float:
        """Seconds since the start; a device's own clock where it is believable, so that lips stay in sync."""
        passed = time.perf_counter() - self._began
        if self._handle is not None and self._handle.status:
            heard = float(self._handle.position)
            if abs(heard - passed) < 0.5:
                return heard
        return passed

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.stop()
            self._handle = None
