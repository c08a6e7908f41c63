"""The sentences are the same on every machine and hold every phone; flite's times fit its sound."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from mouthpiece.inference.errors import AudioError
from mouthpiece.training.corpus import speech_synthetic
from mouthpiece.training.corpus.speech_check import level, rise_offset
from mouthpiece.training.phones import PHONES, SILENCE

needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="the program flite is not installed")


def test_sentences_follow_from_the_seed() -> None:
    first, again = (
        [speech_synthetic.sentence(np.random.default_rng(seed)) for seed in range(50)] for _ in range(2)
    )
    assert first == again
    assert len(set(first)) > 45
    assert all(text[0].isupper() or "," in text for text in first)


def test_without_flite_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_synthetic.shutil, "which", lambda name: None)
    with pytest.raises(AudioError, match="apt-get install flite"):
        speech_synthetic.synthesise()


@needs_flite
def test_times_fit_the_sound() -> None:
    sound, segments = speech_synthetic.speak("Pass me some soup, Bob.", "slt", ["duration_stretch=1.2"])
    assert sound.dtype == np.int16
    assert segments[-1][1] == pytest.approx(len(sound) / 16_000, abs=0.02)
    assert {"p", "p!", "m", "b", "s", "sil"} <= {PHONES[index] for _, _, index in segments}
    quiet = [np.abs(sound[int(a * 16_000) : int(b * 16_000)]).mean() for a, b, i in segments if i == SILENCE]
    assert max(quiet) < 0.1 * np.abs(sound).mean()


@needs_flite
def test_every_english_phone_is_spoken() -> None:
    spoken = set()
    for number in range(40):
        text = speech_synthetic.sentence(np.random.default_rng([number, 0]))
        spoken |= {PHONES[index] for _, _, index in speech_synthetic.speak(text, "kal16", [])[1]}
    english = {*"iɪeɛæaɑɔoʊuʌəɝpbmtdnkɡŋfvθðszʃʒhwjɹl", "sil"}
    assert english <= spoken


def test_the_check_finds_a_known_offset() -> None:
    """A burst of noise 30 ms after the label is reported as +30 ms."""
    sound = np.zeros(16_000, np.int16)
    sound[8000:] = np.random.default_rng(0).normal(0, 3000, 8000)
    assert rise_offset(level(sound), 0.47) == pytest.approx(30, abs=2)
    assert rise_offset(level(sound), 0.01) is None
    assert rise_offset(level(np.zeros(16_000, np.int16)), 0.5) is None
