"""Words that nobody wrote down: what the recogniser makes of a voice whose phones are known to the hop."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mouthpiece.training.corpus.speech_labels import Segments
from mouthpiece.training.corpus.speech_recognised import recognise, recognise_one
from mouthpiece.training.corpus.speech_synthetic import speak
from mouthpiece.training.phones import FEATURE_TABLE, FEATURES, hops_from_segments

TEXT = "My brother bought a big map of the moon before breakfast, but nobody in the family believed him."


pytestmark = pytest.mark.skipif(shutil.which("flite") is None, reason="the program flite is not installed")


def say(path: Path, text: str) -> tuple[np.ndarray, Segments]:
    sound, truth = speak(text, "slt", [])
    soundfile.write(path, sound, 16_000)
    return sound, truth


def test_closures_are_where_the_voice_makes_them(tmp_path: Path) -> None:
    sound, truth = say(tmp_path / "known.wav", TEXT)
    soundfile.write(tmp_path / "click.wav", np.zeros(320, np.int16), 16_000)
    known, click = recognise([tmp_path / "known.wav", tmp_path / "click.wav"])
    assert click is None
    assert known is not None
    hops = len(sound) // 160
    closed = FEATURE_TABLE[:, FEATURES.index("lipClosure")] > 0.5
    told, made = (closed[hops_from_segments(segments, hops)] for segments in (known, truth))
    assert 2 * (told & made).sum() / (told.sum() + made.sum()) > 0.7
    late = np.roll(made, 20)
    assert 2 * (told & late).sum() / (told.sum() + late.sum()) < 0.4


def test_a_recording_is_heard_alike_whatever_came_before(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.wav" for number in range(3)]
    for path, text in zip(paths, ("Put the lamp by the window.", TEXT, "Why would you buy it?"), strict=True):
        say(path, text)
    forwards = [recognise_one(path) for path in paths]
    assert forwards == [recognise_one(path) for path in reversed(paths)][::-1]
    assert None not in forwards
