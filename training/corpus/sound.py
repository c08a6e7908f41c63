"""Recordings of the corpus as samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import soxr

from ...inference.errors import AudioError
from ...inference.types import SAMPLE_RATE


def decode(path: Path) -> np.ndarray:
    """The sound of ``path`` as mono ``int16 [N]`` at 16 kHz. AudioError if there is none."""
    try:
        sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{path}: cannot be decoded ({error}); fetch the file again") from error
    mono = sound.mean(axis=1)
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE)
    if not mono.size:
        raise AudioError(f"{path}: holds no samples; fetch the file again")
    return np.clip(np.round(mono * 32768.0), -32768, 32767).astype(np.int16)
