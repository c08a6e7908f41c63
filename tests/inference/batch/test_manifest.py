"""Lists of lines: every row is read or refused by name, and one bad row never stops the rest."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from mouthpiece.inference.batch.characters import read_characters
from mouthpiece.inference.batch.line import check_id
from mouthpiece.inference.batch.manifest import Defaults, read_folder, read_manifest
from mouthpiece.inference.batch.naming import Rule
from mouthpiece.inference.errors import ManifestError

EVERYTHING = "id,audio,character,references,style_strength,valence,arousal,seed,fps,format,rig,face"


def only(manifest):
    assert not manifest.refused
    (line,) = manifest.lines
    return line


def test_all_columns(show) -> None:
    row = "s1/a_01,a.wav,anna,one.csv|two.csv,0.5,-0.2,0.3,7,30,npz+csv,anna.blend,Head"
    line = only(read_manifest(show.write(row, columns=EVERYTHING)))
    assert (line.row, line.id, line.character, line.face) == (2, "s1/a_01", "anna", "Head")
    assert line.audio == str(show.folder / "a.wav") and line.rig == str(show.folder / "anna.blend")
    assert line.references == (str(show.folder / "one.csv"), str(show.folder / "two.csv"))
    assert (line.style_strength, line.valence, line.arousal) == (0.5, -0.2, 0.3)
    assert (line.seed, line.fps, line.formats) == (7, 30.0, ("csv", "npz"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_what_spreadsheets_write(show, delimiter: str, mark: str) -> None:
    path = show.folder / "lines.csv"
    rows = ["ID,Audio,Valence", 'a,"first, take.wav",0.5', ",,", "б,b.wav,"]
    if delimiter != ",":
        rows = [row.replace('"', "").replace(",", delimiter) for row in rows]
        rows[1] = rows[1].replace(f"first{delimiter} take", "first, take")
    path.write_text(mark + "\r\n".join(rows), "utf-8")
    manifest = read_manifest(path)
    assert [(line.row, line.id) for line in manifest.lines] == [(2, "a"), (4, "б")]
    assert Path(manifest.lines[0].audio).name == "first, take.wav"


@pytest.mark.parametrize("mark", list("\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e"), ids=ascii)
def test_a_row_ends_at_the_end_of_its_line_only(show, mark: str) -> None:
    path = show.write(f"one{mark}two,a.wav,", "three,b.wav,0.5", columns=f"text{mark},audio,valence")
    manifest = read_manifest(path)
    assert [(line.row, Path(line.audio).name, line.valence) for line in manifest.lines] == [
        (2, "a.wav", 0.0),
        (3, "b.wav", 0.5),
    ]


def test_a_cell_in_quotes_may_have_several_lines(show) -> None:
    path = show.write('"he said\nhello",a.wav', "no,b.wav", columns="text,audio")
    assert [line.row for line in read_manifest(path).lines] == [2, 3]


def test_audio_alone_is_enough_and_unknown_columns_are_named(show) -> None:
    manifest = read_manifest(show.write("scene 1/a.wav,hello", columns="audio,text"))
    assert only(manifest).id == "a"
    assert manifest.notes == ("Columns that mean nothing here: text.",)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"valence": "2"}, "valence '2' is no number from -1 to 1"),
        ({"arousal": "nan"}, "arousal 'nan'"),
        ({"seed": "x"}, "seed 'x' is no whole number"),
        ({"fps": "0"}, "fps '0'"),
        ({"format": "fbx"}, "format 'fbx' is unknown"),
        ({"format": "glb"}, "'glb' needs a rig"),
        ({"audio": ""}, "no audio"),
        ({"id": "../a"}, "cannot be a file's name"),
        ({"id": "a:b"}, "cannot be a file's name"),
        ({"id": "CON"}, "cannot be a file's name on Windows"),
        ({"id": "a//b"}, "an empty part"),
        ({"id": "x" * 200}, "longer than 180"),
        ({"id": "/".join(["x" * 170] * 6)}, "longer than 1000"),
        ({"audio": "a\0.wav"}, "'audio' holds a null"),
        ({"character": "berta"}, "character 'berta' is unknown"),
        ({"id": "GOOD"}, "the id is that of row 2"),
    ],
)
def test_a_bad_row_is_refused_and_the_rest_goes_on(show, cells: dict[str, str], reason: str) -> None:
    names = EVERYTHING.split(",")
    bad = {"id": "bad", "audio": "a.wav"} | cells
    rows = [",".join(row.get(name, "") for name in names) for row in ({"id": "good", "audio": "a.wav"}, bad)]
    (show.folder / "cast.csv").write_text("character\nanna\n")
    manifest = read_manifest(
        show.write(*rows, rows[0].replace("good", "last"), columns=EVERYTHING),
        read_characters(show.folder / "cast.csv"),
    )
    assert [line.id for line in manifest.lines] == ["good", "last"]
    (refused,) = manifest.refused
    assert refused.row == 3 and reason in refused.reason


def test_a_row_with_more_cells_than_columns_is_refused(show) -> None:
    """A comma in a file's name, or between two takes, divides a cell that is not quoted."""
    rows = ("a,line.wav, take 2.wav,", "b,b.wav,one.csv,two.csv", "c,c.wav,one.csv,,", 'd,"d, 2.wav",')
    manifest = read_manifest(show.write(*rows, columns="id,audio,references"))
    assert [line.id for line in manifest.lines] == ["a", "c", "d"]
    (refused,) = manifest.refused
    assert (refused.row, refused.id) == (3, "b")
    assert "more cells than columns ('two.csv')" in refused.reason
    assert "quote the cell, or separate references with |" in refused.reason


