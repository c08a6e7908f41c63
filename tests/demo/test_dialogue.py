"""The committed sound, phones and takes agree with each other, and the rules that made the takes hold."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from mouthpiece.demo.articulation import tracks
from mouthpiece.demo.performance import DIALOGUE, OWN_TAKES, PHONES, parse_take
from mouthpiece.demo.performer import Performer, perform
from mouthpiece.demo.voice import Phone, merge_pauses, read_phones
from mouthpiece.inference.decode import load_audio
from mouthpiece.inference.errors import TakeError
from mouthpiece.inference.livelink import read_take
from mouthpiece.inference.types import INDEX, SAMPLE_RATE

SPOKEN = [(DIALOGUE, PHONES), *((t.sound, t.motion.with_name(f"{t.name}_phones.csv")) for t in OWN_TAKES)]


@pytest.mark.parametrize(("sound", "phones"), SPOKEN, ids=lambda path: path.name)
def test_phones_cover_the_sound_without_gaps(sound, phones):
    spoken, seconds = read_phones(phones), len(load_audio(sound)) / SAMPLE_RATE
    assert spoken[0].start == 0.0
    assert spoken[-1].end == pytest.approx(seconds, abs=0.02)
    assert all(a.end == pytest.approx(b.start, abs=0.002) for a, b in pairwise(spoken))


@pytest.mark.parametrize(("sound", "phones"), SPOKEN, ids=lambda path: path.name)
def test_pauses_are_quiet_and_vowels_are_loud(sound, phones):
    samples = load_audio(sound)

    def level(names: set[str]) -> float:
        parts = [p for p in read_phones(phones) if p.name in names]
        pieces = [samples[int(p.start * SAMPLE_RATE) : int(p.end * SAMPLE_RATE)] for p in parts]
        return float(np.sqrt(np.mean(np.concatenate(pieces) ** 2)))

    assert level({"pau"}) < 0.15 * level({"aa", "ao", "iy", "uw", "aw", "ay"})


def test_the_dialogue_is_short_and_asks_much_of_the_lips():
    phones = read_phones(PHONES)
    assert 12.0 <= phones[-1].end <= 20.0
    names = [phone.name for phone in phones]
    assert sum(name in "pbm" for name in names) >= 20
    assert sum(name in "fv" for name in names) >= 8
    assert sum(name in ("iy", "uw") for name in names) >= 12
    assert "?" in DIALOGUE.with_suffix(".txt").read_text(encoding="utf-8")


def test_the_licence_is_there_and_names_the_synthesiser():
    text = (DIALOGUE.parent / "LICENSE.md").read_text(encoding="utf-8")
    assert "CC0" in text
    assert "Flite" in text


@pytest.mark.parametrize("take", OWN_TAKES, ids=lambda take: take.name)
def test_references_parse_and_last_as_long_as_their_sound(take):
    motion = read_take(take.motion)
    assert motion.seconds == pytest.approx(len(load_audio(take.sound)) / SAMPLE_RATE, abs=0.05)
    faces = motion.channels[:, : INDEX["headYaw"]]
    assert np.isfinite(motion.channels).all()
    assert faces.min() >= 0.0
    assert faces.max() <= 1.0
    assert motion.channels[:, INDEX["headPitch"]].std() > 0.0


def test_the_two_manners_differ_where_they_should():
    broad, mumble = (read_take(take.motion).channels for take in OWN_TAKES)
    jaw, left, right = (INDEX[name] for name in ("jawOpen", "mouthSmileLeft", "mouthSmileRight"))
    assert broad[:, jaw].max() > 2.0 * mumble[:, jaw].max()
    assert broad[:, left].mean() > 1.3 * broad[:, right].mean()
    assert mumble[:, left].mean() == pytest.approx(mumble[:, right].mean())
    squint, wide = INDEX["eyeSquintLeft"], INDEX["eyeWideLeft"]
    assert mumble[:, squint].mean() > broad[:, squint].mean()
    assert broad[:, wide].mean() > mumble[:, wide].mean()


def test_rules_reach_the_target_in_a_long_phone_and_blend_between():
    phones = [Phone(0.0, 1.0, "aa"), Phone(1.0, 1.3, "m"), Phone(1.3, 2.3, "uw")]
    times = np.array([0.5, 1.15, 1.8])
    found = tracks(phones, times)
    assert found["jaw"] == pytest.approx([0.75, 0.08, 0.12], abs=0.05)
    assert found["close"] == pytest.approx([0.0, 1.0, 0.0], abs=0.05)
    assert found["round"][2] > 0.85
    edge = tracks(phones, np.array([1.0]))["jaw"][0]
    assert 0.08 < edge < 0.75


def test_a_performance_is_the_same_for_the_same_seed_only():
    phones = [Phone(0.0, 0.3, "pau"), Phone(0.3, 0.8, "aa"), Phone(0.8, 6.0, "pau")]
    one, same, other = (perform(phones, 6.0, 25.0, Performer(sway=0.1, seed=s)) for s in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_neighbouring_pauses_become_one():
    merged = merge_pauses(
        [Phone(0.0, 0.1, "pau"), Phone(0.1, 0.3, "pau"), Phone(0.3, 0.3, "m"), Phone(0.3, 0.5, "aa")]
    )
    assert merged == [Phone(0.0, 0.3, "pau"), Phone(0.3, 0.5, "aa")]


def test_a_take_on_the_command_line_may_bring_its_sound(tmp_path):
    for name in ("take.csv", "take.wav", "take.mov"):
        (tmp_path / name).touch()
    alone = parse_take(str(tmp_path / "take.csv"))
    assert (alone.name, alone.sound) == ("take", None)
    assert parse_take(f"{tmp_path}/take.csv:{tmp_path}/take.wav").sound == tmp_path / "take.wav"
    assert parse_take(f"{tmp_path}/take.csv:{tmp_path}/take.mov").sound == tmp_path / "take.mov"
    for text in ("missing.csv", "missing.csv:take.wav", "take.csv:missing.mov"):
        with pytest.raises(TakeError, match=r"missing\.\w+ does not exist"):
            parse_take(":".join(str(tmp_path / part) for part in text.split(":")))
