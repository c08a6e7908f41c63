"""The command line as a user meets it: a process, its exit code, its files and its one line of complaint."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mouthpiece import __main__ as cli
from mouthpiece.inference import source
from mouthpiece.inference.animate import animate
from mouthpiece.inference.bench import BANKS, table, throughput
from mouthpiece.inference.decode import load_audio
from mouthpiece.inference.livelink import HEADER, read_take, write_csv
from mouthpiece.inference.model import Model
from mouthpiece.inference.resample import row_times
from mouthpiece.inference.types import TICK_RATE, C
from mouthpiece.rigs.shaping import missed_closures, open_between, shut

ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "error"}


def mouthpiece(
    *arguments: object, stdin: bytes = b"", folder: Path | None = None
) -> subprocess.CompletedProcess:
    """Run the command line and return its result, outputs as bytes."""
    command = [sys.executable, "-m", "mouthpiece", *map(str, arguments)]
    return subprocess.run(
        command, input=stdin, capture_output=True, cwd=folder, env=ENVIRONMENT, timeout=120, check=False
    )


def assert_refused(result: subprocess.CompletedProcess, *parts: str) -> None:
    """Exit code 2, nothing on stdout, exactly one line on stderr that holds ``parts``."""
    lines = result.stderr.decode().splitlines()
    assert result.returncode == 2, lines
    assert result.stdout == b""
    assert len(lines) == 1
    assert lines[0].startswith("mouthpiece")
    for part in parts:
        assert part in lines[0]


def voice(seconds: float = 1.0, rate: int = 16_000) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return 0.3 * (2 * ((130 * time) % 1) - 1) * np.clip(np.sin(2 * np.pi * 3 * time), 0, 1)


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "line.wav", voice(), 16_000, subtype="FLOAT")
    return tmp_path / "line.wav"


@pytest.fixture
def take(tmp_path: Path) -> Path:
    motion = np.random.default_rng(0).random((60, C)) * 0.5
    write_csv(tmp_path / "take.csv", motion, 30)
    return tmp_path / "take.csv"


def test_animate_writes_what_the_library_makes(wav: Path, take: Path, tmp_path: Path) -> None:
    out = tmp_path / "выход é.csv"
    settings = [
        "--seed",
        5,
        "--valence",
        "0.5",
        "--arousal",
        "-0.5",
        "--style-strength",
        "0.8",
        "--device",
        "cpu",
    ]
    result = mouthpiece(
        "animate", wav, "--out", out, "--reference", f"{take}:{wav}", "--reference", take, *settings
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"25 frames" in result.stdout
    expected = animate(
        load_audio(wav),
        Model.load(),
        references=[(read_take(take, load_audio(wav)), 1.0), (read_take(take), 1.0)],
        style_strength=0.8,
        valence=0.5,
        arousal=-0.5,
        seed=5,
    )
    np.testing.assert_allclose(read_take(out).channels, expected, atol=1e-6)
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert tuple(rows[0]) == HEADER
    assert len(rows) == 26
    assert {len(row) for row in rows} == {len(HEADER)}


@pytest.mark.parametrize(("fps", "rows"), [("24", 24), ("29.97", 30), ("60", 60)])
def test_animate_at_another_rate(wav: Path, tmp_path: Path, fps: str, rows: int) -> None:
    assert mouthpiece("animate", wav, "--out", "out.csv", "--fps", fps, folder=tmp_path).returncode == 0
    assert len(read_take(tmp_path / "out.csv").channels) == rows


def test_lips_that_shut_between_two_rows_shut_in_one(tmp_path: Path) -> None:
    line = Path(__file__).parents[1] / "demo" / "dialogue" / "dialogue.flac"
    made = animate(load_audio(line), Model.load())
    seconds = row_times(len(made), TICK_RATE, 24)
    rows, _ = missed_closures(made, seconds)
    assert open_between(made, seconds) > 3
    (tmp_path / "lines.csv").write_text(f"id,audio,seed\nline,{line},0\n", encoding="utf-8")
    for command in (("animate", line, "--out", "line.csv"), ("batch", "lines.csv", "--out", ".")):
        (tmp_path / "line.csv").unlink(missing_ok=True)
        assert mouthpiece(*command, "--fps", "24", folder=tmp_path).returncode == 0
        assert shut(read_take(tmp_path / "line.csv").channels)[rows].all()


@pytest.mark.parametrize(
    ("rate", "channels", "gain"),
    [(192_000, 1, 1.0), (48_000, 8, 1.0), (16_000, 1, 100.0), (16_000, 1, 0.0)],
    ids=["192 kHz", "8 channels", "clipped", "silent"],
)
def test_unusual_sounds_work(tmp_path: Path, rate: int, channels: int, gain: float) -> None:
    samples = np.clip(gain * voice(rate=rate), -1, 1)
    soundfile.write(tmp_path / "line.wav", np.repeat(samples[:, None], channels, 1), rate)
    assert mouthpiece("animate", "line.wav", "--out", "out.csv", folder=tmp_path).returncode == 0
    assert np.isfinite(read_take(tmp_path / "out.csv").channels).all()
    assert len(read_take(tmp_path / "out.csv").channels) == 25


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("missing", "does not exist"),
        ("folder", "is a folder"),
        ("empty", "is empty"),
        ("truncated", "not a readable sound"),
        ("text", "not a readable sound"),
        ("no samples", "holds no samples"),
        ("cut off", "breaks off"),
    ],
)
def test_bad_sounds_change_nothing(tmp_path: Path, wav: Path, kind: str, reason: str) -> None:
    bad, out = tmp_path / f"bad {kind} ж.wav", tmp_path / "out.csv"
    out.write_text("kept")
    if kind == "folder":
        bad.mkdir()
    elif kind == "no samples":
        soundfile.write(bad, np.zeros(0), 16_000)
    elif kind == "cut off":
        soundfile.write(bad, voice(8.0), 16_000, format="OGG")
        bad.write_bytes(bad.read_bytes()[:-500])
    elif kind != "missing":
        content = {"empty": b"", "truncated": wav.read_bytes()[:40], "text": b"no sound\n" * 99}[kind]
        bad.write_bytes(content)
    before = sorted(tmp_path.iterdir())
    assert_refused(mouthpiece("animate", bad, "--out", out), str(bad), reason)
    assert sorted(tmp_path.iterdir()) == before
    assert out.read_text() == "kept"


def test_raw_sound_is_told_from_sound_files(tmp_path: Path) -> None:
    (tmp_path / "line.raw").write_bytes(bytes(32_000))
    assert_refused(
        mouthpiece("animate", "line.raw", "--out", "a.csv", folder=tmp_path), "line.raw", "'stream'"
    )


@pytest.mark.skipif(os.name == "nt", reason="pipes of Unix")
def test_pipes_are_heard_where_a_shell_opened_them_and_refused_where_they_have_names(
    wav: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    options = ["--out", tmp_path / "out.csv"]
    assert_refused(mouthpiece("animate", tmp_path / "pipe", *options), "pipe is a named pipe")
    assert mouthpiece("animate", "/dev/stdin", *options, stdin=wav.read_bytes()).returncode == 0
    assert len(read_take(tmp_path / "out.csv").channels) == 25


@pytest.mark.skipif(os.name == "nt", reason="devices of Unix")
@pytest.mark.parametrize("kind", ["pipe", "/dev/null", "/dev/stdout"])
def test_a_pipe_or_a_device_is_never_replaced(wav: Path, tmp_path: Path, kind: str) -> None:
    out = Path(kind) if kind.startswith("/") else tmp_path / kind
    if kind == "pipe":
        os.mkfifo(out)
    before = out.stat().st_mode
    assert_refused(mouthpiece("animate", wav, "--out", out), str(out), "name a file")
    assert out.stat().st_mode == before


@pytest.mark.parametrize(
    ("extra", "parts"),
    [
        (["--reference", "none.csv"], ["none.csv", "does not exist"]),
        (["--reference", "take.csv:none.wav"], ["none.wav", "does not exist"]),
        (["--reference", "line.wav"], ["line.wav", "is no take"]),
        (["--device", "abacus"], ["abacus", "unknown"]),
        (["--fps", "0"], ["--fps", "'0'"]),
        (["--fps", "nan"], ["--fps", "'nan'"]),
        (["--valence", "2"], ["--valence", "from -1 to 1"]),
        (["--seed", "x"], ["--seed"]),
        (["--out", "none/out.csv"], ["none/out.csv", "does not exist"]),
        (["--out", "."], ["is a folder"]),
        (["--out", "line.wav"], ["line.wav", "the sound itself"]),
        (["--reference", "take.csv", "--out", "take.csv"], ["take.csv", "a reference itself"]),
        (["--reference", "take.csv:line.flac", "--out", "line.flac"], ["line.flac", "a reference itself"]),
        (["--reference", "none.csv:line.wav"], ["none.csv does not exist"]),
        (["--reference", "damaged.npz"], ["damaged.npz", "'channels'"]),
        (["--colour"], ["--colour"]),
    ],
    ids=lambda value: " ".join(value) if value[0].startswith("--") else "",
)
def test_bad_options_are_named(
    wav: Path, take: Path, tmp_path: Path, extra: list[str], parts: list[str]
) -> None:
    soundfile.write(tmp_path / "line.flac", voice(), 16_000)
    (tmp_path / "damaged.npz").touch()
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert_refused(mouthpiece("animate", wav.name, "--out", "out.csv", *extra, folder=tmp_path), *parts)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_animate_by_url(wav: Path, tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    out = tmp_path / "line.csv"
    result = mouthpiece("animate", wav.as_uri(), "--out", out)
    assert result.returncode == 0, result.stderr
    assert len(read_take(out).channels) == 25


@pytest.mark.parametrize("lines", ["-1", "x"])
def test_bench_of_no_number_of_lines(lines: str) -> None:
    assert_refused(mouthpiece("bench", "--batch", "--lines", lines), "--lines", f"'{lines}'")


def test_without_a_verb() -> None:
    assert_refused(mouthpiece(), "required")


def test_stream_gives_the_frames_of_animate(tmp_path: Path, take: Path) -> None:
    samples = np.round(voice() * 32767).astype("<i2")
    soundfile.write(tmp_path / "line.wav", samples, 16_000, subtype="PCM_16")
    options = ["--reference", take, "--seed", 3, "--valence", "0.4"]
    result = mouthpiece("stream", *options, stdin=samples.tobytes())
    assert (result.returncode, result.stderr) == (0, b"")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["t"] for line in lines] == pytest.approx((np.arange(25) + 0.5) / 25)
    mouthpiece("animate", tmp_path / "line.wav", "--out", tmp_path / "out.csv", *options)
    frames = read_take(tmp_path / "out.csv").channels
    np.testing.assert_allclose([line["channels"] for line in lines], frames, atol=2e-6)


def test_what_was_mended_in_a_take_is_said_once(tmp_path: Path, wav: Path, take: Path) -> None:
    rows = take.read_text("utf-8").splitlines()
    take.write_text("\n".join([*rows[:9], rows[9][:200], *rows[10:40], *rows[43:]]), "utf-8")
    options = ["--reference", take, "--reference", f"{take}:{wav}"]
    for result in (
        mouthpiece("animate", wav, "--out", tmp_path / "out.csv", *options),
        mouthpiece("stream", *options, stdin=bytes(1280)),
    ):
        assert result.returncode == 0
        said = result.stderr.decode().splitlines()
        assert len(said) == 2 and all(line.startswith(f"mouthpiece: note: {take}: ") for line in said)
        assert said[0].endswith("1 of 57 rows are damaged or show no face; they repeat the row before.")
        assert "3 of 60 rows are missing by their timecodes" in said[1]


def start_stream(*arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "mouthpiece", "stream", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=ENVIRONMENT)


def test_stream_answers_while_it_listens() -> None:
    with start_stream() as process:
        for frame in range(3):
            process.stdin.write(bytes(1280))
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["t"] == pytest.approx((frame + 0.5) / 25)
        process.stdin.close()
        assert process.wait(30) == 0
        assert process.stderr.read() == b""


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_stream_ends_quietly_on_interrupt() -> None:
    with start_stream() as process:
        process.stdin.write(bytes(1280))
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == cli.INTERRUPTED
        assert process.stderr.read() == b""


@pytest.mark.skipif(os.name == "nt", reason="pipes of Unix")
def test_stream_ends_quietly_when_its_reader_goes() -> None:
    with start_stream() as process:
        process.stdin.write(bytes(1280))
        process.stdin.flush()
        process.stdout.readline()
        process.stdout.close()
        process.stdin.write(bytes(1280 * 4))
        process.stdin.close()
        assert process.wait(30) == cli.BROKEN_PIPE
        assert process.stderr.read() == b""


def redirected(redirection: str, *arguments: object) -> subprocess.CompletedProcess:
    """Run the command line from a shell that redirects its standard streams."""
    command = ["sh", "-c", f'exec "$@" {redirection}', "sh", sys.executable, "-m", "mouthpiece"]
    return subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, env=ENVIRONMENT, timeout=120, check=False
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_standard_output_is_told_in_one_line(wav: Path, tmp_path: Path) -> None:
    (tmp_path / "line.s16le").write_bytes(bytes(16_000))
    for result in (
        redirected("> /dev/full", "animate", wav, "--out", tmp_path / "out.csv"),
        redirected(f"> /dev/full < {tmp_path}/line.s16le", "stream"),
    ):
        assert_refused(result, "standard output cannot be written", "No space left")
    result = redirected(f"> /dev/full 2> /dev/full < {tmp_path}/line.s16le", "stream")
    assert result.returncode != 0


@pytest.mark.skipif(os.name == "nt", reason="shells of Unix")
def test_closed_standard_streams_stop_no_animation(wav: Path, tmp_path: Path) -> None:
    for number, closed in enumerate((">&-", "2>&-", "<&- >&- 2>&-")):
        out = tmp_path / f"{number}.csv"
        assert redirected(closed, "animate", wav, "--out", out).returncode == 0
        assert len(read_take(out).channels) == 25


@pytest.mark.skipif(os.name == "nt", reason="shells of Unix")
def test_stream_without_standard_input(tmp_path: Path) -> None:
    assert_refused(redirected("<&-", "stream"), "Standard input held no samples")
    assert_refused(redirected(f"0> {tmp_path}/written", "stream"), "Standard input cannot be read")


@pytest.mark.parametrize(("stdin", "reason"), [(b"", "no samples"), (b"\0", "within a sample")])
def test_stream_of_nothing(stdin: bytes, reason: str) -> None:
    assert_refused(mouthpiece("stream", stdin=stdin), "Standard input", reason)


def test_what_another_rate_costs_is_said() -> None:
    said = " ".join(mouthpiece("stream", "--help").stdout.decode().split())
    assert "at another than 16000 frames come later" in said


def test_stream_at_an_impossible_rate() -> None:
    assert_refused(mouthpiece("stream", "--rate", "10"), "--rate")


def test_an_absent_device_is_told_and_stops_nothing(wav: Path, tmp_path: Path) -> None:
    for name, device in (("cpu", "cpu"), ("coreml", "coreml")):
        result = mouthpiece("animate", wav, "--out", tmp_path / f"{name}.csv", "--device", device)
        assert result.returncode == 0
    message = result.stderr.decode()
    assert message.count("\n") == 1
    assert "runs on the processor, because 'coreml' is not available" in message
    assert (tmp_path / "coreml.csv").read_bytes() == (tmp_path / "cpu.csv").read_bytes()


def test_info_names_version_model_and_devices() -> None:
    result = mouthpiece("info")
    assert (result.returncode, result.stderr) == (0, b"")
    text = result.stdout.decode()
    model = Model.load()
    for part in (*model.hashes.values(), model.about["version"], "torch-cuda", "Model card"):
        assert part in text


def test_bench_measures() -> None:
    result = mouthpiece("bench", "--seconds", "2", "--json")
    assert (result.returncode, result.stderr) == (0, b"")
    speed = json.loads(result.stdout)
    assert 0 < speed["frame_ms_p50"] <= speed["frame_ms_p99"]
    assert [row["entries"] for row in speed["banks"]] == list(BANKS)
    assert all(0 < row["frame_ms_p50"] <= row["frame_ms_p99"] for row in speed["banks"])
    assert b"frame_ms_p99" in mouthpiece("bench", "--seconds", "1").stdout


def test_throughput_by_device_and_batch() -> None:
    rows = list(throughput(["cpu"], (1, 3), ticks=4))
    assert [(row.device, row.batch) for row in rows] == [("cpu", 1), ("cpu", 3)]
    for row in rows:
        assert row.networks_ms > 0
        assert row.times_real_time == pytest.approx(row.batch * 40 / row.tick_ms)
    head, *lines = table(rows).splitlines()
    assert head.split() == ["device", "batch", "tick_ms", "networks_ms", "times_real_time"]
    assert [line.split()[:2] for line in lines] == [["cpu", "1"], ["cpu", "3"]]
    assert len({len(line) for line in (head, *lines)}) == 1


def test_colons_in_references(tmp_path: Path, take: Path, wav: Path) -> None:
    odd = tmp_path / "take 12:30.csv"
    odd.write_bytes(take.read_bytes())
    sound = tmp_path / "a:b.wav"
    sound.write_bytes(wav.read_bytes())
    assert source.take(str(odd)).audio is None
    assert len(source.take(f"{odd}:{sound}").audio) == 16_000
    assert source.take(f"{odd}:{sound}").name == "take 12:30"
