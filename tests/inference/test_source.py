"""Sounds and takes by path or URL."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mouthpiece.inference import source
from mouthpiece.inference.decode import load_audio
from mouthpiece.inference.errors import AudioError, TakeError
from mouthpiece.inference.livelink import read_take, write_csv
from mouthpiece.inference.promised import promised_seconds
from mouthpiece.inference.types import C


class Files:
    """A folder with sounds and takes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def sound(self, name: str, seconds: float = 0.3) -> str:
        soundfile.write(self.folder / name, np.full(round(seconds * 16_000), 0.1), 16_000)
        return name

    def take(self, name: str) -> str:
        write_csv(self.folder / name, np.random.default_rng(0).random((60, C)), 30)
        return name


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
def memory():
    """A store that only URLs reach."""
    system = pytest.importorskip("fsspec").filesystem("memory")
    yield system
    system.store.clear()


def test_a_url_is_its_file(files, memory) -> None:
    local = files.folder / files.sound("a.wav")
    memory.pipe("/show/a.wav", local.read_bytes())
    memory.pipe("/show/t.csv", (files.folder / files.take("t.csv")).read_bytes())
    np.testing.assert_array_equal(source.sound("memory://show/a.wav"), load_audio(local))
    take = source.take("memory://show/t.csv:memory://show/a.wav")
    np.testing.assert_array_equal(take.channels, read_take(files.folder / "t.csv").channels)
    assert len(take.audio) == len(load_audio(local))


def test_a_url_changes_with_its_content(files, memory) -> None:
    memory.pipe("/a.wav", b"one")
    first = source.digest("memory://a.wav")
    assert source.digest("memory://a.wav") == first
    memory.pipe("/a.wav", b"other")
    assert source.digest("memory://a.wav") != first


def test_the_web_changes_with_its_content_too(memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """fsspec tells the versions of its files by their addresses alone."""
    monkeypatch.setattr(type(memory), "protocol", ("http", "https"))
    monkeypatch.setattr(type(memory), "ukey", lambda self, path: path)
    memory.pipe("/a.wav", b"one")
    first = source.digest("memory://a.wav")
    memory.pipe("/a.wav", b"other")
    assert source.digest("memory://a.wav") != first


def test_a_signed_url_is_its_file(files, memory) -> None:
    signature = "?signature=" + 300 * "x"
    memory.pipe("/t.csv" + signature, (files.folder / files.take("t.csv")).read_bytes())
    take = source.take(f"memory://t.csv{signature}")
    np.testing.assert_array_equal(take.channels, read_take(files.folder / "t.csv").channels)


def test_a_local_take_may_have_a_remote_sound(files, memory) -> None:
    memory.pipe("/a.wav", (files.folder / files.sound("a.wav")).read_bytes())
    take = source.take(f"{files.folder / files.take('t.csv')}:memory://a.wav")
    assert take.audio is not None


def test_what_a_url_lacks_is_named_by_the_url(files, memory) -> None:
    memory.pipe("/text.wav", b"no sound" * 99)
    for place in ("memory://none.wav", "memory://text.wav", "nonsense://a.wav"):
        with pytest.raises(AudioError) as caught:
            source.sound(place)
        assert place in str(caught.value) and "/tmp" not in str(caught.value)
    with pytest.raises(TakeError, match="memory://none"):
        source.take("memory://none.csv")
    with pytest.raises(AudioError, match="memory://none"):
        source.digest("memory://none.wav")


def test_a_path_changes_with_its_content(files) -> None:
    path = files.folder / files.sound("a.wav")
    first = source.digest(str(path))
    files.sound("a.wav", 0.4)
    assert source.digest(str(path)) != first
    with pytest.raises(AudioError, match=r"none\.wav"):
        source.digest(str(files.folder / "none.wav"))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("s3://b/t.csv:s3://b/t.wav", ("s3://b/t.csv", "s3://b/t.wav")),
        ("s3://b/t.npz", ("s3://b/t.npz", "")),
        ("s3://b/t.json:s3://b/t.wav", ("s3://b/t.json", "s3://b/t.wav")),
        ("none.csv", ("none.csv", "")),
        ("none.csv:a.wav", ("none.csv", "a.wav")),
        ("C:\\none.CSV:C:\\take.mov", ("C:\\none.CSV", "C:\\take.mov")),
    ],
)
def test_references_are_split(text: str, parts: tuple[str, str]) -> None:
    assert source.split_reference(text) == parts


def test_a_missing_take_is_named_without_its_sound(files) -> None:
    sound = files.folder / files.sound("a.wav")
    for name in ("none.csv", "none"):
        with pytest.raises(TakeError, match=rf"{name}\S* does not exist"):
            source.take(f"{files.folder / name}:{sound}")
    with pytest.raises(TakeError, match=r"none\.csv does not exist"):
        source.take(f"{files.folder}/none.csv:{sound}")


