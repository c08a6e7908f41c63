"""The characters of a show: whose manner each follows, and which rig it wears."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ..errors import ManifestError
from ..source import is_url
from .line import SEPARATOR, number
from .table import WRONG, read_table

COLUMNS = ("character", "references", "style_strength", "valence", "arousal", "rig", "face")


@dataclass(frozen=True)
class Character:
    """What the lines of one character share; a line's own cells go before."""

    references: tuple[str, ...] = ()
    style_strength: float = 1.0
    valence: float = 0.0
    arousal: float = 0.0
    rig: str = ""
    face: str = ""


def read_characters(path: Path) -> dict[str, Character]:
    """Characters by name from a table with ``COLUMNS``, all but the first optional. Raises ManifestError."""
    _, rows = read_table(path, ("character",))
    found: dict[str, Character] = {}
    for row, cells in rows:
        name = cells["character"]
        if not name or name in found:
            reason = f"names '{name}' a second time" if name else "names no character"
            raise ManifestError(f"{path}: row {row} {reason}.")
        try:
            if WRONG in cells:
                raise ManifestError(cells[WRONG])
            found[name] = Character(
                references=references(path.parent, cells.get("references", "")),
                style_strength=number("style_strength", cells.get("style_strength") or "1", 0, 4),
                valence=number("valence", cells.get("valence") or "0", -1, 1),
                arousal=number("arousal", cells.get("arousal") or "0", -1, 1),
                rig=place(path.parent, cells["rig"]) if cells.get("rig") else "",
                face=cells.get("face", ""),
            )
        except ManifestError as error:
            raise ManifestError(f"{path}: row {row} ('{name}'): {error}.") from None
    return found


def references(folder: Path, cell: str) -> tuple[str, ...]:
    """The references of a cell, ``TAKE[:AUDIO]`` separated by ``|``, against ``folder``."""
    return tuple(place(folder, part.strip()) for part in cell.split(SEPARATOR) if part.strip())


def place(folder: Path, text: str) -> str:
    """A path of a cell against the table's folder, for whoever works in another; URLs and absolute paths as
    they are.

    Of ``TAKE:AUDIO`` both are.
    """
    if is_url(text):
        return text
    folder = folder.absolute()
    whole = folder / text
    if ":" not in text or os.path.exists(whole):
        return str(whole)
    for index in reversed([i for i, letter in enumerate(text) if letter == ":"]):
        take = folder / text[:index]
        if os.path.isfile(take):
            return f"{take}:{place(folder, text[index + 1 :])}"
    return str(whole)
