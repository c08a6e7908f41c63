"""A bank that remembers how much each reference gave, tick by tick, so that an artist can see it."""

from __future__ import annotations

import numpy as np

from .bank import Bank
from .model import Found, Model


class WitnessBank(Bank):
    """A bank for one bake of one track; its answers are those of a ``Bank``, bit by bit."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._seen: list[np.ndarray] = []

    def offer(self, query: np.ndarray, found: Found, row: int, strength: float = 1.0) -> np.ndarray:
        parts = super().offer(query, found, row, strength)
        self._seen.append(np.asarray(parts, np.float32))
        return parts

    def shares(self) -> dict[str, float]:
        """Content hash → share of all ticks, 0..1; sums to 1 where references were followed at all."""
        return {key: float(run.mean()) for key, run in self.course(1).items()}

    def course(self, columns: int) -> dict[str, np.ndarray]:
        """Content hash → share over the bake, ``float32 [columns]``, means of equal stretches of ticks."""
        shelf = self.shelf
        if shelf is None:
            return {}
        ticks = np.zeros((len(self._seen), len(shelf.hashes)), np.float32)
        for row, parts in zip(ticks, self._seen, strict=True):
            row[: len(parts)] = parts
        stretches = [
            part.mean(axis=0) if len(part) else ticks.sum(axis=0) * 0
            for part in np.array_split(ticks, columns)
        ]
        return dict(zip(shelf.hashes, np.array(stretches).T, strict=True))
