"""Live animation of raw sound: PCM bytes in, one JSON line per frame out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from .decode import resampled
from .errors import AudioError
from .model import STRIDE
from .session import Session
from .types import TICK_RATE, TICK_SAMPLES

BLOCK = 1 << 16
"""Bytes read at most at a time; what has arrived is used at once."""
DECIMALS = 6


def pcm_blocks(source: BinaryIO) -> Iterator[np.ndarray]:
    """Signed 16-bit little-endian samples as they arrive, ``float32 [n]`` in [-1, 1).

    Raises AudioError at the end of the stream if it held no sample or ended within one.
    """
    rest, heard = b"", False
    while data := _received(source):
        data = rest + data
        whole = len(data) & ~1
        rest = data[whole:]
        if whole:
            heard = True
            yield np.frombuffer(data[:whole], "<i2").astype(np.float32) / 32768
    if rest:
        raise AudioError("Standard input ended within a sample: send signed 16-bit mono PCM.")
    if not heard:
        raise AudioError("Standard input held no samples: send signed 16-bit mono PCM.")


def _received(source: BinaryIO) -> bytes:
    """The bytes that have arrived; none at the end. Raises AudioError."""
    try:
        return source.read1(BLOCK)
    except OSError as error:
        raise AudioError(
            f"Standard input cannot be read ({error.strerror or error}): send signed 16-bit mono PCM."
        ) from error


def stream_frames(source: BinaryIO, session: Session, rate: int) -> Iterator[np.ndarray]:
    """Frames ``float32 [55]`` of the PCM in ``source`` at ``rate`` Hz, each as soon as it is determined."""
    for block in resampled(pcm_blocks(source), rate):
        for start in range(0, len(block), STRIDE * TICK_SAMPLES):
            yield from session.push(block[start : start + STRIDE * TICK_SAMPLES])
    yield from session.flush()


def frame_line(frame: int, channels: np.ndarray) -> str:
    """The JSON line of a frame: the second that it shows, and its 55 channels."""
    values = [round(float(value), DECIMALS) for value in channels]
    return json.dumps({"t": (frame + 0.5) / TICK_RATE, "channels": values})
