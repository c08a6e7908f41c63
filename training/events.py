"""Non-speech vocal events: their names, and when a recording of one is active."""

from __future__ import annotations

import numpy as np

EVENTS: tuple[str, ...] = (
    "breath", "cough", "cry", "gasp", "groan", "hum", "laugh", "lipSmack", "scream", "sneeze", "snore",
)  # fmt: skip
FOLDERS = {"cry_baby": "cry", "lip_smack": "lipSmack"}
"""Class names of the corpus that differ from ours."""
UNKNOWN = -1
NONE = len(EVENTS)
"""Label of a tick without any event."""
ACTIVE_RANGE = 4.0
"""Log-power below a recording's loudest tick within which an event sounds."""


def event_index(name: str) -> int:
    """Index in ``EVENTS``; ``NONE`` for the corpus' negatives."""
    name = FOLDERS.get(name, name)
    return NONE if name == "negative" else EVENTS.index(name)


def event_labels(mel: np.ndarray, event: int) -> np.ndarray:
    """``mel [4 T, 80]`` of a clip of class ``event`` → labels ``int [T]``; quiet ticks are no event."""
    level = np.asarray(mel, np.float32).mean(1).reshape(-1, 4).max(1)
    return np.where(level > level.max(initial=-99.0) - ACTIVE_RANGE, event, NONE)
