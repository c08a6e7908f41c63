"""Motion onto rigs: .blend actions, baked glTF and USD, made by Blender in the background.

Blender writes into a folder of its own; what is whole there is moved to its place as soon as it is, so that
whoever stops a batch loses nothing that was finished. A line that takes Blender down with it fails alone.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from ..output import replacing
from .blender import Answer, Blender
from .interrupt import interrupt_later
from .line import BLENDER_FORMATS, MOTION, Line
from .store import Store


def needed(line: Line, store: Store) -> list[str]:
    """The formats of a line that only Blender makes and that are not there yet."""
    return [kind for kind in line.formats if kind in BLENDER_FORMATS and not store.there(line, kind)]


def export(lines: Iterable[Line], store: Store, blender: str) -> Iterator[tuple[Line, str]]:
    """Make what is needed of ``lines``, whose motion is in ``store``; each line with its error, "" for none.

    Raises ManifestError when ``blender`` cannot be started, OutputError when a result cannot be written.
    """
    wanted = sorted((line for line in lines if needed(line, store)), key=lambda line: line.rig)
    for rig, group in groupby(wanted, key=lambda line: line.rig):
        yield from _on_rig(rig, list(group), store, blender)


def _on_rig(rig: str, lines: list[Line], store: Store, blender: str) -> Iterator[tuple[Line, str]]:
    """The lines of one rig, in as few runs of Blender as its crashes allow."""
    if not Path(rig).is_file():
        yield from ((line, f"{rig} does not exist: check the path of the rig") for line in lines)
        return
    waiting = deque(lines)
    while waiting:
        with store.workplace() as folder:
            yield from _run(blender, rig, waiting, store, folder)


def _run(
    program: str, rig: str, waiting: deque[Line], store: Store, folder: Path
) -> Iterator[tuple[Line, str]]:
    """One run of Blender: the lines that it has made, each at once, and the one at which it stopped.

    These wait no more.
    """
    files = {
        line.id: {kind: folder.resolve() / f"{index}.{kind}" for kind in needed(line, store)}
        for index, line in enumerate(waiting)
    }
    job, results = folder / "job.json", folder.resolve() / "results.jsonl"
    told = [_told(line, files[line.id], store) for line in waiting]
    with replacing(job) as file:
        json.dump({"results": str(results), "lines": told}, file)
    blender = Blender(program, rig, job, results)
    try:
        for answer in blender.answers():
            line = waiting.popleft()
            _keep(line, answer, files[line.id], store)
            yield line, answer.error
    finally:
        blender.stop()
        for answer in blender.fresh():  # said while someone stopped the batch
            line = waiting.popleft()
            _keep(line, answer, files[line.id], store)
    if waiting:
        remedy = "bake the line onto the rig by hand, or name another --blender"
        yield waiting.popleft(), f"Blender ended while it made the line ({blender.end()}): {remedy}"


def _told(line: Line, files: dict[str, Path], store: Store) -> dict[str, object]:
    """What Blender is told of a line."""
    return {
        "id": line.id,
        "motion": str(store.path(line, MOTION).resolve()),
        "face": line.face,
        "fps": line.fps,
        "files": {kind: str(path) for kind, path in files.items()},
    }


def _keep(line: Line, answer: Answer, files: dict[str, Path], store: Store) -> None:
    """Move finished files to their places. Raises OutputError."""
    with interrupt_later():
        for kind in answer.made:
            store.adopt(line, kind, files[kind])
