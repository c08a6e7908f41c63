"""Live Link Face CSV and npz takes: the app's columns, tolerant reading, whole files only."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference import timecode
from mouthpiece.inference.errors import OutputError, TakeError
from mouthpiece.inference.livelink import HEADER, eye_turns, read_noted, read_take, write_csv
from mouthpiece.inference.types import BLENDSHAPES, INDEX, C

APPLE = (
    "Timecode,BlendShapeCount,EyeBlinkLeft,EyeLookDownLeft,EyeLookInLeft,EyeLookOutLeft,EyeLookUpLeft,"
    "EyeSquintLeft,EyeWideLeft,EyeBlinkRight,EyeLookDownRight,EyeLookInRight,EyeLookOutRight,EyeLookUpRight,"
    "EyeSquintRight,EyeWideRight,JawForward,JawRight,JawLeft,JawOpen,MouthClose,MouthFunnel,MouthPucker,"
    "MouthRight,MouthLeft,MouthSmileLeft,MouthSmileRight,MouthFrownLeft,MouthFrownRight,MouthDimpleLeft,"
    "MouthDimpleRight,MouthStretchLeft,MouthStretchRight,MouthRollLower,MouthRollUpper,MouthShrugLower,"
    "MouthShrugUpper,MouthPressLeft,MouthPressRight,MouthLowerDownLeft,MouthLowerDownRight,MouthUpperUpLeft,"
    "MouthUpperUpRight,BrowDownLeft,BrowDownRight,BrowInnerUp,BrowOuterUpLeft,BrowOuterUpRight,CheekPuff,"
    "CheekSquintLeft,CheekSquintRight,NoseSneerLeft,NoseSneerRight,TongueOut,HeadYaw,HeadPitch,HeadRoll,"
    "LeftEyeYaw,LeftEyePitch,LeftEyeRoll,RightEyeYaw,RightEyePitch,RightEyeRoll"
)


def motion(frames: int = 90) -> np.ndarray:
    channels = np.random.default_rng(0).random((frames, C)).astype(np.float32)
    channels[:, len(BLENDSHAPES) :] -= 0.5
    return channels


def edit(path: Path, change) -> None:
    """Rewrite a CSV: ``change`` gets and returns the rows with the header."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = change(list(csv.reader(file)))
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.fixture
def take(tmp_path: Path) -> Path:
    write_csv(tmp_path / "take.csv", motion(), 30)
    return tmp_path / "take.csv"


def test_the_header_is_the_apps() -> None:
    assert ",".join(HEADER) == APPLE


@pytest.mark.parametrize("fps", [23.976, 24, 25, 29.97, 30, 50, 59.94, 60, 12.5, 90])
def test_what_is_written_is_read(tmp_path: Path, fps: float) -> None:
    write_csv(tmp_path / "a.csv", motion(200), fps)
    read = read_take(tmp_path / "a.csv")
    np.testing.assert_allclose(read.channels, motion(200), atol=1e-7)
    assert read.fps == pytest.approx(fps, rel=1e-4)
    assert read.measured.all()
    assert read.name == "a"


def test_every_column_holds_its_own_channel(take: Path) -> None:
    with take.open(encoding="utf-8") as file:
        first = next(csv.DictReader(file))
    for name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight", "tongueOut", "headPitch"):
        assert float(first[name[0].upper() + name[1:]]) == pytest.approx(motion()[0, INDEX[name]], abs=1e-9)
    assert first["BlendShapeCount"] == "61"


def test_eyes_turn_the_way_they_look() -> None:
    channels = np.zeros((3, C))
    channels[0, [INDEX["eyeLookOutLeft"], INDEX["eyeLookInRight"]]] = 1
    channels[1, [INDEX["eyeLookUpLeft"], INDEX["eyeLookUpRight"]]] = 1
    channels[2, INDEX["eyeLookDownLeft"]] = 1
    aside, up, down = eye_turns(channels)
    assert aside[0] < 0
    assert aside[3] < 0
    assert up[1] < 0
    assert up[4] < 0
    assert down[1] > 0
    assert not down[3:].any()


