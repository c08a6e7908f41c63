"""The shipped weights, on the demo's dialogue with exact phone times: what must hold for any voice."""

from __future__ import annotations

import csv
import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference.animate import animate
from mouthpiece.inference.blinks import BLINK
from mouthpiece.inference.decode import load_audio
from mouthpiece.inference.livelink import read_take
from mouthpiece.inference.model import Model
from mouthpiece.inference.types import CHANNELS, INDEX, TICK_RATE, C, Take, frame_times

DEMO = Path(__file__).resolve().parents[2] / "demo"
MOUTH = [i for name, i in INDEX.items() if name.startswith(("mouth", "jaw"))]


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.load()


@pytest.fixture(scope="module")
def dialogue() -> np.ndarray:
    return load_audio(DEMO / "dialogue" / "dialogue.flac")


@pytest.fixture(scope="module")
def plain(model: Model, dialogue: np.ndarray) -> np.ndarray:
    return animate(dialogue, model)


def take(name: str) -> Take:
    return read_take(DEMO / "references" / f"{name}.csv", load_audio(DEMO / "references" / f"{name}.flac"))


def opening(channels: np.ndarray) -> np.ndarray:
    """How far the jaw parts the lips ``[T]``: mouthClose takes back what jawOpen opens."""
    return channels[:, INDEX["jawOpen"]] - channels[:, INDEX["mouthClose"]]


