"""The benchmark's tables at their smallest: every figure has its label, and nothing is left behind."""

from __future__ import annotations

import re

import pytest

from mouthpiece.inference.batch import bench
from mouthpiece.inference.decode_aud import load_audio


def test_every_table_is_there(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(bench, "LONG", (0.2, 0.4))
    monkeypatch.setattr(bench.tempfile, "tempdir", str(tmp_path))
    text = "\n".join(bench.measure(2, 0, 20, 1, "cpu"))
    for title in ("Packed steps: 2 lines of 0.2 to 0.4 s", "Many lines: 20 of 0.2 s", "Graphics card:"):
        assert title in text
    assert re.search(r"one by one \(the first 2\) +[\d.]+ × real time", text)
    assert re.search(r"packed is [\d.]+ × as fast as one by one", text)
    series = [line.split() for line in text.splitlines() if re.fullmatch(r" +\d+ +[\d.]+ +\d+", line)]
    assert [int(row[0]) for row in series] == list(range(2, 21, 2))
    assert "20 of 20 done" in text and "report.html" in text
    assert not list(tmp_path.iterdir())


def test_processes_apart_make_every_line(tmp_path) -> None:
    lines = bench._lines(tmp_path / "lines", 3, (0.2, 0.4))
    pace = bench._apart(tmp_path / "apart", lines, 2, bench.Setup(device="cpu"))
    assert pace.sound == pytest.approx(sum(len(load_audio(line.audio)) for line in lines) / 16_000, abs=0.15)
    assert pace.processor > 0 and pace.clock > 0


def test_rows_against_time(monkeypatch) -> None:
    monkeypatch.setattr(bench, "WIDTHS", (1, 2))
    monkeypatch.setattr(bench, "STEPS", 3)
    head, *rows = bench.widths("cpu")
    assert "ms a step" in head and [int(row.split()[0]) for row in rows] == [1, 2]


def test_a_graphics_card_gets_its_table(monkeypatch) -> None:
    """A device whose library is here and whose card is not is no card."""
    monkeypatch.setattr(bench, "WIDTHS", (1,))
    monkeypatch.setattr(bench, "STEPS", 3)
    monkeypatch.setattr(bench, "CARDS", ("cpu",))
    assert next(bench._cards())[:14] == "Graphics card:"
    monkeypatch.setattr(bench, "CARDS", ("coreml",))
    monkeypatch.setattr(bench, "obstacle", lambda _: "")
    assert list(bench._cards()) == ["Graphics card: none that the model can use is here"]
