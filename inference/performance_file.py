"""Any file that holds a performance, told by its content: Live Link Face, MediaPipe or Mouthpiece's own."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np

from . import livelink, mediapipe
from .errors import TakeError
from .types import Take

SUFFIXES = (".csv", ".json", ".jsonl", ".ndjson", ".npz")
"""Kinds of file that a performance may come as."""
SOUND_SUFFIXES = (
    *(".wav", ".flac", ".aif", ".aiff", ".caf", ".w64", ".mp3", ".ogg", ".opus", ".m4a", ".aac"),
    *(".mov", ".mp4"),
)
"""Kinds of sound, or of video with a sound, in the order in which they are looked for beside a take."""
_VARIANTS = ("_raw", "_cal", "_neutral")
"""What Live Link Face adds to the name of a table, but not to that of its video."""


def read_performance(path: str | Path, audio: np.ndarray | None = None) -> tuple[Take, tuple[str, ...]]:
    """The take in a file and what was mended in it, in words. Raises TakeError."""
    path = Path(path)
    suffix = path.suffix.lower()
    if not os.path.isfile(path):
        raise TakeError(f"{path} does not exist or is no file: check the path of the take.")
    if suffix not in SUFFIXES:
        raise TakeError(f"{path} is no take: choose one of {', '.join(SUFFIXES)}.")
    if suffix in (".csv", ".npz") and not _is_mediapipe_table(path):
        return livelink.read_noted(path, audio)
    return mediapipe.read_recording(path, audio)


def sound_beside(path: str | Path) -> Path | None:
    """The sound, or the video, that was recorded with a take: the same name beside it."""
    path = Path(path)
    stems = [
        path.stem,
        *(path.stem.removesuffix(ending) for ending in _VARIANTS if path.stem.endswith(ending)),
    ]
    files = {file.name.lower(): file for file in sorted(path.parent.iterdir()) if file.is_file()}
    wanted = (f"{stem}{suffix}".lower() for stem in stems for suffix in SOUND_SUFFIXES)
    return next((files[name] for name in wanted if name in files), None)


def _is_mediapipe_table(path: Path) -> bool:
    """Whether a CSV has blend shapes but no timecode as Live Link Face writes it."""
    if path.suffix.lower() != ".csv":
        return False
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            names = {mediapipe.plain(name) for name in next((row for row in rows if any(row)), [])}
    except (OSError, UnicodeDecodeError, csv.Error):
        return False  # whoever reads it next says what is wrong
    return "timecode" not in names and not names.isdisjoint(mediapipe.SHAPES)
