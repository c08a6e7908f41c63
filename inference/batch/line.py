"""One line of dialogue to animate, and how its cells are read."""

from __future__ import annotations

import hashlib
import math
import unicodedata
from dataclasses import dataclass

from ..errors import ManifestError
from ..types import TICK_RATE

FORMATS = ("csv", "npz", "blend", "glb", "usd")
"""What a line can become; the last three need Blender and a rig."""
BLENDER_FORMATS = ("blend", "glb", "usd")
MOTION = "motion"
"""A take at model rate that stays hidden in the output folder: Blender makes the rest of it."""
SEPARATOR = "|"
"""Between several references of one cell: no system allows it in a file's name."""
Mood = float | tuple[float, ...]
"""Valence or arousal, -1 to 1: a constant, or one value for every frame of the line at 25 Hz."""
_FORBIDDEN = '<>:"\\|?*'
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(1, 10))}
LONGEST = 180
"""Bytes that one part of an id may take; the file's ending still fits any file system."""
LONGEST_PATH = 1000
"""Bytes that all parts may take together."""


@dataclass(frozen=True)
class Line:
    """What to animate, and how. ``row`` is the place in the list, for messages.

    ``audio`` and ``references`` (``TAKE[:AUDIO]``) are paths or URLs; ``rig`` is a .blend with the
    character's face, ``face`` the object in it. ``weights`` are those of the references, () for all equal.
    Who ``listens`` blinks, looks and nods, and leaves the mouth at rest. ``influence`` is how far mouth,
    brows, eyes and head follow the references.
    """

    row: int
    id: str
    audio: str
    character: str = ""
    references: tuple[str, ...] = ()
    style_strength: float = 1.0
    valence: Mood = 0.0
    arousal: Mood = 0.0
    seed: int = 0
    fps: float = float(TICK_RATE)
    formats: tuple[str, ...] = ("csv",)
    rig: str = ""
    face: str = ""
    weights: tuple[float, ...] = ()
    listens: bool = False
    influence: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)

    @property
    def where(self) -> str:
        return f"row {self.row} ('{self.id}')"


@dataclass(frozen=True)
class Refused:
    """A row that cannot be animated, and why."""

    row: int
    id: str
    reason: str


def check_id(text: str) -> str:
    """An id that is a file name, or one in folders (``scene_1/anna_07``), on every system.

    Raises ManifestError.
    """
    text = unicodedata.normalize("NFC", text.strip())
    for part in text.split("/"):
        if not part:
            raise ManifestError("the id is empty or has an empty part: give each line a name of its own")
        if part.split(".")[0].lower() in _DEVICES:
            raise ManifestError(f"the id '{text}' cannot be a file's name on Windows: choose another")
        if part.startswith(".") or part.endswith((".", " ")):
            raise ManifestError(f"the id '{text}' cannot be a file's name: no dot in front, none at the end")
        if printable(part) != part:
            raise ManifestError(f"the id '{text}' cannot be read as UTF-8: rename the file")
        if not part.isprintable() or set(_FORBIDDEN) & set(part):
            raise ManifestError(f"the id '{text}' cannot be a file's name: leave out {' '.join(_FORBIDDEN)}")
        if len(part.encode()) > LONGEST:
            raise ManifestError(f"the id '{text[:20]}…' is longer than {LONGEST} bytes: shorten it")
    if len(text.encode()) > LONGEST_PATH:
        raise ManifestError(f"the id '{text[:20]}…' is longer than {LONGEST_PATH} bytes: shorten it")
    return text


def clash(name: str) -> str:
    """What two ids share when their files would be one on some system."""
    return unicodedata.normalize("NFC", name).casefold()


def printable(text: str) -> str:
    r"""A text that can be written as UTF-8: bytes of a file's name that are none show as ``\udce9``."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def number(name: str, text: str, low: float, high: float) -> float:
    """A finite number in [low, high]. Raises ManifestError."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise ManifestError(f"{name} '{text}' is no number from {low:g} to {high:g}: write one")
    return value


def whole(name: str, text: str) -> int:
    """A whole number. Raises ManifestError."""
    try:
        return int(text)
    except ValueError:
        raise ManifestError(f"{name} '{text}' is no whole number: write one") from None


def formats(text: str) -> tuple[str, ...]:
    """Formats, separated by spaces, ``+`` or ``|``, in the order of ``FORMATS``. Raises ManifestError."""
    wanted = text.lower().replace("+", " ").replace(SEPARATOR, " ").split()
    unknown = [name for name in wanted if name not in FORMATS]
    if unknown:
        raise ManifestError(f"format '{unknown[0]}' is unknown: choose of {', '.join(FORMATS)}")
    return tuple(name for name in FORMATS if name in wanted)


def own_seed(seed: int, name: str) -> int:
    """The seed of a line that names none: else all lines of a show would blink at the same moments."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:4], "big")