def test_a_row_without_a_face_repeats_the_one_before(take: Path) -> None:
    def cut(rows):
        return [row[:2] if i in (1, 5, 6) else row[:30] if i == 10 else row for i, row in enumerate(rows)]

    edit(take, cut)
    read, expected = read_take(take), motion()
    assert len(read.channels) == len(expected)
    np.testing.assert_allclose(read.channels[0], expected[1], atol=1e-7)
    np.testing.assert_allclose(read.channels[4:6], expected[[3, 3]], atol=1e-7)
    np.testing.assert_allclose(read.channels[9], expected[8], atol=1e-7)
    assert read.fps == 30


@pytest.mark.parametrize("fps", [24, 29.97, 30, 60])
def test_dropped_rows_leave_the_others_at_their_time(tmp_path: Path, fps: float) -> None:
    """The app drops rows; what comes after them keeps step with the sound."""
    write_csv(tmp_path / "a.csv", motion(200), fps)
    edit(tmp_path / "a.csv", lambda rows: [r for i, r in enumerate(rows) if i not in (20, *range(80, 130))])
    read, notes = read_noted(tmp_path / "a.csv")
    assert read.fps == pytest.approx(fps, rel=1e-4) and len(read.channels) == 200
    assert notes == ("51 of 200 rows are missing by their timecodes; the motion goes across them.",)
    there = [i for i in range(200) if i != 19 and not 79 <= i < 129]
    np.testing.assert_allclose(read.channels[there], motion(200)[there], atol=1e-7)
    np.testing.assert_allclose(read.channels[19], motion(200)[[18, 20]].mean(0), atol=1e-6)


def test_a_clock_that_was_set_anew_drops_no_rows(take: Path) -> None:
    def shift(rows):
        for number, row in enumerate(rows[1:]):
            row[0] = timecode.write(100 + number / 30 + 61 * (number > 40) - 30 * (number == 60))
        return rows

    edit(take, shift)
    read, notes = read_noted(take)
    np.testing.assert_allclose(read.channels, motion(), atol=1e-7)
    assert notes == ()


def test_rows_without_a_timecode_or_with_an_old_one_are_there(take: Path) -> None:
    def spoil(rows):
        for number in (7, 8, 30):
            rows[number][0] = ""
        for number in (50, 51, 52):
            rows[number][0] = rows[49][0]
        rows[70][0] = "00:00:30:00.000"
        return rows

    edit(take, spoil)
    read, notes = read_noted(take)
    np.testing.assert_allclose(read.channels, motion(), atol=1e-7)
    assert notes == ()


def test_a_row_that_holds_no_numbers_repeats_the_one_before(take: Path) -> None:
    def spoil(rows):
        rows[4][10], rows[7][20] = "", "nan"
        return rows

    edit(take, spoil)
    np.testing.assert_allclose(read_take(take).channels[[3, 6]], motion()[[2, 5]], atol=1e-7)


def test_blank_rows_of_a_spreadsheet_are_no_motion(take: Path) -> None:
    whole = read_take(take)
    text = take.read_text(encoding="utf-8")
    take.write_text(",,\n" + text + 300 * (61 * "," + "\n"), encoding="utf-8")
    np.testing.assert_array_equal(read_take(take).channels, whole.channels)


def test_missing_and_shuffled_columns(take: Path) -> None:
    order = np.random.default_rng(0).permutation([i for i, n in enumerate(HEADER) if n != "TongueOut"])
    edit(take, lambda rows: [[row[i] for i in order] for row in rows])
    read = read_take(take)
    assert not read.measured[INDEX["tongueOut"]]
    assert read.measured.sum() == C - 1
    expected = motion()
    expected[:, INDEX["tongueOut"]] = 0
    np.testing.assert_allclose(read.channels, expected, atol=1e-7)


def test_a_head_of_zeros_was_not_measured(tmp_path: Path) -> None:
    still = motion()
    still[:, len(BLENDSHAPES) :] = 0
    write_csv(tmp_path / "a.csv", still, 30)
    assert read_take(tmp_path / "a.csv").measured.tolist() == [True] * 52 + [False] * 3


