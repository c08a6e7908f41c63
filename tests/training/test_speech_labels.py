"""The readers of alignments, on small files written here."""

from __future__ import annotations

from pathlib import Path

import pytest

from mouthpiece.training.corpus.speech_labels import read_alignment_tsv, read_festvox_lab, read_lablaut
from mouthpiece.training.corpus.speech_synthetic import read_psdur
from mouthpiece.training.phones import PHONES, SILENCE, UNLABELLED


def names(segments: list[tuple[float, float, int]]) -> list[str]:
    return [PHONES[index] if index != UNLABELLED else "?" for _, _, index in segments]


def write_tsv(path: Path, rows: list[tuple[str, float, float, str, float]]) -> Path:
    lines = ["utt\tstart\tend\tphone\tword\tscore_per_frame"]
    lines += [f"{utt}\t{start}\t{end}\t{phone}\tword\t{score}" for utt, start, end, phone, score in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_alignment_table(tmp_path: Path) -> None:
    rows = [
        ("a", 0, 0.5, "SIL", -9.0),
        ("a", 0.5, 0.6, "M", -9.0),
        ("a", 0.6, 0.9, "AY", -9.0),
        ("b", 0, 1, "S", -5),
    ]
    aligned = read_alignment_tsv(write_tsv(tmp_path / "t.tsv", rows))
    assert sorted(aligned) == ["a", "b"]
    assert names(aligned["a"]) == ["sil", "m", "a", "ɪ"]
    assert aligned["a"][2][:2] == (0.6, pytest.approx(0.8))


def test_bad_scores_are_not_labels(tmp_path: Path) -> None:
    good = [("good", i / 10, (i + 1) / 10, "S", -10.0) for i in range(9)]
    rows = [*good, ("good", 0.9, 1.0, "M", -61.0), ("bad", 0, 0.5, "S", -40.0), ("bad", 0.5, 1, "SIL", -1.0)]
    aligned = read_alignment_tsv(write_tsv(tmp_path / "t.tsv", rows))
    assert list(aligned) == ["good"]
    assert names(aligned["good"]) == ["s"] * 9 + ["?"]


def test_an_utterance_of_silence_alone_is_dropped(tmp_path: Path) -> None:
    assert read_alignment_tsv(write_tsv(tmp_path / "t.tsv", [("a", 0, 1, "SIL", -1.0)])) == {}


def test_unknown_phone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="XX"):
        read_alignment_tsv(write_tsv(tmp_path / "t.tsv", [("a", 0, 1, "XX", -1.0)]))


def test_festvox_rows_hold_end_times(tmp_path: Path) -> None:
    path = tmp_path / "a.lab"
    path.write_text("#\n0.4 125 pau\n0.6 125 mm\n0.9 125 c\n")
    segments = read_festvox_lab(path)
    assert names(segments) == ["sil", "m", "t", "s"]
    assert segments[1] == (0.4, 0.6, PHONES.index("m"))


def test_lablaut_rows_hold_start_times_and_modifiers(tmp_path: Path) -> None:
    path = tmp_path / "a.lablaut"
    rows = [
        "0.10 -1 _d",
        "0.15 -1 !d\t+asp",
        "0.20 -1 a\t+hoe\t2",
        "0.25 -1 \t-lar",
        "0.30 -1 S+sth",
        "0.40 -1 .",
    ]
    path.write_text("signal x\nnfields 1\n#\n" + "\n".join(rows) + "\n")
    segments = read_lablaut(path)
    assert names(segments) == ["sil", "d", "d!", "a", "ʃ", "sil"]
    assert [start for start, _, _ in segments] == [0.0, 0.10, 0.15, 0.20, 0.30, 0.40]
    assert segments[-1][1] == float("inf")


def test_lablaut_without_rows_is_unlabelled(tmp_path: Path) -> None:
    path = tmp_path / "a.lablaut"
    path.write_text("signal x\n#\n")
    assert read_lablaut(path) == []


def test_flite_lists_end_times() -> None:
    segments = read_psdur("pau:0.2 hh:0.3 ow:0.6 pau:0.7 \n")
    assert names(segments) == ["sil", "h", "o", "ʊ", "sil"]
    assert segments[0] == (0.0, 0.2, SILENCE)
    assert segments[-1][1] == 0.7
