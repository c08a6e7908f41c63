"""Outputs are atomic: whole after success, untouched and without litter after any failure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mouthpiece.inference.errors import OutputError
from mouthpiece.inference.output import replacing


def test_takes_the_place_of_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "é.csv"
    path.write_text("old")
    with replacing(path) as file:
        file.write("new ж\n")
        assert path.read_text() == "old"
    assert path.read_bytes() == "new ж\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_written_is_on_the_disk_before_it_takes_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut leaves an empty file under it."""
    path, flushed, fsync = tmp_path / "a.csv", [], os.fsync

    def watched(file: int) -> None:
        flushed.append((os.fstat(file).st_size, path.exists()))
        fsync(file)

    monkeypatch.setattr(os, "fsync", watched)
    with replacing(path) as file:
        file.write("new")
    assert flushed == [(3, False)] and path.read_text() == "new"


def test_a_name_of_full_length(tmp_path: Path) -> None:
    with replacing(tmp_path / ("x" * 250)) as file:
        file.write("new")
    assert [len(path.name) for path in tmp_path.iterdir()] == [250]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, failure: type[BaseException]) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")
    with pytest.raises(failure), replacing(path) as file:
        file.write("half")
        raise failure
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_rename_that_fails_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    denied = pytest.raises(OutputError, match=r"a\.csv cannot be written \(Permission denied\)")
    with denied, replacing(tmp_path / "a.csv") as file:
        file.write("new")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("no folder")
    with pytest.raises(OutputError, match="cannot be written"), replacing(tmp_path / "a" / "b.csv"):
        pass


@pytest.mark.skipif(os.name == "nt", reason="links of Unix")
def test_a_link_keeps_pointing_at_what_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a.csv").write_text("old")
    (tmp_path / "old").symlink_to("there/a.csv")
    (tmp_path / "new").symlink_to("there/b.csv")
    for name, kept in (("old", "a.csv"), ("new", "b.csv")):
        with replacing(tmp_path / name) as file:
            file.write("new")
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / "there" / kept).read_text() == "new"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.csv", "b.csv", "new", "old", "there"]


@pytest.mark.skipif(os.name == "nt", reason="pipes of Unix")
def test_a_pipe_stays_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a")
    with pytest.raises(OutputError, match="is a pipe or a device"), replacing(tmp_path / "a") as file:
        file.write("new")
    assert (tmp_path / "a").is_fifo()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_new_file_has_the_usual_rights(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.csv") as file:
        file.write("new")
    (tmp_path / "b.csv").write_text("plain")
    assert (tmp_path / "a.csv").stat().st_mode == (tmp_path / "b.csv").stat().st_mode
