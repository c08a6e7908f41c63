"""Motion onto rigs: .blend actions, baked glTF and USD, made by Blender in the background.

Blender writes into a folder of its own; what is whole there is renamed to its place. A line that takes
Blender down with it fails alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from ..errors import ManifestError, OutputError
from ..output import replacing
from .line import BLENDER_FORMATS, MOTION, Line
from .store import Store

PACKAGE = Path(__file__).resolve().parents[2]
START = """\
import importlib.util, sys
spec = importlib.util.spec_from_file_location("mouthpiece", {init!r}, submodule_search_locations=[{root!r}])
sys.modules["mouthpiece"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["mouthpiece"])
from mouthpiece.operators.batch_export import main
sys.modules["mouthpiece"].register()
try:
    main({job!r})
finally:
    sys.modules["mouthpiece"].unregister()
"""
"""Loads this very package in Blender, whether it is installed there or not."""
QUIET = 600.0
"""Seconds without a finished line after which Blender counts as hung."""


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
    while lines:
        with tempfile.TemporaryDirectory(dir=store.records.parent, prefix="export-") as folder:
            over = list(_run(blender, rig, lines, store, Path(folder)))
            yield from over
        lines = lines[len(over) :]


def _run(blender: str, rig: str, lines: list[Line], store: Store, folder: Path) -> Iterator[tuple[Line, str]]:
    """One run of Blender: the lines that it has made, in order, and the one at which it stopped."""
    made: dict[str, dict[str, str]] = {}
    for index, line in enumerate(lines):
        made[line.id] = {kind: str(folder.resolve() / f"{index}.{kind}") for kind in needed(line, store)}
    job, results = folder / "job.json", folder / "results.jsonl"
    told = [
        {
            "id": line.id,
            "motion": str(store.path(line, MOTION).resolve()),
            "face": line.face,
            "fps": line.fps,
            "files": made[line.id],
        }
        for line in lines
    ]
    with replacing(job) as file:
        json.dump({"results": str(results), "lines": told}, file)
    how = _blender(blender, rig, job, results)
    said = results.read_text(encoding="utf-8").splitlines() if results.is_file() else []
    for line, text in zip(lines, said, strict=False):
        answer = json.loads(text)
        _keep(line, {kind: made[line.id][kind] for kind in answer["made"]}, store)
        yield line, answer["error"]
    if len(said) < len(lines):
        remedy = "bake the line onto the rig by hand, or name another --blender"
        yield lines[len(said)], f"Blender ended while it made the line ({how}): {remedy}"


def _blender(blender: str, rig: str, job: Path, results: Path) -> str:
    """Run Blender to its end, or until it makes no line any more; how it ended. Raises ManifestError."""
    code = START.format(init=str(PACKAGE / "__init__.py"), root=str(PACKAGE), job=str(job.resolve()))
    command = [blender, "--background", "--factory-startup", rig]
    command += ["--python-exit-code", "3", "--python-expr", code]
    log = job.with_name("log.txt")
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    except OSError as error:
        raise ManifestError(f"{blender} cannot be started ({error.strerror}): name another.") from error
    size = -1
    try:
        while True:
            try:
                code = process.wait(timeout=QUIET)
                break
            except subprocess.TimeoutExpired:
                former, size = size, results.stat().st_size if results.is_file() else 0
                if size == former:
                    process.kill()
    finally:
        process.kill()
        process.wait()
    last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    return f"exit code {code}: {' '.join(last)}" if code else "without an error"


def _keep(line: Line, made: dict[str, str], store: Store) -> None:
    """Move finished files to their places. Raises OutputError."""
    for kind, path in made.items():
        place = store.path(line, kind)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, place)
        except OSError as error:
            raise OutputError(f"{place} cannot be written ({error.strerror}): free it.") from error
        store.add(line, kind)
