"""How long a sound says that it is: what tells a copy that broke off from a short line.

Decoders take what is there and are content, so that half a line would pass for a whole one.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_UNKNOWN, _UNKNOWN_LONG = 0x7EFF0000, 1 << 62
"""Sizes of 32 and 64 bits from here on are those of programs that wrote into a pipe and could not know."""
_SEE_DS64 = 0xFFFFFFFF
_MP3_RATES = (44_100, 48_000, 32_000, 0)
"""Hz of MPEG-1 by number; MPEG-2 has the halves, 2.5 the quarters."""
_PAGE, _TABLE, _LAST = 65_307, 27, 4
"""Of an Ogg: bytes of a page at most, where its table of lengths begins, the flag of the last page."""
_W64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb"


def promised_seconds(path: Path) -> float | None:
    """Length by the header of a WAV, RF64 or W64 (not compressed), AIFF, CAF or FLAC, or by Xing's in an MP3.

    Infinite for an Ogg without its last page: no header says how long one is, so only that more was to come.
    None of anything else, or where it is not said. A file that cannot be read says nothing, either: decoding
    it will tell.
    """
    try:
        with path.open("rb") as file:
            return _promised(file, file.read(12))
    except (OSError, OverflowError, struct.error):
        return None


def _promised(file: IO[bytes], start: bytes) -> float | None:
    """The length of a file that begins with the 12 bytes ``start``, which were read."""
    if start[:4] in (b"RIFF", b"RF64", b"BW64") and start[8:] == b"WAVE":
        return _wav(file, _chunks(file, "<4sI"), _UNKNOWN)
    if start == _W64:
        file.seek(40)
        return _wav(file, _chunks(file, "<4s12xQ", own=24, align=8), _UNKNOWN_LONG)
    if start[:4] == b"FORM" and start[8:] in (b"AIFF", b"AIFC"):
        return _aiff(file)
    if start[:4] == b"caff":
        file.seek(8)
        return _caf(file)
    if start[:4] == b"fLaC":
        return _flac(start[8:] + file.read(14))
    if start[:4] == b"OggS":
        return None if _ogg_ends(file) else math.inf
    if start[:3] == b"ID3" or start[:1] == b"\xff":
        file.seek(0)
        return _mp3(file)
    return None


def _chunks(file: IO[bytes], head: str, own: int = 0, align: int = 2) -> Iterator[tuple[bytes, int]]:
    """Name and size of each chunk from here on, while ``file`` stands at its content.

    ``own`` bytes of the ``head`` count in the size, and chunks start at multiples of ``align`` bytes.
    """
    length = struct.calcsize(head)
    while len(found := file.read(length)) == length:
        name, size = struct.unpack(head, found)
        end = file.tell() + max(size - own, 0)
        yield name, size - own
        file.seek(end + -end % align)


def _wav(file: IO[bytes], chunks: Iterator[tuple[bytes, int]], unknown: int) -> float | None:
    """``fmt`` tells the bytes of a second, ``data``, or ``ds64`` before it, how many follow.

    The header's own field for the bytes of a second is not asked: players ignore it, so it may be wrong.
    """
    pace = long = 0
    for name, size in chunks:
        if name == b"ds64":
            _, long = struct.unpack("<QQ", file.read(16))
        elif name == b"fmt ":
            form, _, rate, _, frame = struct.unpack("<HHIIH", file.read(14))
            pace = rate * frame if form in (_PCM, _FLOAT, _EXTENSIBLE) else 0
        elif name == b"data":
            size, unknown = (long, _UNKNOWN_LONG) if size == _SEE_DS64 else (size, unknown)
            return size / pace if pace and 0 < size < unknown else None
    return None


def _aiff(file: IO[bytes]) -> float | None:
    """``COMM`` holds channels, frames, bits and, as a float of 80 bits, the rate."""
    for name, _ in _chunks(file, ">4sI"):
        if name == b"COMM":
            channels, frames, bits, exponent, mantissa = struct.unpack(">HIHHQ", file.read(18))
            rate = math.ldexp(mantissa, exponent - 16383 - 63)
            known = 0 < frames * channels * ((bits + 7) // 8) < _UNKNOWN
            return frames / rate if known and rate else None
    return None


def _caf(file: IO[bytes]) -> float | None:
    """``desc`` holds the rate and the bytes and frames of a packet, ``data`` 4 bytes and the packets."""
    rate, packet, frames = 0.0, 0, 0
    for name, size in _chunks(file, ">4sq", align=1):
        if name == b"desc":
            rate, packet, frames = struct.unpack(">d8xII", file.read(24))
        elif name == b"data":
            return (size - 4) / packet * frames / rate if rate and packet and size > 4 else None
    return None


def _flac(info: bytes) -> float | None:
    """STREAMINFO: after 10 bytes of sizes 20 bits of rate, 8 of format and 36 of samples."""
    word = int.from_bytes(info[10:18], "big")
    rate, samples = word >> 44, word & (1 << 36) - 1
    return samples / rate if rate and samples else None


def _mp3(file: IO[bytes]) -> float | None:
    """By Xing's header in the first frame, after ID3's: frames, less the samples that LAME put around."""
    name, *size = struct.unpack(">3s3x4B", file.read(10))
    file.seek(10 + int("".join(f"{byte:07b}" for byte in size), 2) if name == b"ID3" else 0)
    frame = file.read(200)
    (word,) = struct.unpack(">I", frame[:4])
    place = max(frame.find(b"Xing", 4, 48), frame.find(b"Info", 4, 48))
    if word >> 21 != 0x7FF or word >> 17 & 3 != 1 or place < 0:
        return None
    half = {3: 0, 2: 1, 0: 2}.get(word >> 19 & 3, 0)
    rate, samples = _MP3_RATES[word >> 10 & 3] >> half, 576 if half else 1152
    told, frames = struct.unpack(">II", frame[place + 4 : place + 12])
    around = int.from_bytes(frame[place + 141 : place + 144], "big") if told & 15 == 15 else 0
    length = frames * samples - (around >> 12) - (around & 0xFFF)
    return length / rate if told & 1 and rate and length > 0 else None


def _ogg_ends(file: IO[bytes]) -> bool:
    """Whether the last page is whole and marked as the last."""
    file.seek(-min(file.seek(0, 2), 2 * _PAGE), 2)
    rest = file.read()
    page = rest[max(rest.rfind(b"OggS\0"), 0) :]
    if len(page) < _TABLE or not page[5] & _LAST:
        return False
    parts = page[_TABLE - 1]
    return len(page) >= _TABLE + parts + sum(page[_TABLE : _TABLE + parts])