def at_phones(frames: int, phones: set[str]) -> np.ndarray:
    """Mask ``[frames]`` of the ticks whose time lies within one of ``phones``."""
    times, mask = frame_times(frames), np.zeros(frames, bool)
    with open(DEMO / "dialogue" / "dialogue_phones.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["phone"] in phones:
                mask |= (times >= float(row["start"])) & (times < float(row["end"]))
    return mask


def test_lips_close_for_bilabials_and_open_for_vowels(plain: np.ndarray) -> None:
    gap = opening(plain)
    shut, wide = (
        gap[at_phones(len(gap), p)] for p in ({"p", "b", "m"}, {"aa", "ae", "ay", "aw", "eh", "ah"})
    )
    assert np.median(shut) < 0.5 * np.median(wide)


def test_rounding_puckers_more_than_spreading(plain: np.ndarray) -> None:
    pucker = plain[:, INDEX["mouthPucker"]] + plain[:, INDEX["mouthFunnel"]]
    rounded, spread = (
        pucker[at_phones(len(pucker), p)].mean() for p in ({"uw", "w", "uh"}, {"iy", "ih", "s"})
    )
    assert rounded > 1.3 * spread


def test_silence_rests(model: Model, plain: np.ndarray) -> None:
    rest = animate(np.zeros(5 * 16_000, np.float32), model)
    assert opening(rest)[TICK_RATE:].max() < np.percentile(opening(plain), 75)
    assert rest[TICK_RATE:, MOUTH].std(0).max() < 0.5 * plain[:, MOUTH].std(0).max()


def test_the_sound_drives_the_lips(model: Model, dialogue: np.ndarray, plain: np.ndarray) -> None:
    swapped = animate(dialogue[::-1].copy(), model)
    assert abs(np.corrcoef(opening(plain), opening(swapped))[0, 1]) < 0.5


def test_loudness_does_not_matter(model: Model, dialogue: np.ndarray, plain: np.ndarray) -> None:
    for gain in (0.03, 0.25, 1.2):
        other = animate(np.float32(gain) * dialogue, model)
        assert np.corrcoef(opening(plain), opening(other))[0, 1] > 0.98


def test_references_in_any_order_give_the_same_bits_and_change_the_mouth(
    model: Model, dialogue: np.ndarray, plain: np.ndarray
) -> None:
    references = [(take("broad"), 1.0), (take("mumble"), 0.5)]
    short = dialogue[: 3 * 16_000]
    made = [animate(short, model, references=list(order)) for order in itertools.permutations(references)]
    assert np.array_equal(made[0], made[1])
    assert np.abs(made[0][:, MOUTH] - plain[: len(made[0]), MOUTH]).max() > 0.02


def test_a_broad_reference_opens_more_than_a_mumbled_one(model: Model, dialogue: np.ndarray) -> None:
    broad, mumble = (animate(dialogue, model, references=[(take(name), 1.0)]) for name in ("broad", "mumble"))
    assert opening(broad).std() > 1.1 * opening(mumble).std()


@pytest.mark.parametrize("name", ["broad", "mumble"])
def test_what_a_reference_does_not_show_moves_as_without_it(
    model: Model, dialogue: np.ndarray, plain: np.ndarray, name: str
) -> None:
    """A rig of a dozen shapes: the others neither rest nor follow, those that it has do as with all."""
    shown = (
        "jaw",
        "mouthClose",
        "mouthPucker",
        "mouthFunnel",
        "mouthSmile",
        "mouthLowerDown",
        "mouthUpperUp",
    )
    mask = np.array([name.startswith(shown) for name in CHANNELS])
    whole, part = (
        animate(dialogue, model, references=[(replace(take(name), measured=measured), 1.0)])
        for measured in (np.ones(C, bool), mask)
    )
    shown, hidden = ([i for i in MOUTH if mask[i] == is_shown] for is_shown in (True, False))

    def difference(a: np.ndarray, b: np.ndarray, channels: list[int]) -> float:
        return float(np.abs(a - b)[:, channels].mean())

    assert difference(part, plain, hidden) < 0.5 * difference(whole, plain, hidden)
    assert difference(part, whole, shown) < 0.7 * difference(plain, whole, shown)


def test_the_upper_face_lives_and_follows_the_seed(model: Model, dialogue: np.ndarray) -> None:
    long = np.tile(dialogue, 3)
    one, again, other = (animate(long, model, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    apart = np.abs(one[:, MOUTH] - other[:, MOUTH]).mean()
    assert apart < 0.3 * one[:, MOUTH].std(0).mean(), "lips are nearly determined by the sound"
    blink = one[:, INDEX["eyeBlinkLeft"]] > 0.5
    per_minute = (np.diff(blink.astype(int)) == 1).sum() / (len(one) / TICK_RATE / 60)
    assert 3 < per_minute < 60
    assert np.corrcoef(one[:, INDEX["eyeBlinkLeft"]], one[:, INDEX["eyeBlinkRight"]])[0, 1] > 0.9
    for name in ("browInnerUp", "headYaw", "headPitch", "eyeLookDownLeft"):
        assert one[:, INDEX[name]].std() > 0.005, name
    assert np.abs(one[:, INDEX["headYaw"]] - other[:, INDEX["headYaw"]]).max() > 0.01


def test_open_eyes_stay_open_whatever_is_drawn(model: Model, dialogue: np.ndarray) -> None:
    shown = take("broad")
    assert np.median(shown.channels[:, BLINK].min(1)) == 0
    for seed in range(3):
        lids = animate(dialogue, model, references=[(shown, 1.0)], seed=seed)[:, BLINK].min(1)
        assert np.median(lids) < 0.15, seed


def test_brows_and_lids_rest_where_those_of_the_references_do(model: Model, dialogue: np.ndarray) -> None:
    shown = take("broad")
    held = {"browInnerUp": 0.3, "browOuterUpLeft": 0.2, "eyeSquintRight": 0.25}
    raised = shown.channels.copy()
    for name, amount in held.items():
        raised[:, INDEX[name]] += amount
    for seed in range(3):
        plain, other = (
            animate(dialogue, model, references=[(replace(shown, channels=channels), 1.0)], seed=seed)
            for channels in (shown.channels, raised)
        )
        for name, amount in held.items():
            moved = np.median(other[:, INDEX[name]]) - np.median(plain[:, INDEX[name]])
            assert moved == pytest.approx(amount, abs=0.1), (seed, name)


def test_blinks_are_as_frequent_as_the_references_and_leave_the_eyes_open(
    model: Model, dialogue: np.ndarray
) -> None:
    shown = take("broad")
    shown.channels[:, BLINK] = 0.0
    blinking = shown.channels.copy()
    for start in range(10, len(blinking) - 10, 30):
        blinking[start : start + 8, list(BLINK)] = np.array([[0.5, 0.9, 1, 0.9, 0.7, 0.4, 0.2, 0.1]]).T
    twice = np.tile(dialogue, 2)
    calm, lively = (
        animate(twice, model, references=[(Take(c, shown.fps, "take", shown.audio), 1.0)])[:, BLINK].min(1)
        for c in (shown.channels, blinking)
    )
    shuts = [int(((lids[1:] > 0.5) & (lids[:-1] <= 0.5)).sum()) for lids in (calm, lively)]
    assert shuts[1] > 1.5 * shuts[0] > 0, shuts
    assert np.median(lively) < 0.1
