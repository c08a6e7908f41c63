"""Articulation by rule: phone times to mouth channels through blended dominance functions.

Every phone pulls each articulatory parameter toward its target with a strength that fades with distance in
time, and the parameter is the strength-weighted mean of all targets: M. M. Cohen and D. W. Massaro,
"Modeling coarticulation in synthetic visual speech", Models and Techniques in Computer Animation, 1993.
"""

from __future__ import annotations

import numpy as np

from ..inference.types import INDEX, C
from .voice import Phone

PARAMETERS = ("jaw", "close", "round", "funnel", "spread", "dental", "up", "down", "tongue")
"""Opening of the jaw, seal of the lips, puckering, funnelling, spreading, lower lip under the teeth, raised
upper lip, lowered lower lip, tongue between the teeth; all 0..1."""

TARGETS: dict[str, dict[str, float]] = {
    "aa": {"jaw": 0.75, "up": 0.15, "down": 0.30},
    "ae": {"jaw": 0.62, "spread": 0.35, "up": 0.20, "down": 0.35},
    "ah": {"jaw": 0.45, "down": 0.20},
    "ao": {"jaw": 0.55, "funnel": 0.50, "round": 0.15},
    "ax": {"jaw": 0.25, "down": 0.10},
    "eh": {"jaw": 0.45, "spread": 0.28, "up": 0.12, "down": 0.28},
    "er": {"jaw": 0.24, "funnel": 0.40, "round": 0.15},
    "ih": {"jaw": 0.25, "spread": 0.32, "down": 0.20},
    "iy": {"jaw": 0.15, "spread": 0.60, "up": 0.12, "down": 0.25},
    "uh": {"jaw": 0.24, "round": 0.45, "funnel": 0.20},
    "uw": {"jaw": 0.12, "round": 0.90, "funnel": 0.15},
    "b": {"close": 1.0, "jaw": 0.08},
    "p": {"close": 1.0, "jaw": 0.08},
    "m": {"close": 1.0, "jaw": 0.08},
    "f": {"dental": 1.0, "jaw": 0.12, "up": 0.22},
    "v": {"dental": 0.9, "jaw": 0.12, "up": 0.18},
    "th": {"tongue": 0.40, "jaw": 0.20, "down": 0.15},
    "dh": {"tongue": 0.30, "jaw": 0.18, "down": 0.12},
    "w": {"round": 1.0, "jaw": 0.08},
    "r": {"round": 0.40, "funnel": 0.30, "jaw": 0.15},
    "l": {"jaw": 0.25, "down": 0.12},
    "y": {"jaw": 0.14, "spread": 0.50},
    "sh": {"funnel": 0.65, "jaw": 0.10, "up": 0.20, "down": 0.25},
    "s": {"jaw": 0.07, "spread": 0.28, "up": 0.10, "down": 0.22},
    "n": {"jaw": 0.16, "spread": 0.12, "down": 0.12},
    "k": {"jaw": 0.24, "down": 0.10},
    "pau": {},
}
ALIKE = {
    "z": "s", "t": "s", "d": "n", "zh": "sh", "ch": "sh", "jh": "sh", "g": "k", "ng": "k", "hh": "k",
    "em": "m", "en": "n",
}  # fmt: skip
GLIDES = {"ay": ("aa", "iy"), "aw": ("aa", "uw"), "ey": ("eh", "iy"), "ow": ("ao", "uw"), "oy": ("ao", "iy")}
VOWELS = frozenset({"aa", "ae", "ah", "ao", "ax", "eh", "er", "ih", "iy", "uh", "uw"})

FADE = 0.055
"""Seconds in which a phone's pull falls to 1/e beyond its own span."""
PULL = {"close": 7.0, "dental": 4.0, "round": 2.5, "tongue": 3.0, "funnel": 1.5}
"""Strength with which a phone that needs a parameter pulls it; what it does not need it pulls weakly."""
INDIFFERENT = 0.35
SHARP = 1.8
"""Closures are quick: their pull fades this much faster."""


def split_glides(phones: list[Phone]) -> list[Phone]:
    """Diphthongs as two vowels (60 : 40) and look-alikes under one name."""
    out: list[Phone] = []
    for phone in phones:
        if phone.name in GLIDES:
            turn = phone.start + 0.6 * (phone.end - phone.start)
            first, second = GLIDES[phone.name]
            out += [Phone(phone.start, turn, first), Phone(turn, phone.end, second)]
        else:
            out.append(Phone(phone.start, phone.end, ALIKE.get(phone.name, phone.name)))
    return out


def tracks(phones: list[Phone], times: np.ndarray, crisp: float = 1.0) -> dict[str, np.ndarray]:
    """Each parameter over ``times [T]`` seconds; ``crisp`` above 1 shortens the overlap of phones."""
    phones = split_glides(phones)
    start = np.array([p.start for p in phones])[:, None]
    end = np.array([p.end for p in phones])[:, None]
    beyond = np.maximum(np.maximum(start - times, times - end), 0.0)
    reach = np.exp(-beyond * crisp / FADE)
    return {name: blend(phones, reach, name) for name in PARAMETERS}


def blend(phones: list[Phone], reach: np.ndarray, name: str) -> np.ndarray:
    """Strength-weighted mean target ``[T]`` of one parameter; ``reach [P, T]``."""
    target = np.array([TARGETS[p.name].get(name, 0.0) for p in phones])
    needs = np.array([name in TARGETS[p.name] or p.name == "pau" for p in phones])
    opens = np.array([p.name in VOWELS for p in phones]) & (name in ("close", "jaw"))
    pull = np.where(target > 0, PULL.get(name, 1.0), np.where(needs | opens, 1.5, INDIFFERENT))
    weight = pull[:, None] * reach ** (SHARP if name == "close" else 1.0)
    return (weight * target[:, None]).sum(0) / weight.sum(0)


def mouth_channels(
    tracks: dict[str, np.ndarray], opening: float, rounding: float, spreading: float
) -> np.ndarray:
    """Parameters to channels ``float32 [T, C]`` (mouth and jaw only), with a performer's three gains.

    A seal closes whatever the jaw opens, so closures hold in every manner.
    """
    t = tracks
    seal = np.clip(t["close"] * 1.15, 0.0, 1.0)
    free = 1.0 - seal
    jaw = np.clip(t["jaw"] * opening, 0.0, 1.0)
    out = np.zeros((len(jaw), C), np.float32)

    def put(name: str, values: np.ndarray) -> None:
        for key in (name,) if name in INDEX else (f"{name}Left", f"{name}Right"):
            out[:, INDEX[key]] = np.clip(values, 0.0, 1.0)

    put("jawOpen", jaw)
    put("mouthClose", jaw * seal)
    put("mouthPress", 0.35 * seal**2)
    put("mouthPucker", t["round"] * rounding * (0.35 + 0.65 * free))
    put("mouthFunnel", t["funnel"] * rounding * free)
    put("mouthStretch", 0.45 * t["spread"] * spreading)
    put("mouthSmile", 0.40 * t["spread"] * spreading)
    put("mouthRollLower", 0.75 * t["dental"])
    put("mouthUpperUp", (t["up"] + 0.25 * t["dental"]) * opening * free)
    put("mouthLowerDown", t["down"] * opening * free)
    put("tongueOut", t["tongue"] * free)
    return out