def test_values_beyond_the_range_are_clipped(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", 3 * motion() - 1, 30)
    faces = read_take(tmp_path / "a.csv").channels[:, :52]
    assert (faces.min(), faces.max()) == (0, 1)


@pytest.mark.parametrize("step", [1.9997, 2.0])
def test_sixtieths_at_thirty_rows_a_second(step: float) -> None:
    stamps = []
    for row in range(200):
        frames = 47.169 + row * step
        stamps.append(f"12:27:{47 + int(frames // 60):02d}:{frames % 60:06.3f}")
    assert timecode.row_rate(stamps) == 30


def drop_frame(frame: int, base: int, separator: str) -> str:
    """The timecode of a row, of which two of thirty are left out where a minute begins, but not at every
    tenth."""
    left_out, minute = base // 15, base * 60 - base // 15
    tens, rest = divmod(frame, 10 * minute + left_out)
    label = frame + left_out * (9 * tens + max(0, (rest - left_out) // minute))
    seconds, frames = divmod(label, base)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{clock}{separator}{frames:02d}"


@pytest.mark.parametrize("separator", [";", ":"])
@pytest.mark.parametrize(("base", "step", "rate"), [(30, 1, 29.97), (60, 1, 59.94), (60, 2, 29.97)])
def test_drop_frame_timecodes_are_not_of_whole_rates(
    separator: str, base: int, step: int, rate: float
) -> None:
    assert drop_frame(60 * base, base, ";") == f"00:01:00;{base // 15:02d}"
    stamps = [drop_frame(row * step, base, separator) for row in range(700 * base // step)]
    for rows in (slice(None), slice(50 * base // step, 70 * base // step)):
        assert timecode.row_rate(stamps[rows]) == pytest.approx(rate, rel=1e-5)
        assert not timecode.missing_rows(stamps[rows]).any()
    dropped = timecode.missing_rows(stamps[: 60 * base // step - 2] + stamps[60 * base // step + 3 :])
    assert dropped.sum() == dropped[60 * base // step - 2] == 5
    if separator == ";":
        assert timecode.row_rate(stamps[:100]) == pytest.approx(rate, rel=1e-5)


@pytest.mark.parametrize("fps", [1, 2, 12, 15, 24, 25, 29.97, 30, 50, 60, 100, 120, 240, 1000])
@pytest.mark.parametrize("start", [0.0, 50.3, 86_390.0137])
def test_whole_rates_stay_whole_over_minutes_and_midnight(fps: float, start: float) -> None:
    stamps = [timecode.write((start + row / fps) % 86_400) for row in range(round(130 * fps))]
    assert not timecode.missing_rows(stamps).any()
    assert timecode.row_rate(stamps) == pytest.approx(fps, rel=1e-4)


def test_rate_of_odd_timecodes() -> None:
    assert timecode.row_rate([]) == timecode.FALLBACK
    assert timecode.row_rate(["", "nothing"]) == timecode.FALLBACK
    whole_frames = [f"00:00:{i // 25:02d}:{i % 25:02d}" for i in range(60)]
    assert timecode.row_rate(whole_frames) == 25
    dropped = [text for i, text in enumerate(whole_frames) if i not in (7, 8, 30)]
    assert timecode.row_rate(dropped) == 25
    sixtieths = [f"00:00:{i // 25:02d}:{int(i % 25 * 2.4):02d}" for i in range(500)]
    assert timecode.row_rate(sixtieths) == 25


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00:00:00.000"), (3661.5, "01:01:01:30.000"), (0.9999999, "00:00:01:00.000")]
)
def test_timecode(seconds: float, text: str) -> None:
    assert timecode.write(seconds) == text


def test_sound_comes_along(take: Path) -> None:
    audio = np.ones(100, np.float32)
    assert read_take(take, audio).audio is audio
    assert read_take(take).audio is None


def test_the_rate_may_not_change_the_hash_of_the_same_take(take: Path) -> None:
    assert read_take(take).content_hash == read_take(take).content_hash
    assert read_take(take).content_hash != read_take(take, np.ones(100, np.float32)).content_hash


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"a,b,c\n1,2,3\n4,5,6\n", "no columns of Live Link Face"),
        (b"\xff\xfe\x00broken\x00", "cannot be read as CSV"),
        (APPLE.encode() + b"\n", "holds no motion"),
        (APPLE.encode() + b"\n00:00:00:00.000,0\n00:00:00:02.000,0\n", "holds no motion"),
    ],
    ids=["empty", "other columns", "binary", "header only", "no face"],
)
def test_what_is_no_take(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(TakeError, match=reason) as caught:
        read_take(path)
    assert str(caught.value).startswith(str(path))


def test_a_missing_take(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(TakeError, match="does not exist or is no file"):
            read_take(path)


@pytest.mark.parametrize("columns", [52, 55])
def test_npz(tmp_path: Path, columns: int) -> None:
    audio = np.ones(500, np.float32)
    np.savez(tmp_path / "a.npz", channels=motion()[:, :columns], fps=24, audio=audio)
    read = read_take(tmp_path / "a.npz")
    assert np.array_equal(read.channels[:, :columns], motion()[:, :columns])
    assert read.measured.sum() == columns
    assert read.fps == 24
    assert np.array_equal(read.audio, audio)


@pytest.mark.parametrize(
    "arrays",
    [
        {"fps": 25},
        {"channels": motion()},
        {"channels": motion()[:, :7], "fps": 25},
        {"channels": motion(), "fps": 0},
        {"channels": motion(), "fps": 1e-6},
        {"channels": motion() * np.nan, "fps": 25},
        {"channels": np.array([{}], object), "fps": 25},
        {"channels": motion(), "fps": 25, "audio": np.zeros((100, 2))},
        {"channels": motion(), "fps": 25, "audio": np.full(100, np.inf)},
    ],
    ids=[
        "no channels",
        "no fps",
        "7 channels",
        "0 fps",
        "hardly any fps",
        "nan",
        "pickle",
        "stereo",
        "infinite sound",
    ],
)
def test_broken_npz(tmp_path: Path, arrays: dict) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(TakeError, match=r"a\.npz"):
        read_take(tmp_path / "a.npz")


def test_npz_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_text("no archive")
    with pytest.raises(TakeError, match=r"a\.npz is no take"):
        read_take(tmp_path / "a.npz")


def test_a_damaged_npz_is_named(tmp_path: Path) -> None:
    """Wherever a byte of it is wrong or missing: each layer of the file fails in its own way."""
    np.savez_compressed(tmp_path / "whole.npz", channels=motion(), fps=25)
    whole, path = (tmp_path / "whole.npz").read_bytes(), tmp_path / "a.npz"
    rng = np.random.default_rng(0)
    damaged = [whole[:length] for length in range(0, len(whole) - 1, len(whole) // 30)]
    for place in rng.integers(0, len(whole), 300):
        damaged.append(whole[:place] + bytes([whole[place] ^ 1 << rng.integers(8)]) + whole[place + 1 :])
    refused = 0
    for content in damaged:
        path.write_bytes(content)
        try:
            read_take(path)
        except TakeError as error:
            assert str(error).startswith(str(path)) and "\n" not in str(error)
            refused += 1
    assert refused > 250


def test_writing_replaces_whole_files_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out.csv"
    out.write_text("kept")
    monkeypatch.setattr(timecode, "write", lambda seconds: 1 / (seconds < 1) and "00:00:00:00.000")
    with pytest.raises(ZeroDivisionError):
        write_csv(out, motion(), 25)
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert out.read_text() == "kept"


def test_writing_where_it_cannot(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_csv(tmp_path / "none" / "out.csv", motion(), 25)
    with pytest.raises(OutputError, match="is a folder"):
        write_csv(tmp_path, motion(), 25)
    with pytest.raises(OutputError, match="55 channels"):
        write_csv(tmp_path / "out.csv", motion()[:, :52], 25)
    assert not list(tmp_path.iterdir())
