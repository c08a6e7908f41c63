"""How long a sound says that it is: what tells a copy that broke off from a short line.

Decoders take what is there and are content, so that half a line would pass for a whole one.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import IO

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_UNKNOWN = 0x7FFF0000
"""Sizes from here on are those of programs that wrote into a pipe and could not know."""


def promised_seconds(path: Path) -> float | None:
    """Length by the header of a WAV (not compressed) or FLAC; None of anything else, or where it is not said.

    A file that cannot be read says nothing, either: decoding it will tell.
    """
    try:
        with path.open("rb") as file:
            start = file.read(12)
            if start[:4] == b"RIFF" and start[8:] == b"WAVE":
                return _wav(file)
            if start[:4] == b"fLaC":
                return _flac(start[8:] + file.read(14))
    except (OSError, struct.error):
        pass
    return None


def _wav(file: IO[bytes]) -> float | None:
    """Chunk by chunk: ``fmt`` tells the bytes of a second, ``data`` how many follow."""
    pace = 0
    while len(head := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", head)
        if name == b"data":
            return size / pace if pace and 0 < size < _UNKNOWN else None
        if name == b"fmt ":
            form, _, _, pace = struct.unpack("<HHII", file.read(12))
            pace = pace if form in (_PCM, _FLOAT, _EXTENSIBLE) else 0
            size -= 12
        file.seek(size + size % 2, 1)
    return None


def _flac(info: bytes) -> float | None:
    """STREAMINFO: after 10 bytes of sizes 20 bits of rate, 8 of format and 36 of samples."""
    word = int.from_bytes(info[10:18], "big")
    rate, samples = word >> 44, word & (1 << 36) - 1
    return samples / rate if rate and samples else None
