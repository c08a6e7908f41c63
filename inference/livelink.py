"""Performances as files: the CSV of Apple's Live Link Face app, and ``.npz`` takes.

The columns are those of the app: timecode, count, 52 blend shapes (right before left for jaw and mouth),
head and eyes. Reading is tolerant: a row that ends early or holds no numbers (the phone lost the face)
repeats the one before, rows that the timecodes miss are put in, missing columns are zero and not
``measured``, the frame rate is that of the rows.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from . import timecode
from .errors import OutputError, TakeError
from .output import replacing
from .resample import across
from .types import BLENDSHAPES, CHANNELS, HEAD, INDEX, C, Take

_SWAPPED = {
    "jawLeft": "jawRight",
    "jawRight": "jawLeft",
    "mouthLeft": "mouthRight",
    "mouthRight": "mouthLeft",
}
FACE_COLUMNS: tuple[str, ...] = tuple(_SWAPPED.get(name, name) for name in BLENDSHAPES) + HEAD
"""Our channels in the order of the app's columns."""
EYE_COLUMNS = ("LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll", "RightEyeYaw", "RightEyePitch", "RightEyeRoll")
HEADER: tuple[str, ...] = (
    "Timecode",
    "BlendShapeCount",
    *(name[0].upper() + name[1:] for name in FACE_COLUMNS),
    *EYE_COLUMNS,
)
ROWS_MINIMUM = 2

# Radians of eye turn per unit of eyeLook*, fitted to the app's own recordings (R² 0.96 yaw, 0.999 pitch).
_YAW_IN, _YAW_OUT, _PITCH_UP, _PITCH_DOWN = 0.560, 0.625, 0.434, 0.616


def read_take(path: str | Path, audio: np.ndarray | None = None) -> Take:
    """The performance in a Live Link Face ``.csv`` or an ``.npz`` (``channels``, ``fps``, …).

    ``audio float32 [N]`` mono at 16 kHz is its sound. Raises TakeError for a file that holds no motion.
    """
    return read_noted(path, audio)[0]


def read_noted(path: str | Path, audio: np.ndarray | None = None) -> tuple[Take, tuple[str, ...]]:
    """``read_take`` with what was mended or is missing in the file, in words."""
    path = Path(path)
    if not path.is_file():
        raise TakeError(f"{path} does not exist or is no file: check the path of the take.")
    if path.suffix.lower() == ".npz":
        return _read_npz(path, audio), ()
    header, rows = _read_rows(path)
    columns = {name.strip().lower(): place for place, name in enumerate(header)}
    places = [columns.get(name.lower(), -1) for name in CHANNELS]
    if all(place < 0 for place in places[: len(BLENDSHAPES)]):
        raise TakeError(f"{path} has no columns of Live Link Face: export the take as CSV from the app.")
    values = [_values(row, places) for row in rows]
    channels = _held(values)
    if channels is None or len(channels) < ROWS_MINIMUM:
        raise TakeError(
            f"{path} holds no motion: fewer than {ROWS_MINIMUM} rows with a face; record it again."
        )
    measured = np.array([place >= 0 for place in places])
    head = slice(len(BLENDSHAPES), C)
    # Most phone takes write the head's columns as zeros: such a head was not captured.
    measured[head] &= channels[:, head].any(axis=0)
    stamp = columns.get("timecode")
    timecodes = ["" if stamp is None or len(row) <= stamp else row[stamp] for row in rows]
    missing = timecode.missing_rows(timecodes)
    take = Take(_spread(channels, missing), timecode.row_rate(timecodes), path.stem, audio, measured)
    return take, _notes(values, places, int(missing.sum()))


