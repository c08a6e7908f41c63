"""What the face does besides the mouth when someone laughs, cries or coughs.

The ear tells vocal events from speech; brows, eyes, cheeks and lip corners answer with the action units that
FACS (Ekman and Friesen 1978) ties to them. Jaw and lips stay with the sound, which opens and shuts them
already.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .expression import direction
from .types import C

REACTIONS: dict[str, dict[str, float]] = {
    "laugh": {"mouthSmile": 0.6, "cheekSquint": 0.5, "eyeSquint": 0.4},
    "cry": {"browInnerUp": 0.5, "browDown": 0.2, "mouthFrown": 0.35, "mouthStretch": 0.25, "eyeSquint": 0.5},
    "scream": {"browInnerUp": 0.3, "browDown": 0.2, "mouthStretch": 0.35, "eyeSquint": 0.3},
    "groan": {"browDown": 0.35, "eyeSquint": 0.35, "mouthStretch": 0.15},
    "cough": {"browDown": 0.25, "eyeSquint": 0.5},
    "sneeze": {"browDown": 0.3, "eyeSquint": 0.6},
    "gasp": {"browInnerUp": 0.25, "browOuterUp": 0.35, "eyeWide": 0.4},
}
"""Channels of both sides at full strength. Breath, hum, lip smack and snore are matters of the mouth."""
HEARD, SURE = 0.5, 0.9
"""Probability of an event from which on the face answers, and from which on fully."""
RISE, FALL = 0.35, 0.08
"""Share of the way to its goal that a reaction goes in a tick: there in 0.1 s, gone in 0.5 s."""


def reactions(names: Sequence[str]) -> np.ndarray:
    """Offsets ``float32 [E, 55]`` of each of the events ``names``."""
    return np.array([direction(REACTIONS.get(name, {})) for name in names], np.float32).reshape(-1, C)


def follow(felt: np.ndarray, events: np.ndarray) -> np.ndarray:
    """Strengths of reactions in [0, 1], ``float32 [B, T, E]``, from those of the last tick ``felt [B, E]``
    and the probabilities heard since, ``events [B, T, E]``."""
    goals = np.clip((events - HEARD) / (SURE - HEARD), 0, 1)
    strengths = np.empty_like(goals)
    for tick in range(goals.shape[1]):
        goal = goals[:, tick]
        felt = felt + np.where(goal > felt, RISE, FALL).astype(np.float32) * (goal - felt)
        strengths[:, tick] = felt
    return strengths


def answer(strengths: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """What reactions of ``strengths [B, T, E]`` add to the face, ``float32 [B, T, 55]``; ``offsets [E, 55]``.

    A matrix product would round one tick otherwise than eight; a sum over events does not.
    """
    return (strengths[..., None] * offsets).sum(-2)
