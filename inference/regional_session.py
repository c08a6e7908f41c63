"""Two sessions side by side, with the references and without, blended by region."""

from __future__ import annotations

import numpy as np

from .regions import Influence, blend
from .session import Session, Snapshot

PLAIN, STYLED = "plain.", "styled."
"""What the names in a snapshot begin with."""


class RegionalSession:
    """A session whose regions follow the references to different degrees; used like a ``Session``."""

    def __init__(self, plain: Session, styled: Session, influence: Influence) -> None:
        self._both, self._influence = (plain, styled), influence

    @property
    def frame(self) -> int:
        """Frames made so far."""
        return self._both[0].frame

    @frame.setter
    def frame(self, value: int) -> None:
        for session in self._both:
            session.frame = value

    def push(self, samples: np.ndarray, mood: np.ndarray | None = None) -> np.ndarray:
        """``[N]`` samples to the frames they complete, ``[T, 55]``, in their mood ``[T, 2]``."""
        return blend(*(session.push(samples, mood) for session in self._both), self._influence)

    def flush(self, mood: np.ndarray | None = None) -> np.ndarray:
        """The frame of an unfinished tick, completed with silence."""
        return blend(*(session.flush(mood) for session in self._both), self._influence)

    def save(self) -> Snapshot:
        """Everything that the next frame depends on, settings apart."""
        pairs = zip((PLAIN, STYLED), self._both, strict=True)
        return {prefix + name: value for prefix, session in pairs for name, value in session.save().items()}

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from ``snapshot``; each side takes its own part."""
        for prefix, session in zip((PLAIN, STYLED), self._both, strict=True):
            session.restore({n.removeprefix(prefix): v for n, v in snapshot.items() if n.startswith(prefix)})
