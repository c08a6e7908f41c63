"""Decoding: any rate, channels, depth and container; one clear error for everything that is no sound."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mouthpiece.inference import decode, decode_aud
from mouthpiece.inference.decode import load_audio, read_blocks
from mouthpiece.inference.errors import AudioError
from mouthpiece.inference.types import SAMPLE_RATE


def tone(rate: int, seconds: float = 1.0, hertz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)


def assert_is_tone(samples: np.ndarray, atol: float, seconds: float = 1.0) -> None:
    """Apart from the ends, where the resampler's filter runs out of sound."""
    expected = tone(SAMPLE_RATE, seconds)
    assert samples.dtype == np.float32
    assert abs(len(samples) - len(expected)) <= 1
    middle = slice(400, len(expected) - 400)
    np.testing.assert_allclose(samples[middle], expected[middle], atol=atol)


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_any_rate(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "a.wav", tone(rate), rate, subtype="FLOAT")
    assert_is_tone(load_audio(tmp_path / "a.wav"), 1e-4)


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 8])
def test_channels_are_averaged(tmp_path: Path, channels: int) -> None:
    gains = np.arange(1, channels + 1) * 2 / (channels + 1)
    soundfile.write(tmp_path / "a.wav", tone(48_000)[:, None] * gains, 48_000, subtype="FLOAT")
    assert_is_tone(load_audio(tmp_path / "a.wav"), 1e-4)


@pytest.mark.parametrize(
    ("name", "subtype", "atol"),
    [
        ("a.wav", "PCM_U8", 1e-2),
        ("a.wav", "PCM_16", 1e-4),
        ("a.wav", "PCM_24", 1e-5),
        ("a.wav", "PCM_32", 1e-5),
        ("a.wav", "DOUBLE", 1e-5),
        ("a.wav", "ULAW", 3e-2),
        ("a.flac", "PCM_24", 1e-5),
        ("a.aiff", "PCM_16", 1e-4),
        ("a.ogg", "VORBIS", 3e-2),
        ("a.mp3", "MPEG_LAYER_III", 3e-2),
    ],
)
def test_any_depth_and_container(tmp_path: Path, name: str, subtype: str, atol: float) -> None:
    soundfile.write(tmp_path / name, tone(16_000), 16_000, subtype=subtype)
    assert_is_tone(load_audio(tmp_path / name), atol)


