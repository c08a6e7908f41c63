"""Valence and arousal as expression offsets on top of speech.

The circumplex of Russell (1980) with the action units that Ekman and Friesen's FACS ties to its corners:
pleasure lifts lip corners and cheeks (AU 12, 6), displeasure lowers corners and brows (AU 15, 4), arousal
widens eyes and raises brows (AU 5, 1 + 2), its lack lets the lids sink (AU 43). Nothing here opens or closes
the lips: channels that move a lip away from or onto the other (sneer, jaw, press) take no part.
"""

from __future__ import annotations

import numpy as np

from .types import CHANNELS, INDEX, C

PLEASED = {"mouthSmile": 0.35, "cheekSquint": 0.25, "eyeSquint": 0.12}
DISPLEASED = {"mouthFrown": 0.35, "browDown": 0.3}
AROUSED = {"eyeWide": 0.3, "browOuterUp": 0.25, "browInnerUp": 0.2}
CALM = {"eyeBlink": 0.12, "eyeSquint": 0.05}


def direction(amounts: dict[str, float]) -> np.ndarray:
    """Offsets ``float32 [55]`` of both sides of each named channel."""
    out = np.zeros(C, np.float32)
    for name, amount in amounts.items():
        for side in ("Left", "Right", ""):
            if name + side in CHANNELS:
                out[INDEX[name + side]] = amount
    return out


VALENCE = direction(PLEASED), direction(DISPLEASED)
AROUSAL = direction(AROUSED), direction(CALM)


def offsets(valence: float | np.ndarray, arousal: float | np.ndarray) -> np.ndarray:
    """``float32 [..., 55]`` for valence and arousal ``[...]`` in [-1, 1]; zero at (0, 0)."""
    out = np.float32(0)
    for value, (up, down) in ((valence, VALENCE), (arousal, AROUSAL)):
        value = np.clip(np.asarray(value, np.float32), -1.0, 1.0)[..., None]
        out = out + np.where(value >= 0, value * up, -value * down)
    return out


def express(channels: np.ndarray, valence: float | np.ndarray, arousal: float | np.ndarray) -> np.ndarray:
    """``channels [..., 55]`` with the expression added."""
    return channels + offsets(valence, arousal)


def moods(valence: float | np.ndarray, arousal: float | np.ndarray, frames: int) -> np.ndarray:
    """Constants, or values per frame ``[frames]`` → ``float32 [frames, 2]``."""
    return np.stack([np.broadcast_to(np.float32(curve), frames) for curve in (valence, arousal)], -1)