def test_a_column_may_have_any_name(show) -> None:
    (line,) = read_manifest(show.write("a,a.wav,none", columns="id,audio,error")).lines
    assert line.id == "a"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"id,sound\na,b\n", "no column 'audio'"),
        (b"audio,audio\na,b\n", "'audio' twice"),
        (b"audio\n", "lists no line"),
        (b'id,audio\na,a.wav\nb,"b.wav\nc,c.wav\n', "no readable CSV .unexpected end"),
        ("audio\nä.wav\n".encode("latin-1"), "not UTF-8"),
        ("audio\na.wav\n".encode("utf-16"), "not UTF-8"),
    ],
)
def test_a_bad_list_is_named(show, content: bytes, reason: str) -> None:
    path = show.folder / "lines.csv"
    path.write_bytes(content)
    with pytest.raises(ManifestError, match=reason) as caught:
        read_manifest(path)
    assert str(path) in str(caught.value)


def test_no_list_at_all(show) -> None:
    with pytest.raises(ManifestError, match="No such file"):
        read_manifest(show.folder / "none.csv")


def test_characters_lend_what_a_line_leaves_open(show) -> None:
    (show.folder / "cast.csv").write_text(
        "character,references,valence,style_strength,rig\nanna,a.csv|b.csv,0.5,2,anna.blend\nbert,,,,\n"
    )
    columns = "id,audio,character,references,valence"
    rows = ("1,x.wav,anna,,", "2,x.wav,anna,c.csv,-1", "3,x.wav,bert,,")
    first, second, third = read_manifest(
        show.write(*rows, columns=columns), read_characters(show.folder / "cast.csv")
    ).lines
    assert [Path(text).name for text in first.references] == ["a.csv", "b.csv"]
    assert (first.valence, first.style_strength) == (0.5, 2.0) and first.rig.endswith("anna.blend")
    assert [Path(text).name for text in second.references] == ["c.csv"] and second.valence == -1
    assert third.references == () and third.valence == 0


def test_a_cast_of_nobody_knows_nobody(show) -> None:
    (show.folder / "cast.csv").write_text("character\n")
    manifest = read_manifest(
        show.write("1,x.wav,anna", columns="id,audio,character"), read_characters(show.folder / "cast.csv")
    )
    assert not manifest.lines and "'anna' is unknown" in manifest.refused[0].reason


@pytest.mark.parametrize("name", ["x" * 300, "/" + "x" * 300, "well: " + "x" * 300])
def test_a_cell_that_cannot_be_a_path_stops_nobody(show, name: str) -> None:
    line, other = read_manifest(show.write(f"a,{name}", "b,b.wav")).lines
    assert line.audio.endswith(name) and other.id == "b"


def test_cells_mean_the_same_in_another_folder(show, monkeypatch) -> None:
    show.write("a,a.wav,t.csv:memory://a.wav", columns="id,audio,references")
    (show.folder / "t.csv").write_text("")
    monkeypatch.chdir(show.folder)
    line = only(read_manifest(Path("lines.csv")))
    assert Path(line.audio) == Path.cwd() / "a.wav"
    assert line.references == (f"{Path.cwd() / 't.csv'}:memory://a.wav",)


