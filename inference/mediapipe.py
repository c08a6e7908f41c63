"""Blend-shape recordings of MediaPipe's face landmarker, as JSON, JSON lines or CSV.

No program of MediaPipe writes such files itself: recorders dump its results, each in a form of its own.
Read are the results as the tasks return them (``faceBlendshapes`` with ``categories``, snake case too), a
table or list of name and score per frame, and CSV with one column per blend shape. Left and right are the
subject's own, as in ARKit, and the names are ARKit's; ``tongueOut`` is not among them. Frames come at uneven
times: they are put onto an even grid.
"""

from __future__ import annotations

import csv
import itertools
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .errors import TakeError
from .resample import across
from .timecode import JUMP, snapped
from .types import BLENDSHAPES, HEAD, INDEX, C, Take

FALLBACK_RATE = 30.0
"""Frames a second where a recording says nothing."""
SLOWEST, FASTEST = 1.0, 240.0
"""Frames a second between which a recording is read, whatever its time stamps say."""
SHAPES = {name.lower(): i for i, name in enumerate(BLENDSHAPES)}
"""Channel by plain name."""
_TIMES = {"timestamp", "time", "t", "seconds", "sec"}
_MILLISECONDS = {"timestampms", "timems", "ms", "milliseconds", "timestampinmilliseconds", "timestampmillis"}
_FACES = {"faceblendshapes", "blendshapes", "blendshape", "coefficients", "shapes"}
_MATRICES = {"facialtransformationmatrixes", "facialtransformationmatrices", "transformationmatrix", "matrix"}
_LISTS = {"frames", "results", "data", "recording", "samples"}
_RATES = {"fps", "framerate", "rate"}
_NAMES = {"categoryname", "displayname", "name", "label"}
_SCORES = {"score", "value", "weight"}


@dataclass(frozen=True)
class Frame:
    """One result: seconds or None, channel index → score (NaN for one that was not told), and the head's
    rotation ``[3, 3]`` or None."""

    time: float | None
    scores: dict[int, float]
    turn: np.ndarray | None = None