@pytest.mark.parametrize(("name", "codec"), [("a.m4a", "aac"), ("b.mp4", "aac"), ("c.mov", "pcm_s16le")])
def test_formats_that_libsndfile_lacks(tmp_path: Path, name: str, codec: str) -> None:
    av = pytest.importorskip("av")
    with av.open(str(tmp_path / name), "w") as container:
        stream = container.add_stream(codec, rate=48_000, layout="stereo")
        samples = (np.repeat(tone(48_000, 2.0)[:, None], 2, 1) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = 48_000
        resampler = av.AudioResampler(
            format=stream.codec_context.format, layout="stereo", rate=48_000, frame_size=1024
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    samples = load_audio(tmp_path / name)
    assert abs(len(samples) - 2 * SAMPLE_RATE) <= SAMPLE_RATE // 10
    spectrum = np.abs(np.fft.rfft(samples[: 2 * SAMPLE_RATE - 3200]))
    assert np.argmax(spectrum) * SAMPLE_RATE / (2 * SAMPLE_RATE - 3200) == pytest.approx(440, abs=1)
    assert samples[8000:16_000].max() == pytest.approx(0.5, abs=0.03)


def write_film(path: Path, codec: str, late: float, picture: bool = True) -> None:
    """Two seconds of a tone that begin ``late`` seconds after the picture."""
    av = pytest.importorskip("av")
    with av.open(str(path), "w") as container:
        if picture:
            film = container.add_stream("mpeg4", rate=25)
            film.width = film.height = 64
            frames = [av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")] * 60
        stream = container.add_stream(codec, rate=48_000, layout="mono")
        if picture:
            for place, frame in enumerate(frames):
                frame.pts = place
                container.mux(film.encode(frame))
            container.mux(film.encode(None))
        samples = (tone(48_000, 2.0) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, round(late * 48_000)
        resampler = av.AudioResampler(
            format=stream.codec_context.format, layout="mono", rate=48_000, frame_size=1024
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))


def onset(samples: np.ndarray) -> float:
    """Seconds before a sound begins."""
    return int(np.argmax(np.abs(samples) > 0.1)) / SAMPLE_RATE


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mov", "pcm_s16le"), ("a.mov", "aac"), ("a.mp4", "aac"), ("a.mkv", "aac")]
)
def test_a_sound_that_begins_after_its_picture_keeps_its_time(tmp_path: Path, name: str, codec: str) -> None:
    write_film(tmp_path / name, codec, 0.5)
    samples = load_audio(tmp_path / name)
    assert onset(samples) == pytest.approx(0.5, abs=0.005)
    assert abs(len(samples) - 2.5 * SAMPLE_RATE) <= SAMPLE_RATE // 10


@pytest.mark.parametrize("picture", [True, False])
@pytest.mark.parametrize(("name", "codec"), [("a.mov", "pcm_s16le"), ("a.m4a", "aac"), ("a.mkv", "aac")])
def test_what_an_encoder_puts_before_a_sound_does_not_shift_it(
    tmp_path: Path, name: str, codec: str, picture: bool
) -> None:
    write_film(tmp_path / name, codec, 0.0, picture)
    assert onset(load_audio(tmp_path / name)) == pytest.approx(0.0, abs=0.005)


def test_blocks_are_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, (50_000, 2))
    soundfile.write(tmp_path / "a.wav", noise, 44_100, subtype="FLOAT")
    whole = load_audio(tmp_path / "a.wav")
    monkeypatch.setattr(decode, "BLOCK", 999)
    blocks = list(read_blocks(tmp_path / "a.wav"))
    assert max(map(len, blocks)) < 2000
    np.testing.assert_allclose(np.concatenate(blocks), whole, atol=1e-6)


def test_the_loudest_channels_do_not_overflow_in_their_mean(tmp_path: Path) -> None:
    loud = np.full((16_000, 2), 3e38, np.float32)
    soundfile.write(tmp_path / "a.wav", loud, SAMPLE_RATE, subtype="FLOAT")
    np.testing.assert_array_equal(load_audio(tmp_path / "a.wav"), loud[:, 0])


def test_samples_that_are_no_numbers_stay_where_they_are(tmp_path: Path) -> None:
    samples = tone(48_000)
    broken = samples.copy()
    broken[20_000:20_010] = np.nan
    broken[20_010] = np.inf
    soundfile.write(tmp_path / "a.wav", broken, 48_000, subtype="FLOAT")
    read = load_audio(tmp_path / "a.wav")
    assert np.isfinite(read).all()
    assert_is_tone(read[:6000], 1e-4, 6000 / SAMPLE_RATE)


@pytest.mark.parametrize("name", ["naïve café.wav", "口型.wav", "рот & губы.wav", "a b'c\".wav"])
def test_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "дикторы"
    folder.mkdir()
    soundfile.write(folder / name, tone(16_000), 16_000)
    assert len(load_audio(folder / name)) == SAMPLE_RATE


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' names are Unicode")
def test_a_name_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode("Grüße.wav".encode("latin-1"))
    soundfile.write(os.fsencode(path), tone(16_000), 16_000, format="WAV")
    assert len(load_audio(path)) == SAMPLE_RATE


def test_a_sound_without_samples_is_empty(tmp_path: Path) -> None:
    for rate in (16_000, 44_100):
        soundfile.write(tmp_path / "a.wav", np.zeros((0, 2)), rate)
        assert load_audio(tmp_path / "a.wav").shape == (0,)


def test_what_is_left_of_a_cut_file_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(16_000), 16_000)
    content = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "b.wav").write_bytes(content[: len(content) // 2])
    assert len(load_audio(tmp_path / "b.wav")) == pytest.approx(SAMPLE_RATE / 2, abs=30)


def test_a_file_that_breaks_in_its_middle_is_not_begun_anew(tmp_path: Path) -> None:
    noise = 0.3 * np.random.default_rng(0).standard_normal(8 * 44_100)
    soundfile.write(tmp_path / "a.flac", noise, 44_100)
    content = bytearray((tmp_path / "a.flac").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(range(250)) * 12
    (tmp_path / "a.flac").write_bytes(content)
    with pytest.raises(AudioError, match="is damaged"):
        load_audio(tmp_path / "a.flac")


def bad_file(kind: str, folder: Path) -> Path:
    path = folder / f"{kind}.wav"
    if kind == "folder":
        path.mkdir()
    elif kind == "empty":
        path.touch()
    elif kind == "header cut":
        soundfile.write(path, tone(16_000), 16_000)
        path.write_bytes(path.read_bytes()[:30])
    elif kind == "text":
        path.write_text("Dear sir, this is no sound.\n" * 50, "utf-8")
    elif kind == "zeros":
        path.write_bytes(bytes(10_000))
    return path


@pytest.mark.parametrize("load", [decode.load_audio, decode_aud.load_audio], ids=["decode", "decode_aud"])
@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("missing", "does not exist"),
        ("folder", "is a folder"),
        ("empty", "is empty"),
        ("header cut", "not a readable sound"),
        ("text", "not a readable sound"),
        ("zeros", "not a readable sound"),
    ],
)
def test_bad_files_are_named_with_a_reason(tmp_path: Path, load, kind: str, reason: str) -> None:
    path = bad_file(kind, tmp_path)
    with pytest.raises(AudioError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert reason in message
    assert "\n" not in message
    assert ": " in message


def test_a_film_without_sound(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(AudioError, match="holds no sound"):
        load_audio(tmp_path / "a.mp4")


def test_without_pyav_the_message_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    (tmp_path / "a.m4a").write_bytes(b"\0" * 100)
    with pytest.raises(AudioError, match="pip install av"):
        load_audio(tmp_path / "a.m4a")
