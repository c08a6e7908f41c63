"""Channels to the bytes of a finished file. The same channels give the same bytes on every machine."""

from __future__ import annotations

import io
import zipfile

import numpy as np

from ..livelink import csv_lines


def csv_bytes(channels: np.ndarray, fps: float) -> bytes:
    """A Live Link Face CSV of ``channels [T, 55]``."""
    return "".join(csv_lines(channels, fps)).encode("ascii")


def npz_bytes(channels: np.ndarray, fps: float) -> bytes:
    """A take that ``read_take`` reads: ``channels float32 [T, 55]`` and ``fps``."""
    return pack({"channels": np.asarray(channels, np.float32), "fps": np.float64(fps)})


def pack(arrays: dict[str, np.ndarray]) -> bytes:
    """Arrays as ``.npz``: stored, unpickled, without the time of day."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, values in arrays.items():
            part = io.BytesIO()
            np.lib.format.write_array(part, np.asanyarray(values), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), part.getvalue())
    return whole.getvalue()
