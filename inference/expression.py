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


def offsets(valence: float, arousal: float) -> np.ndarray:
    """``float32 [55]`` for valence and arousal in [-1, 1]; zero at (0, 0)."""
    out = np.zeros(C, np.float32)
    for value, (up, down) in ((valence, VALENCE), (arousal, AROUSAL)):
        value = np.float32(np.clip(value, -1.0, 1.0))
        out += value * up if value >= 0 else -value * down
    return out


def express(channels: np.ndarray, valence: float, arousal: float) -> np.ndarray:
    """``channels [B, 55]`` with the expression added; the same array where there is none."""
    return channels + offsets(valence, arousal) if valence or arousal else channels
