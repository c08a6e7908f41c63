"""Recordings of MediaPipe's landmarker in the forms that recorders write, whole and damaged."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference.errors import TakeError
from mouthpiece.inference.livelink import write_csv
from mouthpiece.inference.mediapipe import FASTEST, read_recording
from mouthpiece.inference.performance_file import read_performance, sound_beside
from mouthpiece.inference.types import BLENDSHAPES, HEAD, INDEX

NAMES = [name for name in BLENDSHAPES if name != "tongueOut"]
TIMES = np.arange(60) / 30


def motion(times: np.ndarray = TIMES) -> dict[str, np.ndarray]:
    """Scores of every blend shape at some times, each with its own phase."""
    return {name: 0.5 + 0.4 * np.sin(3 * times + i) for i, name in enumerate(NAMES)}


def categories(scores: dict[str, np.ndarray], frame: int, key: str = "categoryName") -> list[dict]:
    found = [{key: "_neutral", "score": 1e-6, "index": 0}]
    return found + [{key: name, "score": float(values[frame])} for name, values in scores.items()]


def matrix(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """A head pose as the landmarker states it, scaled, 40 cm before the camera."""

    def about(axis: int, angle: float) -> np.ndarray:
        turn = np.eye(3)
        a, b = (axis + 1) % 3, (axis + 2) % 3
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        return turn

    pose = np.eye(4)
    pose[:3, :3] = 1.3 * about(1, yaw) @ about(0, pitch) @ about(2, roll)
    pose[:3, 3] = 1.0, -2.0, -40.0
    return pose


def write(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content), "utf-8")
    return path


def web(scores: dict, frame: int) -> dict:
    return {
        "timestampMs": round(1000 * TIMES[frame]),
        "faceBlendshapes": [{"categories": categories(scores, frame)}],
    }


def python(scores: dict, frame: int) -> dict:
    return {"timestamp": TIMES[frame], "face_blendshapes": [categories(scores, frame, "category_name")]}


def table(scores: dict, frame: int) -> dict:
    return {"time": TIMES[frame], "blendshapes": {name: float(v[frame]) for name, v in scores.items()}}


@pytest.mark.parametrize("form", [web, python, table])
@pytest.mark.parametrize("wrapped", [False, True])
def test_forms_of_json(tmp_path: Path, form, wrapped: bool) -> None:
    scores = motion()
    frames = [form(scores, frame) for frame in range(60)]
    take, notes = read_recording(
        write(tmp_path / "a.json", {"fps": 30, "frames": frames} if wrapped else frames)
    )
    assert take.fps == 30.0 and take.channels.shape == (60, 55) and notes == ()
    assert take.measured.sum() == 51 and not take.measured[INDEX["tongueOut"]]
    for name in ("jawOpen", "eyeBlinkLeft", "browDownRight"):
        np.testing.assert_allclose(take.channels[:, INDEX[name]], scores[name], atol=5e-3)


def test_json_lines_cut_off(tmp_path: Path) -> None:
    lines = [json.dumps(web(motion(), frame)) for frame in range(60)]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(lines)[:-500], "utf-8")
    take, notes = read_recording(path)
    assert len(take.channels) == 59 and notes == ("1 lines are damaged and were left out.",)


def test_head_by_rows_and_columns(tmp_path: Path) -> None:
    angles = 0.2, -0.1, 0.05
    for name, flat in (("rows", matrix(*angles)), ("columns", matrix(*angles).T)):
        frames = [
            table(motion(), i) | {"facialTransformationMatrixes": [{"data": flat.ravel().tolist()}]}
            for i in range(9)
        ]
        take, _ = read_recording(write(tmp_path / f"{name}.json", frames))
        np.testing.assert_allclose(take.channels[4, [INDEX[n] for n in HEAD]], angles, atol=1e-6)
        assert take.measured[INDEX["headYaw"]]


def test_uneven_times_and_lost_faces(tmp_path: Path) -> None:
    """Jitter, a dropped stretch and frames without a face give the motion at its true times."""
    rng = np.random.default_rng(3)
    times = np.sort(np.arange(90) / 30 + rng.uniform(-0.01, 0.01, 90))
    kept = np.concatenate([np.arange(0, 40), np.arange(46, 90)])
    scores = motion(times)
    frames = [
        {"timestampMs": 1000 * float(times[i]), "faceBlendshapes": [{"categories": categories(scores, i)}]}
        for i in kept
    ]
    for lost in (10, 11, 12):
        frames[lost]["faceBlendshapes"] = []
    take, notes = read_recording(write(tmp_path / "a.json", frames))
    assert notes == ("3 of 84 frames show no face; the motion goes straight across them.",)
    at = times[0] + np.arange(len(take.channels)) / take.fps
    expected = motion(at)["jawOpen"]
    assert abs(take.fps - 30) < 1.0 and abs(at[-1] - times[-1]) < 0.05
    np.testing.assert_allclose(take.channels[:, INDEX["jawOpen"]], expected, atol=0.03)


@pytest.mark.parametrize("timed", [True, False])
def test_a_take_begins_and_ends_with_its_recording(tmp_path: Path, timed: bool) -> None:
    """A sound that goes with it would slip otherwise."""
    frames = [table(motion(), frame) for frame in range(60)]
    for frame in (*range(8), *range(20, 25), *range(55, 60)):
        frames[frame]["blendshapes"] = {}
    if not timed:
        frames = [{"blendshapes": frame["blendshapes"]} for frame in frames]
    take, _ = read_recording(write(tmp_path / "a.json", frames))
    jaw, expected = take.channels[:, INDEX["jawOpen"]], motion()["jawOpen"]
    assert take.fps == 30.0 and len(jaw) == 60
    for seen in (slice(8, 20), slice(25, 55)):
        np.testing.assert_allclose(jaw[seen], expected[seen], atol=5e-3)
    np.testing.assert_allclose(jaw[[0, -1]], expected[[8, 54]], atol=5e-3)


@pytest.mark.parametrize("burst", [1e-6, 2e-5])
def test_frames_in_bursts_do_not_set_the_rate(tmp_path: Path, burst: float) -> None:
    frames = [table(motion(), frame) for frame in range(60)]
    for place, frame in enumerate(frames):
        frame["time"] = place // 4 * 4 / 30 + place % 4 * burst
    take, _ = read_recording(write(tmp_path / "a.json", frames))
    assert take.fps <= FASTEST and take.seconds == pytest.approx(56 / 30, abs=0.05)


def test_a_clock_that_was_set_anew_lets_no_time_pass(tmp_path: Path) -> None:
    frames = [web(motion(), frame) for frame in range(60)]
    for frame in frames[1:]:
        frame["timestampMs"] += 1.7e12
    for frame in frames[30:]:
        frame["timestampMs"] -= 1.6e12
    take, notes = read_recording(write(tmp_path / "a.json", frames))
    assert take.fps == 30.0 and len(take.channels) == 60
    assert notes == ("2 jumps of more than 60 s in the time stamps were closed.",)
    np.testing.assert_allclose(take.channels[:, INDEX["jawOpen"]], motion()["jawOpen"], atol=5e-3)


@pytest.mark.parametrize("stamp", [float("inf"), float("nan"), 10**400], ids=str)
def test_a_frame_at_no_time_is_left_out(tmp_path: Path, stamp: float) -> None:
    frames = [web(motion(), frame) for frame in range(60)]
    frames[7]["timestampMs"] = stamp
    take, notes = read_recording(write(tmp_path / "a.json", frames))
    assert take.fps == 30.0 and len(take.channels) == 60 and notes[0].startswith("1 of 60 frames")


def test_numbers_that_are_too_large_are_none(tmp_path: Path) -> None:
    frames = [table(motion(), frame) | {"matrix": [10**400] * 16} for frame in range(60)]
    frames[7]["blendshapes"]["jawOpen"] = 10**400
    take, _ = read_recording(write(tmp_path / "a.json", {"fps": 10**400, "frames": frames}))
    assert take.fps == 30.0 and len(take.channels) == 60 and not take.measured[INDEX["headYaw"]]


@pytest.mark.parametrize("clock", [1.0, 1e3])
def test_time_stamps_may_be_texts(tmp_path: Path, clock: float) -> None:
    frames = [table(motion(), frame) for frame in range(60)]
    for place, frame in enumerate(frames):
        frame["time"] = f"{place / 15 * clock:.3f}"
    take, notes = read_recording(write(tmp_path / "a.json", frames))
    assert take.fps == pytest.approx(15, rel=1e-3) and len(take.channels) == 60 and notes == ()


def test_time_stamps_that_are_no_numbers_are_named(tmp_path: Path) -> None:
    frames = [table(motion(), i) | {"time": f"2026-01-01T10:00:{i // 30:02d}"} for i in range(60)]
    take, notes = read_recording(write(tmp_path / "a.json", {"fps": 25, "frames": frames}))
    assert take.fps == 25.0 and len(take.channels) == 60
    assert notes == ("The time stamps are no numbers; 25 frames a second it is.",)


@pytest.mark.parametrize("score", [None, float("nan")], ids=str)
def test_a_score_that_was_not_told_is_not_zero(tmp_path: Path, score: float | None) -> None:
    """What a frame says nothing of at all stays at rest: some recorders leave out zeros."""
    frames = [table(motion(), frame) for frame in range(60)]
    for place in (20, 21):
        frames[place]["blendshapes"]["jawOpen"] = score
        del frames[place]["blendshapes"]["mouthPucker"]
    frames[40]["blendshapes"] = dict.fromkeys(NAMES, score)
    for frame in frames:
        frame["blendshapes"]["cheekPuff"] = score
    take, notes = read_recording(write(tmp_path / "a.json", frames))
    np.testing.assert_allclose(take.channels[:, INDEX["jawOpen"]], motion()["jawOpen"], atol=5e-3)
    assert not take.channels[20:22, INDEX["mouthPucker"]].any()
    assert not take.measured[INDEX["cheekPuff"]] and not take.channels[:, INDEX["cheekPuff"]].any()
    assert notes == (
        "1 of 60 frames show no face; the motion goes straight across them.",
        "Not recorded: cheekPuff.",
    )


def write_table(path: Path, header: list[str], clock: float = 1.0) -> Path:
    scores = motion()
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(header)
        for i, time in enumerate(TIMES):
            rows.writerow(
                [
                    time * clock if name.lower().startswith("time") else scores.get(name, TIMES)[i]
                    for name in header
                ]
            )
    return path


@pytest.mark.parametrize(
    ("clock", "name"),
    [(1.0, "time"), (1e3, "timestamp"), (1e3, "timestamp_ms"), (1e6, "timestamp"), (1e9, "timestamp")],
)
def test_tables(tmp_path: Path, clock: float, name: str) -> None:
    take, notes = read_performance(write_table(tmp_path / "a.csv", [name, "_neutral", *NAMES], clock))
    assert take.fps == pytest.approx(30.0) and len(take.channels) == 60 and notes == ()
    np.testing.assert_allclose(take.channels[:, INDEX["mouthPucker"]], motion()["mouthPucker"], atol=1e-3)


def test_tables_are_told_by_any_shape_in_the_first_row_that_says_something(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", ["time", "mouthPucker", "browInnerUp"])
    plain, _ = read_performance(path)
    header, rest = path.read_text().split("\n", 1)
    path.write_text("\n,,\n" + header.replace("mouthPucker", "mouth_pucker") + "\n" + rest)
    take, _ = read_performance(path)
    assert take.fps == plain.fps == pytest.approx(30.0)
    np.testing.assert_array_equal(take.channels, plain.channels)


def test_times_that_are_no_numbers_are_named(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", ["timestamp", *NAMES])
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *("2026-01-01T10:00:00," + row.split(",", 1)[1] for row in rows)]))
    take, notes = read_performance(path)
    assert take.fps == 30.0 and len(take.channels) == 60 and "'timestamp' are no numbers" in notes[0]


def test_missing_columns_and_short_rows_are_named(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", ["time", *(n for n in NAMES if n not in ("jawLeft", "cheekPuff"))])
    lines = path.read_text().splitlines()
    lines[5] = lines[5][:30]
    lines[-1] = lines[-1][:20]
    path.write_text("\n".join(lines))
    take, notes = read_performance(path)
    assert notes == (
        "2 of 60 frames show no face; the motion goes straight across them.",
        "Not recorded: jawLeft, cheekPuff.",
    )
    assert len(take.channels) == 60 and not take.measured[INDEX["cheekPuff"]]


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "3",
        '{"frames": [{"pose": 1}]}',
        '[{"faceBlendshapes": []}, {"faceBlendshapes": []}]',
        "name\n1\n",
        '[{"t": 1' + "0" * 5000 + "}]",
        "[" * 100_000,
    ],
)
def test_other_files_are_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(content, "utf-8")
    with pytest.raises(TakeError, match=r"other\.json"):
        read_performance(path)


def test_a_table_of_one_endless_cell_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('time,jawOpen\n0,"' + "1" * 200_000)
    with pytest.raises(TakeError, match=r"a\.csv cannot be read as CSV"):
        read_performance(tmp_path / "a.csv")


def test_live_link_tables_keep_their_reader_and_say_what_was_mended(tmp_path: Path) -> None:
    path = tmp_path / "take_cal.csv"
    write_csv(path, np.random.default_rng(0).random((40, 55)).astype(np.float32), 60.0)
    lines = path.read_text().splitlines()
    lines[9] = lines[9][:200]
    path.write_text("\n".join(lines))
    take, notes = read_performance(path)
    assert take.fps == 60.0 and notes == (
        "1 of 40 rows are damaged or show no face; they repeat the row before.",
    )
    np.testing.assert_array_equal(take.channels[8], take.channels[7])


def test_sound_beside_a_take(tmp_path: Path) -> None:
    for name in ("one.csv", "one.mov", "one.wav", "two_cal.csv", "two.MOV", "three.csv"):
        (tmp_path / name).touch()
    assert sound_beside(tmp_path / "one.csv").name == "one.wav"
    assert sound_beside(tmp_path / "two_cal.csv").name == "two.MOV"
    assert sound_beside(tmp_path / "three.csv") is None
