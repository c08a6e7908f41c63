"""Channels to the bytes of a finished file. The same channels give the same bytes on every machine."""

from __future__ import annotations

import io
import struct
import zipfile

import numpy as np

from ..livelink import csv_lines
from ..types import SAMPLE_RATE, Take


def csv_bytes(channels: np.ndarray, fps: float) -> bytes:
    """A Live Link Face CSV of ``channels [T, 55]``."""
    return "".join(csv_lines(channels, fps)).encode("ascii")


def npz_bytes(channels: np.ndarray, fps: float) -> bytes:
    """A take that ``read_take`` reads: ``channels float32 [T, 55]`` and ``fps``."""
    return pack({"channels": np.asarray(channels, np.float32), "fps": np.float64(fps)})


def wav_bytes(samples: np.ndarray) -> bytes:
    """A WAV of ``samples float32 [N]`` mono at 16 kHz, without loss (WAVE_FORMAT_IEEE_FLOAT)."""
    content = np.ascontiguousarray(samples, "<f4").tobytes()
    form = struct.pack("<HHIIHH", 3, 1, SAMPLE_RATE, 4 * SAMPLE_RATE, 4, 32)
    parts = ((b"fmt ", form), (b"fact", struct.pack("<I", len(samples))), (b"data", content))
    body = b"WAVE" + b"".join(name + struct.pack("<I", len(part)) + part for name, part in parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def take_bytes(take: Take) -> bytes:
    """A take with all that belongs to it, as ``read_take`` reads it."""
    arrays = {
        "channels": np.asarray(take.channels, np.float32),
        "fps": np.float64(take.fps),
        "measured": take.measured,
    }
    sound = {} if take.audio is None else {"audio": np.asarray(take.audio, np.float32)}
    return pack(arrays | sound)


def pack(arrays: dict[str, np.ndarray]) -> bytes:
    """Arrays as ``.npz``: stored, unpickled, without the time of day."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, values in arrays.items():
            part = io.BytesIO()
            np.lib.format.write_array(part, np.asanyarray(values), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), part.getvalue())
    return whole.getvalue()
