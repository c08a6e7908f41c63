"""Any number of reference takes to one style vector, the same in any order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .errors import TakeError
from .model import Model
from .types import Take


@dataclass(frozen=True)
class Entry:
    """A take's embedding ``[S]`` and its weight."""

    embedding: np.ndarray
    weight: float


class StyleBank:
    """References by content hash; the same take added twice counts once, with the last weight."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.entries: dict[str, Entry] = {}

    def add(self, take: Take, weight: float = 1.0) -> str:
        """Add a take and return its content hash. Raises TakeError when it cannot be used."""
        if not (np.isfinite(weight) and weight >= 0):
            raise TakeError(f"The take '{take.name}' weighs {weight:g}: give a weight of 0 or more.")
        key = take.content_hash
        known = self.entries.get(key)
        self.entries[key] = Entry(known.embedding if known else self.model.embed(take), float(weight))
        return key

    def remove(self, key: str) -> None:
        """Forget the take of that hash; KeyError when there is none."""
        del self.entries[key]

    def style(self) -> np.ndarray:
        """Weighted mean ``float32 [S]``, summed in float64 in hash order; zeros when the bank is empty."""
        chosen = [self.entries[key] for key in sorted(self.entries) if self.entries[key].weight > 0]
        total, weight = np.zeros(self.model.style_size, np.float64), 0.0
        for entry in chosen:
            total += entry.weight * entry.embedding.astype(np.float64)
            weight += entry.weight
        return (total / (weight or 1.0)).astype(np.float32)
