"""Blender's own decoder gives the same samples as soundfile, and its failures are messages, not crashes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("bpy")  # Blender brings aud

from mouthpiece.inference import decode, decode_aud
from mouthpiece.inference.errors import AudioError


@pytest.mark.parametrize(
    ("rate", "channels"), [(16_000, 1), (44_100, 2), (8000, 1), (192_000, 2), (48_000, 8)]
)
def test_the_same_samples(tmp_path: Path, rate: int, channels: int) -> None:
    time = np.arange(rate) / rate
    samples = np.stack([0.3 * np.sin(2 * np.pi * (200 + 50 * k) * time) for k in range(channels)], 1)
    soundfile.write(tmp_path / "голос é.wav", samples, rate, subtype="PCM_24")
    expected, heard = (module.load_audio(tmp_path / "голос é.wav") for module in (decode, decode_aud))
    assert heard.dtype == np.float32
    assert abs(len(heard) - len(expected)) <= 1
    middle = slice(400, 15_600)
    np.testing.assert_allclose(heard[middle], expected[middle], atol=1e-4)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' names are Unicode")
def test_a_name_in_another_encoding_asks_for_another_name(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode("Grüße.wav".encode("latin-1"))
    soundfile.write(os.fsencode(path), np.zeros(16_000), 16_000, format="WAV")
    with pytest.raises(AudioError, match=r"not Unicode.*rename the file"):
        decode_aud.load_audio(path)


def test_a_sound_without_samples_is_empty(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((0, 2)), 48_000)
    assert decode_aud.load_audio(tmp_path / "a.wav").shape == (0,)


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "header cut", "text"])
def test_bad_files_are_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "bad.wav"
    if kind == "folder":
        path.mkdir()
    elif kind == "header cut":
        soundfile.write(path, np.zeros(100), 16_000)
        path.write_bytes(path.read_bytes()[:30])
    elif kind != "missing":
        path.write_bytes(b"no sound\n" * 99 if kind == "text" else b"")
    with pytest.raises(AudioError, match=r"bad\.wav"):
        decode_aud.load_audio(path)
