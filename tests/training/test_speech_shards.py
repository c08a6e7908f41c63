"""Speech shards: same inputs, same bytes; nothing done twice; nothing half-written."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mouthpiece.inference.errors import AudioError
from mouthpiece.training.corpus import shards, speech
from mouthpiece.training.corpus.speech_sets import EMOTIONS, SPEECH_SETS, Clip
from mouthpiece.training.phones import PHONES, UNLABELLED


def write_sound(path: Path, samples: int, rate: int = 16_000) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = (0.3 * np.sin(np.arange(samples) * 0.1)).astype(np.float32)
    soundfile.write(path, wave, rate, format="WAV", subtype="PCM_16")
    return wave


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two clips of EmoDB's speakers 03 and 08, the first with hand labels."""
    folder = tmp_path / "data" / "speech" / "emodb"
    write_sound(folder / "03a01Fa.opus", 1700)
    write_sound(folder / "08a01Tc.opus", 640)
    (folder / "lablaut").mkdir()
    rows = "0.02 -1 m\n0.05 -1 a\n0.08 -1 .\n"
    (folder / "lablaut" / "03a01Faxx.lablaut").write_text("signal x\n#\n" + rows)
    return tmp_path / "data"


def contents(out: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(out.iterdir())}


def test_shard_follows_the_contract(data: Path, tmp_path: Path) -> None:
    speech.build_set(data, tmp_path / "out", "emodb")
    about = json.loads((tmp_path / "out" / "emodb.json").read_text(encoding="utf-8"))
    with np.load(tmp_path / "out" / "emodb.npz", allow_pickle=False) as arrays:
        audio, phones = arrays["audio"], arrays["phones"]
        assert arrays["channels"].shape == (0, 55) and arrays["gap"].shape == (0, 2)
    first, second = about["utterances"]
    assert (audio.dtype, phones.dtype) == (np.int16, np.int16)
    assert (first["audio"], second["audio"]) == ([0, 1700], [1700, 2340]) and len(audio) == 2340
    assert (first["hops"], second["hops"]) == ([0, 12], [12, 16]) and len(phones) == 16
    assert first["frames"] == [0, 0]
    wanted = ["sil"] * 2 + ["m"] * 3 + ["a"] * 3 + ["sil"] * 2
    assert [PHONES[index] for index in phones[:10]] == wanted
    assert (phones[10:] == UNLABELLED).all()
    assert first["emotion"] == {"name": "happiness", "valence": 0.8, "arousal": 0.6}
    assert (first["performer"], first["language"], first["split"]) == ("emodb_03", "de", "train")
    assert (second["performer"], second["split"]) == ("emodb_08", "held")
    assert about["measured"] == [False] * 55


def test_two_builds_are_identical(data: Path, tmp_path: Path) -> None:
    for out in ("one", "two"):
        speech.build_set(data, tmp_path / out, "emodb")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert sorted(contents(tmp_path / "one")) == ["emodb.json", "emodb.npz"]


def test_an_unchanged_set_is_not_read_again(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    speech.build_set(data, out, "emodb")
    decoded: list[Path] = []
    true_decode = speech.decode
    monkeypatch.setattr(speech, "decode", lambda path: decoded.append(path) or true_decode(path))
    speech.build_set(data, out, "emodb")
    assert decoded == []
    label = data / "speech" / "emodb" / "lablaut" / "03a01Faxx.lablaut"
    label.write_text(label.read_text().replace(" m", " n"))
    speech.build_set(data, out, "emodb")
    assert len(decoded) == 2
    with np.load(out / "emodb.npz", allow_pickle=False) as arrays:
        assert PHONES[arrays["phones"][3]] == "n"


def test_an_interrupted_build_starts_again(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as broken:
        broken.setattr(shards.os, "replace", lambda *paths: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            speech.build_set(data, out, "emodb")
    assert not (out / "emodb.json").exists() and not (out / "emodb.npz").exists()
    speech.build_set(data, out, "emodb")
    assert sorted(contents(out)) == ["emodb.json", "emodb.npz"]


def test_a_missing_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="festvox_ru"):
        speech.build_set(tmp_path, tmp_path / "out", "festvox_ru")
    assert not (tmp_path / "out").exists()


def test_decoding_keeps_samples_and_mixes_and_resamples(tmp_path: Path) -> None:
    wave = write_sound(tmp_path / "a.wav", 1000)
    assert np.abs(speech.decode(tmp_path / "a.wav") / 32768 - wave).max() < 1e-4
    write_sound(tmp_path / "b.wav", 4800, 48_000)
    assert len(speech.decode(tmp_path / "b.wav")) == 1600
    soundfile.write(
        tmp_path / "c.wav", np.array([[0.5, -0.5], [0.5, 0.25]], np.float32), 16_000, subtype="FLOAT"
    )
    assert speech.decode(tmp_path / "c.wav").tolist() == [0, 12288]


def test_bad_sound_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.opus").write_bytes(b"not a sound")
    with pytest.raises(AudioError, match=r"bad\.opus"):
        speech.decode(tmp_path / "bad.opus")
    write_sound(tmp_path / "empty.wav", 0)
    with pytest.raises(AudioError, match="no samples"):
        speech.decode(tmp_path / "empty.wav")


def test_unlabelled_clips_have_unlabelled_hops() -> None:
    clip = Clip("x", np.zeros(641, np.int16), "someone", "en")
    assert speech.clip_hops(clip, 641, 0.0).tolist() == [UNLABELLED] * 8


def test_whole_speakers_are_held_out() -> None:
    splits = [speech.split_of(f"speaker {i}", 2000) for i in range(2000)]
    assert set(splits) == {"held", "train"}
    assert 150 < splits.count("held") < 250
    assert {speech.split_of(f"speaker {i}", 1) for i in range(100)} == {"train"}


def test_every_set_names_its_source() -> None:
    assert set(speech.SETS) == set(SPEECH_SETS)
    for source in SPEECH_SETS.values():
        assert source.licence and source.attribution
    assert EMOTIONS["N"][1:] == (0.0, 0.0)
    assert EMOTIONS["F"][1] > 0 > EMOTIONS["T"][1] and EMOTIONS["W"][2] > 0 > EMOTIONS["L"][2]
