"""Formats that Blender makes, with a stand-in for Blender: nothing that it has finished is lost."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mouthpiece.inference.batch import blender as blender_module
from mouthpiece.inference.batch.blender import Blender
from mouthpiece.inference.batch.export import export, needed
from mouthpiece.inference.batch.manifest import read_manifest
from mouthpiece.inference.batch.store import ABANDONED, Store
from mouthpiece.inference.errors import OutputError

from .test_faults import batch, report, start, wait_for

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in for Blender is a shell script")

STAND_IN = """\
import ast, json, os, pathlib, re, sys, time
job = json.load(open(ast.literal_eval(re.search(r"main\\((.*)\\)", sys.argv[-1])[1])))
here = pathlib.Path(__file__).parent
with open(job["results"], "a") as results:
    for line in job["lines"]:
        while (here / f"wait {line['id']}").exists():
            time.sleep(0.02)
        for kind, path in line["files"].items():
            pathlib.Path(path).write_text(f"{line['id']} as {kind}")
        text = json.dumps({"id": line["id"], "made": list(line["files"]), "error": ""}) + "\\n"
        torn = here / f"torn {line['id']}"
        if torn.exists():
            results.write(text[:20] + torn.read_text())
            results.flush()
            os._exit(9)
        results.write(text)
        results.flush()
"""
"""Makes files of words; waits at a line while there is a file ``wait ID``, dies at one for ``torn ID``."""


@pytest.fixture
def program(show) -> Path:
    """The stand-in; beside it a rig and a list of four lines."""
    show.sound("a.wav")
    (show.folder / "rig.blend").write_text("a rig")
    show.write(*(f"{name},a.wav,glb,rig.blend" for name in "abcd"), columns="id,audio,format,rig")
    script, path = show.folder / "stand_in.py", show.folder / "blender"
    script.write_text(STAND_IN)
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
    path.chmod(0o755)
    return path


@pytest.fixture
def exported(show, make, program: Path) -> Callable[[], Iterator[tuple[object, str]]]:
    """Lets the stand-in make all lines, in this process."""
    assert make(show.folder / "lines.csv").count("done") == 4
    lines = read_manifest(show.folder / "lines.csv").lines
    return lambda: export(lines, Store(show.out), str(program))


def arguments(show, program: Path, *more: str) -> tuple[object, ...]:
    return show.folder / "lines.csv", "--out", show.out, "--blender", program, *more


def workplaces(show) -> list[Path]:
    return list((show.out / ".mouthpiece").glob("export-*"))


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_batch_keeps_what_blender_has_made(show, program: Path, stop: int) -> None:
    hold = show.folder / "wait c"
    hold.touch()
    with start(*arguments(show, program)) as process:
        wait_for(lambda: len(show.files()) == 2, process)
        process.send_signal(stop)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "2 lines left, --resume goes on" in err
    assert show.files() == {"a.glb": b"a as glb", "b.glb": b"b as glb"} and not workplaces(show)
    assert [line["status"] for line in report(show)["lines"]] == ["done", "done", "left", "left"]
    hold.unlink()
    assert batch(*arguments(show, program, "--resume"))[0] == 0
    assert [line["status"] for line in report(show)["lines"]] == ["kept", "kept", "done", "done"]


@pytest.mark.parametrize("rest", ["", "\n", "] no JSON\n"], ids=["cut off", "cut short", "garbled"])
def test_an_answer_that_is_torn_fails_its_line_alone(show, program: Path, rest: str) -> None:
    (show.folder / "torn b").write_text(rest)
    code, _, err = batch(*arguments(show, program))
    assert code == 1 and "row 3 ('b'): Blender ended while it made the line" in err
    assert [line["status"] for line in report(show)["lines"]] == ["done", "failed", "done", "done"]
    assert sorted(show.files()) == ["a.glb", "c.glb", "d.glb"] and not workplaces(show)


def test_what_was_said_in_the_moment_of_the_stop_is_kept(show, exported, monkeypatch) -> None:
    def stopped(self: Blender) -> Iterator[None]:
        self._process.wait()
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(Blender, "answers", stopped)
    with pytest.raises(KeyboardInterrupt):
        list(exported())
    assert sorted(show.files()) == ["a.glb", "b.glb", "c.glb", "d.glb"]


def test_a_line_that_blender_never_finishes_fails_alone(show, exported, monkeypatch) -> None:
    monkeypatch.setattr(blender_module, "QUIET", 3.0)
    (show.folder / "wait b").touch()
    errors = {line.id: error for line, error in exported()}
    assert [name for name in errors if errors[name]] == ["b"] and "exit code -9" in errors["b"]
    assert sorted(show.files()) == ["a.glb", "c.glb", "d.glb"]


def test_a_file_is_known_as_ours_whenever_the_batch_dies(show, exported, monkeypatch) -> None:
    move = os.replace

    def dying(source: Path, target: Path) -> None:
        move(source, target)
        if Path(target).suffix == ".glb":
            raise RuntimeError("killed")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="killed"):
        patched.setattr(os, "replace", dying)
        list(exported())
    line, store = read_manifest(show.folder / "lines.csv").lines[0], Store(show.out)
    store.check(line, set())
    assert (show.out / "a.glb").is_file() and not needed(line, store)


def test_a_file_that_cannot_be_moved_to_its_place_is_named(show, exported) -> None:
    (show.out / "a.glb").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"a\.glb cannot be written"):
        list(exported())


def test_what_the_disk_refuses_is_named(show) -> None:
    with (
        pytest.raises(OutputError, match=r"mouthpiece cannot be used \(No space left"),
        Store(show.out).workplace(),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_a_killed_batch_left_goes_once_nobody_can_work_there(show) -> None:
    Store(show.out)
    old, young, busy = (show.out / ".mouthpiece" / f"export-{name}" for name in ("old", "young", "busy"))
    for place in (old, young, busy):
        place.mkdir()
        (place / "results.jsonl").write_text(json.dumps({}))
    long_ago = time.time() - ABANDONED - 60
    for path in (old / "results.jsonl", old, busy):
        os.utime(path, (long_ago, long_ago))
    Store(show.out)
    assert not old.exists() and young.exists() and busy.exists()