def test_a_take_of_any_kind_keeps_its_time(files) -> None:
    """A table of MediaPipe's has no timecode, as Live Link Face's has, but milliseconds."""
    rows = ["timestamp_ms,jawOpen", *(f"{1000 * i / 15:.3f},{0.01 * i}" for i in range(60))]
    (files.folder / "face.csv").write_text("\n".join(rows), "utf-8")
    assert source.take(str(files.folder / "face.csv")).fps == pytest.approx(15, rel=1e-3)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.aiff", "a.caf", "a.w64", "a.rf64"])
def test_a_sound_that_breaks_off_is_no_short_line(files, name: str) -> None:
    voice = np.random.default_rng(0).normal(0, 0.1, 44_100)
    path = files.folder / name
    soundfile.write(path, voice, 44_100)
    assert promised_seconds(path) == 1.0 and len(source.sound(str(path))) == 16_000
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert promised_seconds(path) == 1.0
    with pytest.raises(AudioError, match=name):
        source.sound(str(path))


@pytest.mark.parametrize("share", [0.6, 0.97])
@pytest.mark.parametrize(
    ("name", "subtype"), [("a.mp3", "MPEG_LAYER_III"), ("a.ogg", "VORBIS"), ("a.opus", "OPUS")]
)
def test_a_compressed_sound_that_breaks_off_is_no_short_line(
    files, name: str, subtype: str, share: float
) -> None:
    path = files.folder / name
    voice = np.random.default_rng(0).normal(0, 0.1, 8 * 48_000)
    container = "MP3" if name.endswith("mp3") else "OGG"
    soundfile.write(path, voice, 48_000, format=container, subtype=subtype)
    assert len(source.sound(str(path))) == 8 * 16_000
    path.write_bytes(path.read_bytes()[: round(share * path.stat().st_size)])
    with pytest.raises(AudioError, match=rf"{name} breaks off: \d\.\d s (of 8\.0 s )?are there; copy"):
        source.sound(str(path))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 44_100, 48_000])
def test_an_mp3_says_how_long_it_is(files, rate: int, channels: int) -> None:
    path = files.folder / "a.mp3"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, (round(1.7 * rate), channels)), rate)
    assert promised_seconds(path) == pytest.approx(1.7, abs=1e-3)
    picture = b"ID3\x04\0\0\0\0\x01\x02" + bytes(130)
    path.write_bytes(picture + path.read_bytes())
    assert promised_seconds(path) == pytest.approx(1.7, abs=1e-3)
    path.write_bytes(path.read_bytes().replace(b"Xing", b"none").replace(b"Info", b"none"))
    assert promised_seconds(path) is None and len(source.sound(str(path)))


def test_an_ogg_that_breaks_off_before_its_sound_is_no_sound_without_samples(files) -> None:
    path = files.folder / "a.ogg"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 16_000), 16_000)
    whole = path.read_bytes()
    third = whole.index(b"OggS", whole.index(b"OggS", 4) + 4)
    path.write_bytes(whole[: third + 40])
    with pytest.raises(AudioError, match=r"a\.ogg breaks off: 0\.0 s are there"):
        source.sound(str(path))


def test_what_a_header_does_not_promise(files) -> None:
    """A WAV out of a pipe, one with other chunks, one in another format, and no sound at all."""
    path = files.folder / files.sound("a.wav", 1.0)
    whole = path.read_bytes()
    place = whole.index(b"data")
    path.write_bytes(whole[: place + 4] + b"\xff\xff\xff\xff" + whole[place + 8 :])
    assert promised_seconds(path) is None and len(source.sound(str(path))) == 16_000
    path.write_bytes(
        whole[:28] + b"\x01\0\0\0" + whole[32:]
    )  # the field that says how many bytes a second has
    assert promised_seconds(path) == 1.0 and len(source.sound(str(path))) == 16_000
    path.write_bytes(whole[:place] + b"note\x03\0\0\0abc\0" + whole[place:])
    assert promised_seconds(path) == 1.0 and len(source.sound(str(path))) == 16_000
    soundfile.write(path, np.zeros(16_000), 16_000, format="WAV", subtype="IMA_ADPCM")
    assert promised_seconds(path) is None and len(source.sound(str(path))) >= 16_000
    soundfile.write(path, np.zeros(16_000), 16_000, format="AIFF")
    whole = path.read_bytes()
    place = whole.index(b"COMM") + 10
    path.write_bytes(whole[:place] + (0x7F000000 // 2).to_bytes(4, "big") + whole[place + 4 :])
    assert promised_seconds(path) is None and len(source.sound(str(path))) == 16_000
    broken = (b"", b"RIFF", b"RIFF0000WAVEfmt ", b"fLaC" + bytes(9), b"caff" + bytes(99), b"FORM0000AIFFCOMM")
    for content in (*broken, b"\xff", b"ID3", b"\xff\xfb" + bytes(60) + b"Xing"):
        path.write_bytes(content)
        assert promised_seconds(path) is None
