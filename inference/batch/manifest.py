"""The list of lines: a table, or a folder whose file names follow a rule."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ManifestError
from ..performance_file import SOUND_SUFFIXES
from .characters import Character, place, references
from .line import (
    BLENDER_FORMATS,
    Line,
    Refused,
    check_id,
    clash,
    formats,
    number,
    own_seed,
    printable,
    whole,
)
from .naming import Rule
from .table import WRONG, read_table

COLUMNS = (
    "id",
    "audio",
    "character",
    "references",
    "style_strength",
    "valence",
    "arousal",
    "seed",
    "fps",
    "format",
    "rig",
    "face",
)


@dataclass(frozen=True)
class Defaults:
    """What a line gets whose row leaves a cell empty and whose character says nothing."""

    seed: int = 0
    fps: float = 25.0
    formats: tuple[str, ...] = ("csv",)
    rigs: bool = True
    """Whether formats that only Blender makes need a rig of their own."""
    character: Character = field(default_factory=Character)
    """Who speaks where the list knows no characters."""


@dataclass(frozen=True)
class Manifest:
    """Lines in the list's order, the rows that are refused, and what else the artist should know."""

    lines: tuple[Line, ...]
    refused: tuple[Refused, ...]
    notes: tuple[str, ...] = ()

    def share(self, part: int, whole: int) -> Manifest:
        """Every ``whole``th row from the ``part``th on (1 … whole): farms divide a list so."""
        lines = (line for line in self.lines if line.row % whole == part % whole)
        refused = (bad for bad in self.refused if bad.row % whole == part % whole)
        return Manifest(tuple(lines), tuple(refused), self.notes)


def read_manifest(
    path: Path, characters: dict[str, Character] | None = None, defaults: Defaults = Defaults()
) -> Manifest:
    """The lines of a table with ``COLUMNS``; ``audio`` alone is needed, an id is else the sound's name.

    A row that is wrong is refused and the rest goes on. Raises ManifestError for a file that is no such
    table.
    """
    columns, rows = read_table(path, ("audio",))
    unused = [name for name in columns if name and name not in COLUMNS]
    notes = (f"Columns that mean nothing here: {', '.join(unused)}.",) if unused else ()
    cells = ((row, values, path.parent) for row, values in rows)
    return _gathered(cells, characters, defaults, notes, str(path))


def read_folder(
    folder: Path,
    rule: Rule,
    characters: dict[str, Character] | None = None,
    defaults: Defaults = Defaults(),
    *,
    strict: bool = True,
) -> Manifest:
    """The sounds in ``folder`` and below, hidden ones apart, in the order of their names; the ``rule`` tells
    who speaks.

    Those that do not follow it are refused; without ``strict`` nobody in particular speaks them. Raises
    ManifestError when there is no sound, or a folder that cannot be listed.
    """
    sounds = sorted(_sounds(folder))
    if not sounds:
        raise ManifestError(f"{folder} holds no sound ({', '.join(SOUND_SUFFIXES)}): choose another folder.")

    def cells() -> Iterator[tuple[int, dict[str, str], Path]]:
        for row, path in enumerate(sounds, 1):
            below = path.relative_to(folder)
            name = below.with_suffix("").as_posix()
            said = rule.read(name)
            found = {"id": name, "audio": str(below), **(said or {})}
            if said is None and strict:
                wrong = f"'{name}' does not follow the rule '{rule.text}'"
                found[WRONG] = f"{wrong}: rename the file, or change the rule"
            yield row, found, folder

    return _gathered(cells(), characters, defaults, (), str(folder))


def _sounds(folder: Path) -> Iterator[Path]:
    """The sounds in ``folder`` and below. Raises ManifestError."""

    def refuse(error: OSError) -> None:
        closed = error.filename or folder
        raise ManifestError(f"{closed} cannot be listed ({error.strerror}): check the folder.") from error

    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = (name for name in folders if not name.startswith("."))
        paths = (Path(parent, name) for name in files if not name.startswith("."))
        yield from (path for path in paths if path.suffix.lower() in SOUND_SUFFIXES and path.is_file())


def _gathered(
    rows: Iterator[tuple[int, dict[str, str], Path]],
    characters: dict[str, Character] | None,
    defaults: Defaults,
    notes: tuple[str, ...],
    source: str,
) -> Manifest:
    lines: list[Line] = []
    refused: list[Refused] = []
    seen: dict[str, int] = {}
    for row, cells, folder in rows:
        name = cells.get("id") or Path(cells["audio"]).stem
        try:
            line = _line(row, name, cells, folder, characters, defaults)
            if (first := seen.setdefault(clash(line.id), row)) != row:
                raise ManifestError(f"the id is that of row {first}: give each line its own")
            lines.append(line)
        except ManifestError as error:
            refused.append(Refused(row, printable(name), printable(str(error))))
    if not lines and not refused:
        raise ManifestError(f"{source} lists no line: add one under the names of the columns.")
    return Manifest(tuple(lines), tuple(refused), notes)


def _line(
    row: int,
    name: str,
    cells: dict[str, str],
    folder: Path,
    characters: dict[str, Character] | None,
    defaults: Defaults,
) -> Line:
    """The line of one row. Raises ManifestError."""
    if WRONG in cells:
        raise ManifestError(cells[WRONG])
    if not cells["audio"]:
        raise ManifestError("no audio is named: fill in its path")
    if broken := [name for name, cell in cells.items() if "\0" in cell]:
        raise ManifestError(f"the cell '{broken[0]}' holds a null character: write it anew")
    name, who = check_id(name), cells.get("character", "")
    if who and characters is not None and who not in characters:
        raise ManifestError(
            f"the character '{who}' is unknown: add it to the characters, or correct the name"
        )
    shared = (characters or {}).get(who, defaults.character)
    own = cells.get("references", "")
    rig = cells.get("rig", "")
    line = Line(
        row=row,
        id=name,
        audio=place(folder, cells["audio"]),
        character=who,
        references=references(folder, own) if own else shared.references,
        style_strength=number(
            "style_strength", cells.get("style_strength") or str(shared.style_strength), 0, 4
        ),
        valence=number("valence", cells.get("valence") or str(shared.valence), -1, 1),
        arousal=number("arousal", cells.get("arousal") or str(shared.arousal), -1, 1),
        seed=whole("seed", cells["seed"]) if cells.get("seed") else own_seed(defaults.seed, name),
        fps=number("fps", cells.get("fps") or str(defaults.fps), 1, 1000),
        formats=formats(cells.get("format", "")) or defaults.formats,
        rig=place(folder, rig) if rig else shared.rig,
        face=cells.get("face") or shared.face,
    )
    needs = [name for name in line.formats if name in BLENDER_FORMATS]
    if needs and defaults.rigs and not line.rig:
        raise ManifestError(
            f"the format '{needs[0]}' needs a rig: name a .blend for the line or its character"
        )
    return line
