"""The verb ``batch`` as a process that is killed, stopped, or finds no room: nothing half, nothing lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "error"}
unix = pytest.mark.skipif(os.name == "nt", reason="signals of Unix")


def start(*arguments: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "mouthpiece", "batch", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT, text=True
    )


def batch(*arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a whole run."""
    with start(*arguments) as process:
        out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def wait_for(condition: Callable[[], bool], process: subprocess.Popen) -> None:
    for _ in range(3000):
        if condition():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    pytest.fail("the batch makes no progress")


def report(show) -> dict:
    return json.loads((show.out / "report.json").read_text("utf-8"))


@pytest.fixture
def expected(show, unbroken) -> tuple[Path, dict[str, bytes]]:
    """A list, and what an unbroken run makes of it."""
    lengths = [0.4, 6.0, 0.3, 6.0, 0.5, 6.0]
    return show.lines(lengths), unbroken(lengths)


@unix
@pytest.mark.parametrize("after", [1, 3])
def test_killed_at_any_moment_and_resumed(show, expected, after: int) -> None:
    manifest, files = expected
    with start(manifest, "--out", show.out) as process:
        wait_for(lambda: len(show.files()) >= after, process)
        process.kill()
    there = show.files()
    assert {name: files[name] for name in there} == there, "a file is not whole"
    times = {name: os.stat(show.out / name).st_mtime_ns for name in there}
    code, _, err = batch(manifest, "--out", show.out, "--resume")
    assert (code, err) == (0, "")
    assert show.files() == files
    kept = report(show)["counts"]["kept"]
    assert kept == len(there)  # a record is there before its file
    same = sum(os.stat(show.out / name).st_mtime_ns == stamp for name, stamp in times.items())
    assert same == kept, "a finished line was made again"


@unix
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_stopped_by_hand_or_by_the_farm(show, expected, stop: int) -> None:
    manifest, files = expected
    with start(manifest, "--out", show.out) as process:
        wait_for(lambda: bool(show.files()), process)
        process.send_signal(stop)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in err and "--resume" in err and "Traceback" not in err
    counts = report(show)["counts"]
    assert counts["done"] == len(show.files()) and counts["left"] == len(files) - counts["done"] > 0
    assert not show.litter()
    assert batch(manifest, "--out", show.out, "--resume")[0] == 0
    assert show.files() == files


def test_shares_of_a_farm_side_by_side(show, expected) -> None:
    manifest, files = expected
    with (
        start(manifest, "--out", show.out, "--share", "1/2") as one,
        start(manifest, "--out", show.out, "--share", "2/2") as other,
    ):
        for process in (one, other):
            assert process.communicate(timeout=120)[1] == ""
    assert (one.returncode, other.returncode) == (0, 0) and show.files() == files
    assert len(list(show.out.glob("report-*-of-2.html"))) == 2
    assert batch(manifest, "--out", show.out, "--resume")[0] == 0
    assert report(show)["counts"]["kept"] == len(files)


def test_exit_codes_tell_the_truth(show) -> None:
    good = show.lines([0.2, 0.2])
    assert batch(good, "--out", show.out)[0] == 0
    show.write("a,sound 0.wav", "b,none.wav", "c,sound 1.wav")
    code, out, err = batch(good, "--out", show.out)
    assert code == 1 and "2 done, 1 failed" in out
    assert err.splitlines() == [line for line in err.splitlines() if "none.wav" in line and "row 3" in line]
    for arguments in ((show.folder / "none.csv",), (good, "--format", "fbx"), (good, "--device", "abacus")):
        code, out, err = batch(*arguments, "--out", show.out)
        assert (code, out, len(err.splitlines())) == (2, "", 1)


def test_an_unknown_device_is_said_before_anything_is_started(show) -> None:
    code, out, err = batch(show.lines([0.2]), "--out", show.out, "--workers", "2", "--device", "abacus")
    assert (code, out, len(err.splitlines())) == (2, "", 1) and "'abacus' is unknown" in err
    assert not show.out.exists()


def test_a_file_whose_name_is_no_utf_8_fails_by_name(show) -> None:
    sounds, strange = show.folder / "sounds", os.fsdecode(b"caf\xe9")
    sounds.mkdir()
    show.sound("sounds/ok.wav")
    try:
        (sounds / f"{strange}.wav").write_bytes((sounds / "ok.wav").read_bytes())
    except (OSError, UnicodeError):
        pytest.skip("this system has no such names")
    show.out = show.folder / strange
    code, out, err = batch(sounds, "--out", show.out)
    assert (code, len(err.splitlines())) == (1, 1) and "1 done, 1 failed" in out
    assert "\\udce9' cannot be read as UTF-8: rename the file" in err
    assert [line["status"] for line in report(show)["lines"]] == ["failed", "done"]
    assert "cannot be read as UTF-8" in (show.out / "report.html").read_text("utf-8")


def test_no_failed_run_loses_the_former_results(show) -> None:
    manifest = show.lines([0.2])
    batch(manifest, "--out", show.out)
    before = show.files()
    (show.folder / "sound 0.wav").write_bytes(b"broken")
    assert batch(manifest, "--out", show.out)[0] == 1
    assert show.files() == before


@pytest.mark.parametrize(
    ("name", "options"), [("report.html", ()), ("report-2-of-2.json", ("--share", "2/2"))]
)
def test_a_report_of_somebody_else_is_bad_input(show, name: str, options: tuple[str, ...]) -> None:
    manifest = show.lines([0.2])
    show.out.mkdir()
    (show.out / name).write_text("the artist's own")
    code, out, err = batch(manifest, "--out", show.out, *options)
    assert (code, out, len(err.splitlines())) == (2, "", 1) and f"{name} is there" in err
    assert (show.out / name).read_text() == "the artist's own" and not show.files()


@pytest.fixture
def tmpfs(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a small file system in memory with the options given."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = []

    def mount(options: str) -> Path:
        if sys.platform != "linux" or os.geteuid() != 0:
            pytest.skip("needs root on Linux to mount a small disk")
        command = ["mount", "-t", "tmpfs", "-o", options, "none", str(place)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"cannot mount here: {done.stderr.strip()}")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_ends_the_batch_by_name(show, expected, tmpfs) -> None:
    manifest, files = expected
    show.out = tmpfs("size=256k")
    code, _, err = batch(manifest, "--out", show.out)
    assert code == 1 and f"the disk of {show.out} is full" in err and "--resume" in err
    assert "Traceback" not in err and not show.litter()
    there = show.files()
    assert there and {name: files[name] for name in there} == there
    subprocess.run(["mount", "-o", "remount,size=8m", str(show.out)], check=True)
    assert batch(manifest, "--out", show.out, "--resume")[0] == 0
    assert show.files() == files


def test_a_read_only_disk_is_named_at_once(show, tmpfs) -> None:
    out = tmpfs("size=64k,ro")
    code, text, err = batch(show.lines([0.2]), "--out", out)
    assert (code, text, len(err.splitlines())) == (2, "", 1)
    assert str(out) in err and "Read-only" in err


def test_a_folder_that_cannot_be(show) -> None:
    (show.folder / "file").write_text("no folder")
    code, _, err = batch(show.lines([0.2]), "--out", show.folder / "file" / "out")
    assert code == 2 and "cannot be written" in err
