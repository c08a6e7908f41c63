"""Raw PCM to frames, and the figures of the speed table."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
import soxr

from mouthpiece.inference import bench
from mouthpiece.inference.animate import animate
from mouthpiece.inference.errors import AudioError
from mouthpiece.inference.model import Model
from mouthpiece.inference.session import Session
from mouthpiece.inference.stream import frame_line, pcm_blocks, stream_frames


class Dribble(io.RawIOBase):
    """A pipe that gives a few bytes at a time, odd numbers of them as well."""

    def __init__(self, data: bytes) -> None:
        self.data, self.turn = data, 0

    def read1(self, size: int) -> bytes:
        self.turn += 1
        count = min(size, (1, 3, 1000, 1, 7001)[self.turn % 5])
        piece, self.data = self.data[:count], self.data[count:]
        return piece


def pcm(samples: np.ndarray) -> bytes:
    return np.round(samples * 32767).astype("<i2").tobytes()


def heard(data: bytes) -> np.ndarray:
    return np.frombuffer(data, "<i2").astype(np.float32) / 32768


def test_frames_are_those_of_the_file(model: Model, speech: np.ndarray) -> None:
    data = pcm(speech)
    frames = np.stack(list(stream_frames(Dribble(data), Session(model), 16_000)))
    assert np.array_equal(frames, animate(heard(data), model))


@pytest.mark.parametrize("rate", [8000, 44_100])
def test_other_rates_are_resampled(tiny: Model, speech: np.ndarray, rate: int) -> None:
    data = pcm(soxr.resample(speech, 16_000, rate))
    frames = np.stack(list(stream_frames(Dribble(data), Session(tiny), rate)))
    expected = animate(soxr.resample(heard(data), rate, 16_000), tiny)
    np.testing.assert_allclose(frames, expected, atol=1e-4)


def test_a_frame_comes_with_its_last_sample(tiny: Model) -> None:
    taken: list[int] = []

    class Counted(io.RawIOBase):
        def read1(self, size: int) -> bytes:
            taken.append(1)
            return bytes(320 * 2) if len(taken) <= 8 else b""

    reads = []
    for _ in stream_frames(Counted(), Session(tiny), 16_000):
        reads.append(len(taken))
    assert reads == [2, 4, 6, 8]


@pytest.mark.parametrize(
    ("data", "reason"), [(b"", "no samples"), (b"\0", "within a sample"), (bytes(1281), "within")]
)
def test_what_is_no_pcm(data: bytes, reason: str) -> None:
    with pytest.raises(AudioError, match=reason):
        list(pcm_blocks(Dribble(data)))


def test_a_line_holds_the_time_it_shows() -> None:
    line = json.loads(frame_line(10, np.linspace(0, 1, 55, dtype=np.float32)))
    assert line["t"] == pytest.approx(0.42)
    np.testing.assert_allclose(line["channels"], np.linspace(0, 1, 55), atol=1e-6)


def test_the_speed_table_is_measured() -> None:
    speed = bench.measure(2.0)
    assert 0 < speed.frame_ms_p50 <= speed.frame_ms_p99 <= speed.frame_ms_max
    assert speed.times_real_time > 1
    assert speed.sound_seconds == 2
    assert speed.load_ms > 0
    assert speed.reference_ms > 0
    assert "frame_ms_p99" in speed.table()


def test_the_voice_of_the_bench_fills_whole_ticks() -> None:
    sound = bench.voice(1)
    assert len(sound) % 640 == 0
    assert 0.01 < np.abs(sound).mean() < 0.5