def test_bad_characters_are_named(show) -> None:
    path = show.folder / "cast.csv"
    for content, reason in (
        ("anna,3", "row 2.*valence"),
        ("anna,0\nanna,0", "row 3.*second time"),
        ("anna,0\nbert,0,t.csv", r"row 3 \('bert'\).*more cells than columns \('t\.csv'\)"),
    ):
        path.write_text(f"character,valence\n{content}\n")
        with pytest.raises(ManifestError, match=reason):
            read_characters(path)


def test_lines_without_a_seed_have_their_own(show) -> None:
    path = show.write("a,x.wav", "b,x.wav")
    one, other = read_manifest(path).lines
    assert one.seed != other.seed
    assert read_manifest(path).lines == (one, other)
    assert read_manifest(path, defaults=Defaults(seed=1)).lines[0].seed != one.seed


def test_a_folder_with_a_naming_rule(show) -> None:
    for name in ("s1/anna_01.wav", "s1/bert_02.flac", "s2/anna_01.WAV", "s2/noise.wav", "s2/notes.txt"):
        (show.folder / name).parent.mkdir(exist_ok=True)
        (show.folder / name).write_bytes(b"")
    manifest = read_folder(show.folder, Rule("{character}_*"))
    assert [(line.id, line.character) for line in manifest.lines] == [
        ("s1/anna_01", "anna"),
        ("s1/bert_02", "bert"),
        ("s2/anna_01", "anna"),
    ]
    assert [(bad.id, "does not follow" in bad.reason) for bad in manifest.refused] == [("s2/noise", True)]
    lenient = read_folder(show.folder, Rule("{character}_*"), strict=False)
    assert [line.character for line in lenient.lines] == ["anna", "bert", "anna", ""] and not lenient.refused
    with pytest.raises(ManifestError, match=r"none cannot be listed \(No such file"):
        read_folder(show.folder / "s1" / "none", Rule())
    (show.folder / "s3").mkdir()
    with pytest.raises(ManifestError, match="s3 holds no sound"):
        read_folder(show.folder / "s3", Rule())


def test_what_is_hidden_in_a_folder_is_no_line(show) -> None:
    for name in ("anna_01.wav", ".anna_02.wav", ".trash/anna_03.wav", "anna_04.caf"):
        (show.folder / name).parent.mkdir(exist_ok=True)
        (show.folder / name).write_bytes(b"")
    assert [line.id for line in read_folder(show.folder, Rule()).lines] == ["anna_01", "anna_04"]


def test_a_folder_that_cannot_be_listed_is_named(show, monkeypatch: pytest.MonkeyPatch) -> None:
    (show.folder / "closed").mkdir()
    show.sound("anna_01.wav")
    scandir = os.scandir

    def guarded(place):
        if Path(place).name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", str(place))
        return scandir(place)

    monkeypatch.setattr(os, "scandir", guarded)
    with pytest.raises(ManifestError, match=r"closed cannot be listed \(Permission denied\)"):
        read_folder(show.folder, Rule())


def test_a_folder_may_be_named_from_where_one_stands(show, monkeypatch) -> None:
    (show.folder / "s1").mkdir()
    show.sound("s1/anna_01.wav")
    monkeypatch.chdir(show.folder)
    line = only(read_folder(Path("s1"), Rule("{character}_*")))
    assert (line.id, Path(line.audio).resolve()) == ("anna_01", (show.folder / "s1/anna_01.wav").resolve())


@pytest.mark.parametrize(
    ("rule", "name", "said"),
    [
        ("{character}_*", "anna_mad_01", {"character": "anna"}),
        ("{scene}/{character}/*", "s1/anna/07", {"character": "anna"}),
        ("{scene}/{character}/*", "anna/07", None),
        ("*-{character}", "x/07-anna", {"character": "anna"}),
        ("{character}.{seed}", "a.b.7", {"character": "a", "seed": "b.7"}),
        ("line(1)_{character}", "line(1)_é", {"character": "é"}),
    ],
)
def test_naming_rules(rule: str, name: str, said: dict[str, str] | None) -> None:
    assert Rule(rule).read(name) == said


def test_a_rule_that_contradicts_itself() -> None:
    with pytest.raises(ManifestError, match="twice"):
        Rule("{character}_{character}").read("a_b")


def test_ids_are_composed() -> None:
    assert check_id("e\u0301") == "é"


def test_shares_make_the_whole(show) -> None:
    whole = read_manifest(show.write(*(f"{i},a.wav" for i in range(7)), "bad/,a.wav"))
    shares = [whole.share(part, 3) for part in (1, 2, 3)]
    assert sorted(line.row for share in shares for line in share.lines) == [line.row for line in whole.lines]
    assert sum(len(share.refused) for share in shares) == 1
    assert whole.share(1, 1) == whole
