"""FLAME parameters as files: expression coefficients, jaw, neck and eye rotations per frame.

``.npz`` with the names that trackers write (``expression`` or ``expr``/``exp`` [T, K], ``jaw_pose`` [T, 3] or
``pose`` [T, 6] with the jaw last, ``neck_pose`` [T, 3], ``eye_pose`` [T, 6], ``fps``), or ``.csv`` with
columns ``exp_1 … jaw_x jaw_y jaw_z neck_x … left_eye_x … right_eye_z``. Rotations are axis times angle in
radians about the face's left, up and forward axes.
"""

from __future__ import annotations

import csv
import math
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..inference.errors import Message, OutputError, TakeError

PARTS = ("jaw", "neck", "left_eye", "right_eye")
_NAMES = {
    "expression": ("expression", "expressions", "expr", "exp", "expression_params", "expcode"),
    "jaw": ("jaw_pose", "jaw", "jaw_params"),
    "neck": ("neck_pose", "neck", "neck_params"),
    "eyes": ("eye_pose", "eyes_pose", "eyes", "eye_params"),
    "left_eye": ("leye_pose", "left_eye", "leye"),
    "right_eye": ("reye_pose", "right_eye", "reye"),
    "pose": ("pose", "posecode", "pose_params"),
}
DEFAULT_FPS = 25.0


@dataclass(frozen=True)
class FlameTake:
    """``expression float64 [T, K]`` and rotations ``turns[part] [T, 3]`` of jaw, neck and eyes (absent ones
    are left out), ``fps`` frames a second."""

    expression: np.ndarray
    turns: dict[str, np.ndarray]
    fps: float

    def __len__(self) -> int:
        return len(self.expression)


def read_flame(path: str | Path, fps: float = 0.0) -> FlameTake:
    """The parameters in an ``.npz`` or ``.csv``; ``fps`` where the file does not say. Raises TakeError."""
    path = Path(path)
    if not path.is_file():
        raise TakeError("{path} does not exist or is no file: check the path of the parameters.", path=path)
    take = _read_csv(path, fps) if path.suffix.lower() == ".csv" else _read_npz(path, fps)
    arrays = (take.expression, *take.turns.values())
    if len(take) < 2 or any(len(array) != len(take) for array in arrays):
        raise TakeError(
            "{path} holds {count} frames or parts of unequal length: export it again.",
            path=path,
            count=len(take),
        )
    if not all(np.isfinite(array).all() for array in arrays):
        raise TakeError("{path} holds values that are no numbers: export it again.", path=path)
    return take


def write_flame(path: str | Path, take: FlameTake) -> None:
    """Write ``.npz`` or ``.csv`` by the ending, whole or not at all. Raises OutputError."""
    path = Path(path)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            if path.suffix.lower() == ".csv":
                file.write(_as_csv(take).encode("utf-8"))
            else:
                np.savez_compressed(file, **_as_arrays(take))
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(
            "{path} cannot be written ({reason}): choose another folder.",
            path=path,
            reason=error.strerror,
        ) from error


def _read_npz(path: Path, fps: float) -> FlameTake:
    try:
        with np.load(path, allow_pickle=False) as stored:
            lower = {name.lower(): name for name in stored.files}
            found = {
                part: np.asarray(stored[lower[name]], np.float64)
                for part, names in _NAMES.items()
                for name in names[::-1]
                if name in lower
            }
            rate = float(stored[lower["fps"]]) if "fps" in lower else fps or DEFAULT_FPS
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        raise TakeError(
            "{path} is no FLAME file ({error}): save arrays, not objects.", path=path, error=error
        ) from error
    if "expression" not in found:
        raise TakeError(
            "{path} has no array 'expression' ({lower}): export it again.",
            path=path,
            lower=", ".join(lower) or "nothing",
        )
    found = {part: array.reshape(len(array), -1) for part, array in found.items() if array.ndim}
    if "pose" in found and found["pose"].shape[1] >= 6:
        found.setdefault("jaw", found["pose"][:, 3:6])
    if "eyes" in found and found["eyes"].shape[1] == 6:
        found.setdefault("left_eye", found["eyes"][:, :3])
        found.setdefault("right_eye", found["eyes"][:, 3:])
    turns = {part: found[part] for part in PARTS if part in found}
    wrong = [part for part, array in turns.items() if array.shape[1] != 3]
    if wrong or not (math.isfinite(rate) and rate > 0):
        raise TakeError(
            f"{path}: its {wrong[0] if wrong else 'fps'} is not as FLAME has it; export it again."
        )
    return FlameTake(found["expression"], turns, rate)


def _read_csv(path: Path, fps: float) -> FlameTake:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
        header = [name.strip().lower() for name in rows[0]] if rows else []
        numbers = np.array([[float(value) for value in row] for row in rows[1:]], np.float64)
        if numbers.ndim != 2 or numbers.shape[1] != len(header):
            raise ValueError("rows and header differ in length")
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        raise TakeError(
            "{path} cannot be read as FLAME parameters ({error}): export it again.",
            path=path,
            error=error,
        ) from error
    order = sorted(
        (int(found[1]), place)
        for place, name in enumerate(header)
        if (found := re.fullmatch(r"(?:exp|expr|expression)[ _.-]*0*(\d+)", name))
    )
    if not order:
        raise TakeError("{path} has no columns exp_1, exp_2 …: export it again.", path=path)
    turns = {}
    for part in PARTS:
        columns = [f"{part}_{axis}" for axis in "xyz"]
        if all(column in header for column in columns):
            turns[part] = numbers[:, [header.index(column) for column in columns]]
    rate = fps or DEFAULT_FPS
    if "time" in header and len(numbers) > 1:
        step = float(np.median(np.diff(numbers[:, header.index("time")])))
        rate = 1.0 / step if step > 0 else rate
    return FlameTake(numbers[:, [place for _, place in order]], turns, rate)


def _as_csv(take: FlameTake) -> str:
    header = ["time", *(Message("exp_{number}", number=i + 1) for i in range(take.expression.shape[1]))]
    header += [f"{part}_{axis}" for part in take.turns for axis in "xyz"]
    seconds = (np.arange(len(take)) + 0.5) / take.fps
    table = np.column_stack([seconds, take.expression, *take.turns.values()])
    return "\n".join([",".join(header), *(",".join(f"{v:.8g}" for v in row) for row in table), ""])


def _as_arrays(take: FlameTake) -> dict[str, np.ndarray]:
    still = np.zeros((len(take), 3))
    turns = {part: take.turns.get(part, still) for part in PARTS}
    return {
        "expression": take.expression.astype(np.float32),
        "jaw_pose": turns["jaw"].astype(np.float32),
        "neck_pose": turns["neck"].astype(np.float32),
        "eye_pose": np.concatenate([turns["left_eye"], turns["right_eye"]], axis=1).astype(np.float32),
        "pose": np.concatenate([still, turns["jaw"]], axis=1).astype(np.float32),
        "fps": np.float64(take.fps),
    }
