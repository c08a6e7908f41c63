"""Blender in the background with a rig's file open: started, listened to, ended.

It appends a line of JSON to a file for every line of dialogue that it has made, and is asked there.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import ManifestError

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
TICK = 0.5
"""Seconds between two looks at what it has made."""


@dataclass(frozen=True)
class Answer:
    """What became of a line: the formats that were ``made``, and why not all were, "" when they were."""

    made: tuple[str, ...]
    error: str


class Blender:
    """A Blender at work on a ``job``, which appends its answers to ``results``, both in one folder."""

    def __init__(self, program: str, rig: str, job: Path, results: Path) -> None:
        """Raises ManifestError when ``program`` cannot be started, OSError when nothing can be written."""
        self.results, self.log = results, job.with_name("log.txt")
        self._read = 0
        code = START.format(init=str(PACKAGE / "__init__.py"), root=str(PACKAGE), job=str(job.resolve()))
        command = [program, "--background", "--factory-startup", rig]
        command += ["--python-exit-code", "3", "--python-expr", code]
        with self.log.open("wb") as log:
            try:
                self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            except OSError as error:
                raise ManifestError(
                    f"{program} cannot be started ({error.strerror}): name another."
                ) from error

    def answers(self) -> Iterator[Answer]:
        """One for each line of the job, in order and as soon as it is there, until Blender ends or hangs."""
        heard, over = time.monotonic(), False
        while not over:
            try:
                self._process.wait(TICK)
                over = True
            except subprocess.TimeoutExpired:
                if time.monotonic() - heard > QUIET:
                    self._process.kill()
            for answer in self.fresh():
                yield answer
                heard = time.monotonic()

    def fresh(self) -> Iterator[Answer]:
        """The answers since the last look. One that is torn is none, and the last that is listened to."""
        if not self.results.is_file():
            return
        with self.results.open("rb") as file:
            file.seek(self._read)
            for text in file:
                if not text.endswith(b"\n"):
                    return
                try:
                    said = json.loads(text)
                    answer = Answer(tuple(said["made"]), said["error"])
                except (ValueError, KeyError, TypeError):
                    self._process.kill()
                    return
                self._read += len(text)
                yield answer

    def stop(self) -> None:
        """End it, if it has not ended."""
        self._process.kill()
        self._process.wait()

    def end(self) -> str:
        """How it ended."""
        code = self._process.returncode
        last = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        return f"exit code {code}: {' '.join(last)}" if code else "without an error"