def _spread(channels: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """``channels [T, 55]`` with ``missing [T]`` rows before each, straight across them."""
    if not missing.any():
        return channels
    places = np.cumsum(1 + missing)
    return across(np.arange(places[0], places[-1] + 1), places, channels)


def _notes(values: list[np.ndarray | None], places: list[int], missing: int) -> tuple[str, ...]:
    """What was mended in a table: rows that end early or hold no numbers, rows and columns that it lacks."""
    lost = sum(row is None for row in values)
    absent = [name for name, place in zip(BLENDSHAPES, places, strict=False) if place < 0]
    notes = []
    if lost:
        notes.append(f"{lost} of {len(values)} rows are damaged or show no face; they repeat the row before.")
    if missing:
        whole = len(values) + missing
        notes.append(
            f"{missing} of {whole} rows are missing by their timecodes; the motion goes across them."
        )
    if absent:
        notes.append(f"Columns missing, left at rest: {', '.join(absent)}.")
    return tuple(notes)


def write_csv(path: str | Path, channels: np.ndarray, fps: float) -> None:
    """Write ``channels [T, 55]`` as Live Link Face CSV, whole or not at all. Raises OutputError."""
    channels = np.asarray(channels, np.float64)
    if channels.ndim != 2 or channels.shape[1] != C:
        raise OutputError(f"{path}: a take has {C} channels, not {channels.shape}.")
    with replacing(path) as file:
        file.writelines(csv_lines(channels, fps))


def csv_lines(channels: np.ndarray, fps: float) -> Iterator[str]:
    """The lines of a Live Link Face CSV of ``channels [T, 55]``, header first."""
    channels = np.asarray(channels, np.float64)
    order = [INDEX[name] for name in FACE_COLUMNS]
    values = np.concatenate([channels[:, order], eye_turns(channels)], axis=1)
    yield ",".join(HEADER) + "\n"
    for frame, row in enumerate(values):
        numbers = ",".join(f"{value:.10f}" for value in row)
        yield f"{timecode.write(frame / fps)},{values.shape[1]},{numbers}\n"


def eye_turns(channels: np.ndarray) -> np.ndarray:
    """Yaw, pitch and roll of the left, then the right eye in radians, ``[T, 55] -> [T, 6]``; roll is zero."""
    turns = np.zeros((len(channels), len(EYE_COLUMNS)))
    for place, (side, sign) in enumerate((("Left", 1), ("Right", -1))):
        inward, outward, up, down = (
            channels[:, INDEX[f"eyeLook{where}{side}"]] for where in ("In", "Out", "Up", "Down")
        )
        turns[:, 3 * place] = sign * (_YAW_IN * inward - _YAW_OUT * outward)
        turns[:, 3 * place + 1] = _PITCH_DOWN * down - _PITCH_UP * up
    return turns


def _read_rows(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and other non-empty rows of a CSV. Raises TakeError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TakeError(f"{path} cannot be read as CSV ({error}): export the take again.") from error
    if not rows:
        raise TakeError(f"{path} is empty: export the take again.")
    return rows[0], rows[1:]


def _values(row: list[str], places: list[int]) -> np.ndarray | None:
    """The channels of a row, ``float32 [55]``; None if it lacks a column or a number."""
    try:
        values = np.array([float(row[place]) if place >= 0 else 0.0 for place in places], np.float32)
    except (ValueError, IndexError):
        return None
    if not np.isfinite(values).all():
        return None
    values[: len(BLENDSHAPES)] = values[: len(BLENDSHAPES)].clip(0, 1)
    return values


def _held(rows: list[np.ndarray | None]) -> np.ndarray | None:
    """Rows with the gaps filled by the row before (the first gap by the first row); None without any row."""
    last = next((row for row in rows if row is not None), None)
    if last is None:
        return None

    def fill() -> Iterator[np.ndarray]:
        nonlocal last
        for row in rows:
            last = last if row is None else row
            yield last

    return np.stack(list(fill()))


def read_motion(path: str | Path) -> np.ndarray:
    """Channels ``float32 [T, 55]`` of a line that Mouthpiece made, of which one frame is enough. Raises
    TakeError."""
    return _read_npz(Path(path), None, rows=1).channels


def _read_npz(path: Path, audio: np.ndarray | None, rows: int = ROWS_MINIMUM) -> Take:
    """A take stored by numpy: ``channels [T, 52 or 55]``, ``fps``, optional ``audio`` and ``measured``."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            channels = np.asarray(stored["channels"], np.float32)
            fps = float(stored["fps"])
            measured = np.asarray(stored["measured"], bool) if "measured" in stored else np.ones(C, bool)
            if audio is None and "audio" in stored:
                audio = np.asarray(stored["audio"], np.float32)
    except Exception as error:  # numpy, zipfile and its decompressors each have their own
        reason = " ".join(str(error).split()) or type(error).__name__
        raise TakeError(f"{path} is no take ({reason}): it needs the arrays 'channels' and 'fps'.") from error
    if channels.ndim == 2 and channels.shape[1] == len(BLENDSHAPES):
        channels = np.pad(channels, ((0, 0), (0, len(HEAD))))
        measured = np.pad(measured[: len(BLENDSHAPES)], (0, len(HEAD)))
    if channels.ndim != 2 or channels.shape[1] != C or len(channels) < rows:
        raise TakeError(f"{path} holds channels {channels.shape}: at least [{rows}, {C}] are needed.")
    if measured.shape != (C,) or not 1 <= fps <= 1000 or not np.isfinite(channels).all():
        raise TakeError(f"{path} holds a bad 'fps', 'measured' or channel value: export the take again.")
    if audio is not None and not (audio.ndim == 1 and np.isfinite(audio).all()):
        raise TakeError(f"{path} holds 'audio' {audio.shape}: numbers [N], mono at 16 kHz, are needed.")
    return Take(channels, fps, path.stem, audio, measured)
