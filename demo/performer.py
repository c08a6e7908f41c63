"""A performer's manner over the words: mood, asymmetry, brows, blinks, gaze and head, from simple rules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..inference.types import INDEX
from .articulation import GLIDES, VOWELS, mouth_channels, tracks
from .voice import Phone


@dataclass(frozen=True)
class Performer:
    """How someone moves; gains are 1 for a plain speaker, postures 0."""

    opening: float = 1.0
    rounding: float = 1.0
    spreading: float = 1.0
    crisp: float = 1.0
    right_share: float = 1.0
    """Strength of the right half of the mouth and brows; 1 is symmetric."""
    smile: float = 0.0
    tension: float = 0.0
    """Pressed, rolled-in lips."""
    brow_rest: float = 0.0
    brow_accent: float = 0.0
    lids: float = 0.0
    """Above 0 heavy lids, below 0 wide eyes."""
    blinks_per_minute: float = 18.0
    nod: float = 0.0
    sway: float = 0.0
    bow: float = 0.0
    """Resting head pitch in radians, positive downwards."""
    seed: int = 0


ONE_SIDED = (
    "mouthSmile",
    "mouthStretch",
    "mouthUpperUp",
    "mouthLowerDown",
    "browOuterUp",
    "mouthDimple",
    "cheekSquint",
)


def perform(phones: list[Phone], seconds: float, fps: float, performer: Performer) -> np.ndarray:
    """Channels ``float32 [T, C]`` of a take, row i at (i + 0.5) / fps s, in [0, 1] and radians."""
    times = (np.arange(round(seconds * fps)) + 0.5) / fps
    random = np.random.default_rng(performer.seed)
    speech = tracks(phones, times, performer.crisp)
    out = mouth_channels(speech, performer.opening, performer.rounding, performer.spreading)
    accent = accents(phones, times)
    posture(out, performer, speech["close"])
    brows(out, performer, accent, phones, times)
    eyes(out, performer, phones, times, random)
    head(out, performer, accent, times, random)
    for name in ONE_SIDED:
        out[:, INDEX[f"{name}Right"]] *= performer.right_share
    faces = np.arange(out.shape[1]) < INDEX["headYaw"]
    out[:, faces] = np.clip(out[:, faces], 0.0, 1.0)
    return out


def pair(name: str) -> list[int]:
    return [INDEX[f"{name}Left"], INDEX[f"{name}Right"]]


def accents(phones: list[Phone], times: np.ndarray) -> np.ndarray:
    """A bell ``[T]`` on every long vowel, in proportion to how much it is drawn out."""
    out = np.zeros(len(times))
    for phone in phones:
        length = phone.end - phone.start
        if (phone.name in VOWELS or phone.name in GLIDES) and length > 0.11:
            middle = 0.5 * (phone.start + phone.end)
            out += min(length / 0.2, 1.0) * np.exp(-(((times - middle) / 0.11) ** 2))
    return np.minimum(out, 1.0)


def phrases(phones: list[Phone]) -> list[tuple[float, float]]:
    """Start and end in seconds of every stretch of speech between pauses longer than 0.15 s."""
    spans: list[tuple[float, float]] = []
    for phone in phones:
        if phone.name == "pau":
            continue
        if spans and phone.start - spans[-1][1] < 0.15:
            spans[-1] = (spans[-1][0], phone.end)
        else:
            spans.append((phone.start, phone.end))
    return spans


def posture(out: np.ndarray, performer: Performer, close: np.ndarray) -> None:
    """Mood of the mouth; it adds to both lips alike, so a seal stays a seal."""
    rounded = out[:, [INDEX["mouthPucker"]]]
    out[:, pair("mouthSmile")] += performer.smile * (1.0 - 0.6 * rounded)
    out[:, pair("cheekSquint")] += 0.6 * performer.smile
    out[:, pair("mouthDimple")] += 0.3 * performer.smile
    out[:, pair("mouthPress")] += performer.tension
    for name in ("mouthRollLower", "mouthRollUpper"):
        out[:, INDEX[name]] += 0.5 * performer.tension
    out[:, pair("mouthFrown")] += 0.3 * performer.tension


def brows(
    out: np.ndarray, performer: Performer, accent: np.ndarray, phones: list[Phone], times: np.ndarray
) -> None:
    """Resting brows, a flash on every accent and a lift over the end of each phrase."""
    lift = performer.brow_accent * accent
    for _, end in phrases(phones):
        lift = lift + 0.5 * performer.brow_accent * np.exp(-(((times - end + 0.15) / 0.22) ** 2))
    raised = np.maximum(performer.brow_rest, 0.0) + lift
    out[:, INDEX["browInnerUp"]] = raised
    out[:, pair("browOuterUp")] = 0.8 * raised[:, None]
    out[:, pair("browDown")] = np.maximum(-performer.brow_rest, 0.0) * (1.0 - 0.4 * accent[:, None])


def eyes(
    out: np.ndarray, performer: Performer, phones: list[Phone], times: np.ndarray, random: np.random.Generator
) -> None:
    """Lids at rest, blinks at phrase ends and at random, small shifts of gaze."""
    out[:, pair("eyeSquint")] = max(performer.lids, 0.0)
    out[:, pair("eyeWide")] = max(-performer.lids, 0.0)
    moments = [end + 0.08 for _, end in phrases(phones)]
    at = random.exponential(60.0 / performer.blinks_per_minute)
    while at < times[-1]:
        moments.append(at)
        at += 0.4 + random.exponential(60.0 / performer.blinks_per_minute)
    shut = np.zeros(len(times))
    for moment in moments:
        since = times - moment
        shape = np.where(since < 0.07, since / 0.07, np.where(since < 0.10, 1.0, 1.0 - (since - 0.10) / 0.16))
        shut = np.maximum(shut, np.clip(shape, 0.0, 1.0) * (since > 0))
    out[:, pair("eyeBlink")] = np.maximum(shut, 0.45 * max(performer.lids, 0.0))[:, None]
    gaze(out, times, random)


def gaze(out: np.ndarray, times: np.ndarray, random: np.random.Generator) -> None:
    """Saccades between a few fixations, mostly at the listener; ``x`` to the character's left, ``y`` up."""
    x, y, at = np.zeros(len(times)), np.zeros(len(times)), 0.0
    while at < times[-1]:
        aside = random.random() < 0.35
        here = times >= at
        x[here] = random.normal(0.0, 0.22) if aside else random.normal(0.0, 0.03)
        y[here] = random.normal(0.0, 0.15) if aside else random.normal(0.0, 0.03)
        at += random.uniform(0.3, 0.7) if aside else random.uniform(0.7, 2.2)
    for name, values in (("OutLeft", x), ("InRight", x), ("InLeft", -x), ("OutRight", -x)):
        out[:, INDEX[f"eyeLook{name}"]] = np.maximum(values, 0.0)
    out[:, pair("eyeLookUp")] = np.maximum(y, 0.0)[:, None]
    out[:, pair("eyeLookDown")] = np.maximum(-y, 0.0)[:, None]


def head(
    out: np.ndarray, performer: Performer, accent: np.ndarray, times: np.ndarray, random: np.random.Generator
) -> None:
    """A nod on every accent over slow sway: sums of three incommensurate sines."""
    phase = random.uniform(0.0, 2 * np.pi, (3, 3))
    rates = np.array([0.13, 0.29, 0.53])
    slow = np.sin(2 * np.pi * rates[:, None] * times + phase[:, :, None]).mean(1)
    out[:, INDEX["headYaw"]] = performer.sway * slow[0]
    out[:, INDEX["headRoll"]] = 0.6 * performer.sway * slow[1]
    out[:, INDEX["headPitch"]] = performer.bow + 0.4 * performer.sway * slow[2] + performer.nod * accent
