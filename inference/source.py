"""Where sounds and takes lie: a path, or any URL that fsspec opens (``s3://…``, ``https://…``)."""

from __future__ import annotations

import hashlib
import math
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .decode_aud import load_audio
from .errors import AudioError, MouthpieceError, TakeError
from .performance_file import SUFFIXES, read_performance
from .promised import promised_seconds
from .types import SAMPLE_RATE, Take

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

LACK = 0.1
"""Seconds that a sound may be shorter than it says; recorders are not exact."""
LONGEST = 60
"""Letters that a copy of a remote file keeps of its name."""
_BLOCK = 1 << 20
_URL = re.compile(r"(?:[a-z][a-z0-9+.-]*::)*[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_TAKE = re.compile(rf"(.+?(?:{'|'.join(map(re.escape, SUFFIXES))})):(.+)", re.IGNORECASE)


def is_url(place: str) -> bool:
    return _URL.match(place) is not None


def split_reference(text: str) -> tuple[str, str]:
    """The take and the sound ("" without) that ``TAKE[:AUDIO]`` names; either path may hold colons.

    The take is the longest path that exists, else, or of URLs, what ends as takes do.
    """
    if not is_url(text):
        places = [len(text), *(place for place in reversed(range(len(text))) if text[place] == ":")]
        split = next((place for place in places if os.path.isfile(text[:place])), None)
        if split is not None:
            return text[:split], text[split + 1 :]
    found = _TAKE.fullmatch(text)
    return (found[1], found[2]) if found else (text, "")


def sound(place: str) -> np.ndarray:
    """The sound at a path or URL, ``float32 [N]`` mono at 16 kHz, N > 0.

    Raises AudioError, also when it breaks off before the end that it promises.
    """
    with _local(place, AudioError) as path:
        samples = load_audio(path)
        promised, heard = promised_seconds(path), len(samples) / SAMPLE_RATE
    if promised is not None and promised - heard > LACK:
        whole = f" of {promised:.1f} s" if math.isfinite(promised) else ""
        raise AudioError(f"{place} breaks off: {heard:.1f} s{whole} are there; copy or export it again.")
    if not len(samples):
        raise AudioError(f"{place} holds no samples: choose a sound with something to hear.")
    return samples


def take(text: str) -> Take:
    """The take that ``TAKE[:AUDIO]`` names. Raises TakeError or AudioError."""
    return noted_take(text)[0]


def noted_take(text: str) -> tuple[Take, tuple[str, ...]]:
    """``take`` with what was mended or is missing in its file, in sentences that name the file."""
    place, audio = split_reference(text)
    with _local(place, TakeError) as path:
        found, notes = read_performance(path, sound(audio) if audio else None)
    return found, tuple(f"{place}: {note}" for note in notes)


def digest(place: str) -> str:
    """What changes when the content does: its SHA-256, or of a URL what its store says of its version.

    Raises AudioError when there is nothing to read.
    """
    if is_url(place):
        system, path = _opened(place, AudioError)
        try:
            return _content_digest(system, path) if "http" in system.protocol else _version(system, path)
        except Exception as error:  # every store has its own errors
            raise AudioError(_unreadable(place, error)) from error
    try:
        stamp = os.stat(place)
        return _file_digest(place, stamp.st_mtime_ns, stamp.st_size)
    except (OSError, ValueError) as error:
        raise AudioError(_unreadable(place, error)) from error


def _version(system: AbstractFileSystem, path: str) -> str:
    return hashlib.sha256(str(system.ukey(path)).encode()).hexdigest()


def _content_digest(system: AbstractFileSystem, path: str) -> str:
    """SHA-256 of a file that is only known by its address: fsspec takes the web for unchanging."""
    with system.open(path, "rb") as remote:
        return hashlib.file_digest(remote, "sha256").hexdigest()


@lru_cache(maxsize=256)
def _file_digest(place: str, _changed: int, _size: int) -> str:
    """SHA-256 of a file, read once: a reference serves thousands of lines."""
    with open(place, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def reference_digest(text: str) -> str:
    """``digest`` of a take with its sound. Raises AudioError."""
    return "+".join(digest(place) for place in split_reference(text) if place)


@contextmanager
def _local(place: str, kind: type[MouthpieceError]) -> Iterator[Path]:
    """A file with the content of ``place``, a temporary one for a URL; messages keep naming ``place``."""
    if not is_url(place):
        yield Path(place)
        return
    system, path = _opened(place, kind)
    with tempfile.TemporaryDirectory(prefix="mouthpiece-") as folder:
        name = path.partition("?")[0].rstrip("/").rpartition("/")[2]
        local = Path(folder, name[-LONGEST:] or "file")
        try:
            with system.open(path, "rb") as remote, local.open("wb") as file:
                shutil.copyfileobj(remote, file, _BLOCK)
        except Exception as error:  # every store has its own errors
            raise kind(_unreadable(place, error)) from error
        try:
            yield local
        except kind as error:
            raise kind(str(error).replace(str(local), place)) from error


def _opened(place: str, kind: type[MouthpieceError]) -> tuple[AbstractFileSystem, str]:
    """The file system of a URL, and the path in it."""
    try:
        import fsspec
    except ImportError as error:
        raise kind(f"{place} is a URL, which needs fsspec: run 'pip install fsspec'.") from error
    try:
        return fsspec.core.url_to_fs(place)
    except (ImportError, ValueError, OSError) as error:
        raise kind(_unreadable(place, error)) from error


def _unreadable(place: str, error: Exception) -> str:
    missing = "it does not exist" if isinstance(error, FileNotFoundError) else ""
    reason = getattr(error, "strerror", None) or missing or str(error) or type(error).__name__
    return f"{place} cannot be read ({reason}): check the path."