def read_recording(path: str | Path, audio: np.ndarray | None = None) -> tuple[Take, tuple[str, ...]]:
    """The take in a recording, and what was mended in it, in words. Raises TakeError.

    ``audio float32 [N]`` mono at 16 kHz is its sound.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TakeError(f"{path} cannot be read as text ({error}): export the recording again.") from error
    rate: float | None = None
    notes: tuple[str, ...] = ()
    if path.suffix.lower() == ".csv":
        frames, notes = _csv_frames(path, text)
    else:
        frames, rate, notes = _json_frames(path, text)
    frames, jumps = _joined(frames)
    if jumps:
        notes += (f"{jumps} jumps of more than {JUMP:g} s in the time stamps were closed.",)
    faces = [frame for frame in frames if frame.scores]
    if len(faces) < 2:
        raise TakeError(
            f"{path} holds no blend shapes of MediaPipe in two or more frames: record it with "
            "output_face_blendshapes switched on."
        )
    channels, fps = _even(frames, rate)
    lost = len(frames) - len(faces)
    if lost:
        notes += (f"{lost} of {len(frames)} frames show no face; the motion goes straight across them.",)
    measured = np.zeros(C, bool)
    told = {index for frame in faces for index, score in frame.scores.items() if math.isfinite(score)}
    measured[list(told)] = True
    measured[len(BLENDSHAPES) :] = any(frame.turn is not None for frame in faces)
    missing = [n for i, n in enumerate(BLENDSHAPES) if not measured[i] and n != "tongueOut"]
    if missing:
        notes += (f"Not recorded: {', '.join(missing)}.",)
    return Take(channels, fps, path.stem, audio, measured), notes


def _joined(frames: list[Frame]) -> tuple[list[Frame], int]:
    """Frames without steps beyond ``JUMP``, and how many of them were closed to a usual one."""
    times = np.array([frame.time for frame in frames if frame.time is not None])
    steps = np.diff(times)
    jumps = np.abs(steps) > JUMP
    if not jumps.any() or jumps.all():
        return frames, 0
    steps[jumps] = np.median(steps[~jumps])
    closed = iter(np.concatenate([[0.0], np.cumsum(steps)]).tolist())
    joined = [frame if frame.time is None else replace(frame, time=next(closed)) for frame in frames]
    return joined, int(jumps.sum())


def _even(frames: list[Frame], rate: float | None) -> tuple[np.ndarray, float]:
    """Channels ``float32 [T, 55]`` of frames at uneven times on an even grid, and its rate. It begins and
    ends with the recording, also where that shows no face: a sound may go with it."""
    places = [place for place, frame in enumerate(frames) if frame.scores]
    faces = [frames[place] for place in places]
    values = np.zeros((len(faces), C))
    for row, frame in zip(values, faces, strict=True):
        for index, score in frame.scores.items():
            row[index] = min(max(score, 0.0), 1.0) if math.isfinite(score) else math.nan
    _bridge(values)
    turns = [i for i, frame in enumerate(faces) if frame.turn is not None]
    if turns:
        angles = np.array([_angles(faces[i].turn) for i in turns])
        for column, name in enumerate(HEAD):
            values[:, INDEX[name]] = np.interp(np.arange(len(faces)), turns, angles[:, column])
    if any(frame.time is None for frame in faces):
        return across(np.arange(len(frames)), np.array(places), values), rate or FALLBACK_RATE
    times = np.array([frame.time for frame in faces])
    rising = np.concatenate([[True], np.diff(np.maximum.accumulate(times)) > 0])
    times, values = times[rising], values[rising]
    if len(times) < 2:
        return values.astype(np.float32).repeat(2, axis=0), rate or FALLBACK_RATE
    steps = np.diff(times)
    fps = snapped(1.0 / float(steps[steps <= 1.5 * np.median(steps)].mean()))  # stamps are often rounded
    fps = min(max(fps, SLOWEST), FASTEST)
    known = [frame.time for frame in frames if frame.time is not None]
    grid = np.arange(min(known[0], times[0]), max(known) + 0.5 / fps, 1.0 / fps)
    return across(grid, times, values), fps


def _bridge(values: np.ndarray) -> None:
    """Put straight lines across what is NaN in ``values [N, C]``, and rest where nothing else is."""
    for column in values.T:
        gaps = np.isnan(column)
        if gaps.all():
            column[:] = 0.0
        elif gaps.any():
            column[gaps] = np.interp(np.flatnonzero(gaps), np.flatnonzero(~gaps), column[~gaps])


def _angles(turn: np.ndarray) -> tuple[float, float, float]:
    """Yaw, pitch and roll in radians of a rotation in the face's axes (x its own left, y up, z out of it).

    It is yaw · pitch · roll about y, x and z; pitch is positive downwards, roll when the left side rises.
    """
    pitch = -math.asin(min(max(float(turn[1, 2]), -1.0), 1.0))
    return math.atan2(turn[0, 2], turn[2, 2]), pitch, math.atan2(turn[1, 0], turn[1, 1])


def _csv_frames(path: Path, text: str) -> tuple[list[Frame], tuple[str, ...]]:
    """Frames of a table with one column per blend shape and an optional one of times, and notes. Raises
    TakeError."""
    try:
        rows = itertools.dropwhile(lambda row: not any(row), list(csv.reader(text.splitlines())))
    except csv.Error as error:
        raise TakeError(f"{path} cannot be read as CSV ({error}): export the recording again.") from error
    header = [plain(name) for name in next(rows, [])]
    shapes = [(place, SHAPES[name]) for place, name in enumerate(header) if name in SHAPES]
    clock = next((place for place, name in enumerate(header) if name in _TIMES | _MILLISECONDS), None)
    stamps, scores = [], []
    for row in rows:
        if row:
            read = {channel: _number(row, place) for place, channel in shapes}
            scores.append(read if all(value is not None for value in read.values()) else {})
            stamps.append(None if clock is None else _number(row, clock))
    notes: tuple[str, ...] = ()
    if clock is not None and not any(stamp is not None for stamp in stamps):
        notes = (f"The times in '{header[clock]}' are no numbers; {FALLBACK_RATE:g} frames a second it is.",)
        clock = None
    seconds = _seconds(stamps, clock is not None and header[clock] in _MILLISECONDS)
    frames = [
        Frame(time, found if clock is None or time is not None else {})
        for time, found in zip(seconds, scores, strict=True)
    ]
    return frames, notes


def _json_frames(path: Path, text: str) -> tuple[list[Frame], float | None, tuple[str, ...]]:
    """Frames, stated rate and notes of a JSON document or of one document a line. Raises TakeError."""
    notes: tuple[str, ...] = ()
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        content, broken = _json_lines(text)
        if not content:
            raise TakeError(
                f"{path} is no whole JSON ({error.msg}, line {error.lineno}): the recording was cut off; "
                "export it again."
            ) from error
        if broken:
            notes = (f"{broken} lines are damaged and were left out.",)
    except (ValueError, RecursionError) as error:
        raise TakeError(f"{path} is no recording ({error}): export it again.") from error
    rate = None
    if isinstance(content, dict):
        stated = _finite(_under(content, _RATES))
        rate = stated if stated and stated > 0 else None
        content = _under(content, _LISTS) or _under(content, _FACES) or [content]
    items = [item for item in content if isinstance(item, dict | list)] if isinstance(content, list) else []
    exact = any(isinstance(item, dict) and _under(item, _MILLISECONDS) is not None for item in items)
    stamps = [_under(item, _MILLISECONDS | _TIMES) if isinstance(item, dict) else None for item in items]
    read = [_finite(stamp) for stamp in stamps]
    times = _seconds(read, exact)
    timed = any(time is not None for time in times)
    if all(stamp is None for stamp in read) and any(stamp is not None for stamp in stamps):
        notes += (f"The time stamps are no numbers; {rate or FALLBACK_RATE:g} frames a second it is.",)
    frames = [
        Frame(None, {}) if timed and time is None else _frame(item, time)
        for item, time in zip(items, times, strict=True)
    ]
    return frames, rate, notes


def _json_lines(text: str) -> tuple[list[object], int]:
    """The documents of JSON lines and how many lines are none; no documents if the text is something else."""
    lines = [line for line in text.splitlines() if line.strip()]
    found, broken = [], 0
    for line in lines:
        try:
            found.append(json.loads(line))
        except (ValueError, RecursionError):
            broken += 1
    return (found, broken) if len(found) > broken and isinstance(found[0], dict) else ([], broken)


def _frame(item: dict | list, time: float | None) -> Frame:
    """One frame of any of the forms that recorders write."""
    face = _under(item, _FACES) if isinstance(item, dict) else item
    scores = _scores(item if face is None else face)
    return Frame(time, scores, _turn(_under(item, _MATRICES)) if isinstance(item, dict) else None)


def _scores(face: object) -> dict[int, float]:
    """Channel index → score of a table, a list of categories, or the list of faces that holds one first.

    A score that is no number is NaN; none at all where all are.
    """
    if isinstance(face, dict):
        inner = next((value for name, value in face.items() if plain(name) == "categories"), None)
        if inner is not None:
            return _scores(inner)
        pairs: Iterable[tuple[object, object]] = face.items()
    elif (
        isinstance(face, list) and face and isinstance(face[0], dict) and _under(face[0], _NAMES) is not None
    ):
        pairs = [(_under(one, _NAMES), _under(one, _SCORES)) for one in face if isinstance(one, dict)]
    elif isinstance(face, list) and face and isinstance(face[0], dict | list):
        return _scores(face[0])
    else:
        return {}
    known = {SHAPES.get(plain(str(name))): _finite(score) for name, score in pairs}
    scores = {index: score for index, score in known.items() if index is not None}
    if all(score is None for score in scores.values()):
        return {}
    return {index: math.nan if score is None else score for index, score in scores.items()}


def _turn(found: object) -> np.ndarray | None:
    """The rotation ``[3, 3]`` of the first 4 × 4 matrix, flattened by rows or columns, or nested."""
    while isinstance(found, list) and found and isinstance(found[0], dict):
        found = found[0]
    if isinstance(found, dict):
        found = found.get("data")
    try:
        numbers = np.asarray(found, np.float64).ravel()[:16].reshape(4, 4)
    except (TypeError, ValueError, OverflowError):
        return None
    by_columns = not numbers[:3, 3].any() and numbers[3, :3].any()  # the translation lies in the last row
    turn = (numbers.T if by_columns else numbers)[:3, :3]
    scale = np.linalg.norm(turn, axis=0)
    return turn / scale if np.isfinite(numbers).all() and scale.all() else None


def _seconds(stamps: list[float | None], milliseconds: bool) -> list[float | None]:
    """Time stamps in seconds from the first one. The step between frames tells an unnamed unit."""
    known = [stamp for stamp in stamps if stamp is not None]
    if len(known) < 2:
        return [None] * len(stamps)
    step = float(np.median(np.abs(np.diff(known))))
    guessed = next((unit for least, unit in ((1e6, 1e-9), (1e3, 1e-6), (1.0, 1e-3)) if step >= least), 1.0)
    unit = 1e-3 if milliseconds else guessed
    return [None if stamp is None else (stamp - known[0]) * unit for stamp in stamps]


def _under(item: dict, names: set[str]) -> object:
    """The value whose key is one of ``names``, spelled in any case and with any separators."""
    return next((value for key, value in item.items() if plain(key) in names), None)


def plain(name: str) -> str:
    """A name in lower case without what divides its words."""
    return "".join(letter for letter in str(name).lower() if letter.isalnum())


def _finite(value: object) -> float | None:
    """A number out of JSON, which may be a text; None for what is none, or too large for one."""
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except (OverflowError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _number(row: list[str], place: int) -> float | None:
    try:
        value = float(row[place])
    except (ValueError, IndexError):
        return None
    return value if math.isfinite(value) else None
