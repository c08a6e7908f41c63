"""Decoding inside Blender through its own sound library ``aud``; elsewhere through ``decode``.

Only ``cache()`` turns the library's failures into Python errors: ``data()`` on an unreadable file ends the
whole process with an uncaught C++ exception. Its ``rechannel(1)`` weighs channels, so they are averaged here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from . import decode
from .errors import AudioError
from .features import downmixed
from .types import SAMPLE_RATE

QUALITY = 3
"""The best of aud's resamplers; away from the ends it equals soxr's within 1e-6."""


def load_audio(path: str | Path) -> np.ndarray:
    """The sound of a file, ``float32 [N]`` mono at 16 kHz; N is 0 for a sound without samples.

    Raises AudioError if the file is missing, empty, damaged or no sound.
    """
    try:
        import aud
    except ImportError:
        return decode.load_audio(path)
    path = decode.check_file(path)
    try:
        samples = aud.Sound(str(path)).resample(SAMPLE_RATE, QUALITY).cache().data()
    except UnicodeEncodeError as error:
        raise AudioError(
            f"{path} has a name that is not Unicode, as Blender needs: rename the file."
        ) from error
    except aud.error as error:
        reason = str(error).strip().rstrip(".") or "unknown reason"
        raise AudioError(
            f"{path} is not a readable sound ({reason}): convert it to WAV or choose another file."
        ) from error
    return downmixed(samples)
