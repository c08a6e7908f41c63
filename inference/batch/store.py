"""The folder that a batch fills, and what it remembers there.

A line's record (``.mouthpiece/lines/``) is written before its files: it claims their names and says what they
will be. Nothing is taken for finished on its word, only where a file is what it says. A line that is made
anew without a format keeps the claim, with nothing said.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .. import source
from ..errors import ManifestError, MouthpieceError, OutputError
from ..output import replaceable, replacing, sweep
from .line import BLENDER_FORMATS, MOTION, Line, clash
from .workshop import Result

HIDDEN = ".mouthpiece"
WORK = "export-"
"""How the name of a folder starts in which another program makes files."""
ABANDONED = 1800.0
"""Seconds without a change after which nobody works in such a folder any more."""
PAGE = "<!doctype html>\n<html lang=en><meta charset=utf-8><title>Mouthpiece: "
"""How a report for people begins."""
TOLD = {"source", "whole", "stopped", "summary", "counts", "lines"}
"""What a report for programs holds, among others."""
Record = dict[str, object]


class Store:
    """One output folder."""

    def __init__(self, folder: Path) -> None:
        """Make the folder ready. Raises OutputError when nothing can be written in it."""
        self.folder = folder
        self.records = folder / HIDDEN / "lines"
        self.motion = folder / HIDDEN / "motion"
        try:
            for place in (self.records, self.motion, self.cache):
                place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{folder} cannot be written ({error.strerror}): choose another folder or free it."
            ) from error
        with replacing(self.records / "writable") as file:
            file.write("yes\n")
        self._swept = {folder, self.records, self.motion, self.cache}
        for place in self._swept:
            sweep(place)
        for place in self.records.parent.glob(f"{WORK}*"):
            if _unchanged(place) > ABANDONED:
                shutil.rmtree(place, ignore_errors=True)

    @property
    def cache(self) -> Path:
        """Where embedded references are kept."""
        return self.folder / HIDDEN / "references"

    def path(self, line: Line, kind: str) -> Path:
        """The file of a line: ``OUT/ID.FORMAT``."""
        if kind == MOTION:
            return self.motion / f"{_name(line.id)}.npz"
        return self.folder.joinpath(*f"{line.id}.{kind}".split("/"))

    def check(self, line: Line, inputs: set[Path]) -> None:
        """Raise ManifestError if a file of ``line`` would replace an input, or what is not Mouthpiece's."""
        for kind in line.formats:
            path = self.path(line, kind)
            if path.resolve() in inputs:
                raise ManifestError(f"its result {path} is an input of the batch: choose another folder")
            if path.exists() and kind not in self._claims(line):
                raise ManifestError(
                    f"{path} is there and not of a former batch: move it away, or choose another id"
                )

    def reports(self, share: str = "") -> tuple[Path, Path]:
        """Where it is told what became of a batch, or of its ``share``: for programs, and for people."""
        return self.folder / f"report{share}.json", self.folder / f"report{share}.html"

    def check_reports(self, inputs: set[Path], share: str = "") -> None:
        """Raise OutputError if a report would replace an input, or what is not Mouthpiece's."""
        for path in self.reports(share):
            if replaceable(path) in inputs:
                raise OutputError(f"{path} is an input of the batch: choose another folder")
            if path.exists() and not _is_report(path):
                raise OutputError(
                    f"{path} is there and no report of a former batch: move it away or choose another folder"
                )

    def record(self, line: Line) -> Record | None:
        """What is known of a line from a former run; None for nothing, or nothing that can be read."""
        try:
            found = json.loads(self._record(line).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        known = (
            isinstance(found, dict) and found.get("id") == line.id and isinstance(found.get("files"), dict)
        )
        return found if known else None

    def finished(self, line: Line, key: str) -> bool:
        """Whether the line was made of the same inputs, and its files are still what was written.

        Those that only Blender makes are not looked at.
        """
        record = self.record(line)
        if record is None or record.get("key") != key:
            return False
        made = {kind for kind in line.formats if kind not in BLENDER_FORMATS}
        made |= {MOTION} if made != set(line.formats) else set()
        return all(self.there(line, kind, record) for kind in made)

    def there(self, line: Line, kind: str, record: Record | None = None) -> bool:
        """Whether the file of that format is what was written, and made of the same rig."""
        record = record or self.record(line) or {}
        if kind in BLENDER_FORMATS and record.get("rig") != _rig(line):
            return False
        digest = record.get("files", {}).get(kind)
        return bool(digest) and _digest(self.path(line, kind)) == digest

    def save(self, result: Result) -> None:
        """Write what a line becomes, then its files, each whole or not at all. Raises OutputError."""
        line = result.line
        digests = {kind: hashlib.sha256(content).hexdigest() for kind, content in result.files.items()}
        about = {"frames": result.frames, "sketch": result.sketch, "notes": result.notes}
        files = self._claims(line) | digests
        self._write_record(line, {"id": line.id, "key": result.key, "files": files} | about)
        for kind, content in result.files.items():
            path = self.path(line, kind)
            self._prepare(path.parent)
            with replacing(path, binary=True) as file:
                file.write(content)

    @contextmanager
    def workplace(self) -> Iterator[Path]:
        """A folder where another program makes files, which goes with the block.

        Raises OutputError, also for what the disk refuses in the block.
        """
        place = self.records.parent
        try:
            with tempfile.TemporaryDirectory(dir=place, prefix=WORK, ignore_cleanup_errors=True) as folder:
                yield Path(folder)
        except OSError as error:
            reason = error.strerror or str(error)
            raise OutputError(
                f"{place} cannot be used ({reason}): free it, or some space on its disk."
            ) from error

    def adopt(self, line: Line, kind: str, made: Path) -> None:
        """Write what a finished line has besides, then move the file there that was ``made`` in a workplace.

        Raises OutputError.
        """
        record, rig = self.record(line) or {"id": line.id}, _rig(line)
        files = dict(record.get("files", {}))
        if record.get("rig") != rig:  # those of another rig no longer count
            files |= {name: "" for name in files if name in BLENDER_FORMATS}
        self._write_record(line, record | {"files": files | {kind: _digest(made)}, "rig": rig})
        path = self.path(line, kind)
        self._prepare(path.parent)
        try:
            os.replace(made, path)
        except OSError as error:
            raise OutputError(f"{path} cannot be written ({error.strerror}): free it.") from error

    def _claims(self, line: Line) -> dict[str, str]:
        """The formats of a line whose files may be replaced, with nothing said about them.

        A damaged record claims all that are asked for: nobody but a batch puts one there.
        """
        record = self.record(line)
        if record is None and _is_damaged(self._record(line)):
            return dict.fromkeys(line.formats, "")
        return dict.fromkeys(record["files"], "") if record else {}

    def _prepare(self, folder: Path) -> None:
        """Make the folder of a result, and clear it of what killed programs left."""
        with suppress(OSError):  # writing into it says what is wrong
            folder.mkdir(parents=True, exist_ok=True)
        if folder not in self._swept:
            self._swept.add(folder)
            sweep(folder)

    def _record(self, line: Line) -> Path:
        return self.records / f"{_name(line.id)}.json"

    def _write_record(self, line: Line, record: Record) -> None:
        content = json.dumps(record, separators=(",", ":"))  # whole: piecewise takes several times as long
        with replacing(self._record(line)) as file:
            file.write(content)


def inputs(places: Iterable[str | Path]) -> set[Path]:
    """Resolved paths, to be compared with results."""
    return {Path(os.path.realpath(place)) for place in places}


def _name(line_id: str) -> str:
    """A file name for any id, the same for ids that would be one file somewhere."""
    return hashlib.sha256(clash(line_id).encode()).hexdigest()[:32]


def _is_report(path: Path) -> bool:
    """Whether a file is what a batch told, in this version or a former one."""
    try:
        text = path.read_text(encoding="utf-8")
        return text.startswith(PAGE) or json.loads(text).keys() >= TOLD
    except (OSError, ValueError, AttributeError, RecursionError):
        return False


def _is_damaged(record: Path) -> bool:
    """Whether a record is there, but a power cut left it empty or half."""
    try:
        json.loads(record.read_text(encoding="utf-8"))
    except OSError:
        return False
    except ValueError:
        return True
    return False


def _unchanged(folder: Path) -> float:
    """Seconds since anything in ``folder`` changed; 0 for one that goes in this moment."""
    try:
        return time.time() - max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
    except OSError:
        return 0.0


def _rig(line: Line) -> str:
    """What changes when the face that a line is put on does."""
    try:
        return f"{source.digest(line.rig)}/{line.face}"
    except MouthpieceError:
        return ""


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
