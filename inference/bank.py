"""Any number of reference takes, found by what is heard and how the face has just moved."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .entries import Entries
from .errors import TakeError
from .index import Index, make_index
from .model import NOT_FOUND, Found, Model
from .types import Take


@dataclass(frozen=True)
class Remembered:
    """A take's entries and its weight."""

    entries: Entries
    weight: float


@dataclass(frozen=True)
class Shelf:
    """All entries in canonical order (by content hash, then time), ready to be searched."""

    values: np.ndarray
    """float32 [N, V]"""
    owners: np.ndarray
    """int [N], index of each entry's take in ``hashes``"""
    hashes: tuple[str, ...]
    style: np.ndarray
    """float32 [S], weighted mean over entries; where brows and eyes rest, over those that show them; 1"""
    index: Index


class Bank:
    """References by content hash; the same take added twice counts once, with the last weight.

    The same takes give the same bits, whatever the order in which they came and what has been removed since.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.takes: dict[str, Remembered] = {}
        self._shelf: Shelf | None = None

    def __len__(self) -> int:
        """Number of entries."""
        return sum(len(take.entries) for take in self.takes.values() if take.weight > 0)

    def add(self, take: Take, weight: float = 1.0) -> str:
        """Add a take and return its content hash. Raises TakeError when it cannot be used."""
        if not (np.isfinite(weight) and weight >= 0):
            raise TakeError(f"The take '{take.name}' weighs {weight:g}: give a weight of 0 or more.")
        key = take.content_hash
        known = self.takes.get(key)
        self.add_entries(key, known.entries if known else self.model.embed(take), weight)
        return key

    def add_entries(self, key: str, entries: Entries, weight: float = 1.0) -> None:
        """Add what ``Model.embed`` made of the take with that hash, from a cache say."""
        self.takes[key] = Remembered(entries, float(weight))
        self._shelf = None

    def remove(self, key: str) -> None:
        """Forget the take of that hash; KeyError when there is none."""
        del self.takes[key]
        self._shelf = None

    @property
    def shelf(self) -> Shelf | None:
        """The entries in canonical order; None when there is none."""
        if self._shelf is None and len(self):
            self._shelf = self._arrange()
        return self._shelf

    def find(self, query: np.ndarray, strength: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """Places of the entries that suit ``query float32 [K]`` and their attention biases, best first."""
        shelf = self.shelf
        if shelf is None or strength <= 0:
            return np.zeros(0, int), np.zeros(0)
        places, scores = shelf.index.search(query, self.model.found)
        return places, scores * self.model.sharpness + math.log(strength)

    def offer(self, query: np.ndarray, found: Found, row: int, strength: float = 1.0) -> np.ndarray:
        """Fill ``row`` of ``found`` with what suits ``query``; returns each take's share of the attention.

        The share is among the references alone, ``float64 [takes]`` in the order of ``shelf.hashes``.
        """
        places, biases = self.find(query, strength)
        found.values[row], found.biases[row] = 0.0, NOT_FOUND
        if not len(places):
            found.style[row] = 0.0
            return np.zeros(0)
        shelf = self.shelf
        found.style[row] = shelf.style * np.float32(strength)
        found.values[row, : len(places)] = shelf.values[places]
        found.values[row, :, -self.model.deviation_size :] *= np.float32(strength)
        found.biases[row, : len(places)] = biases
        weights = np.exp(biases - biases[0])
        return np.bincount(shelf.owners[places], weights / weights.sum(), len(shelf.hashes))

    def _arrange(self) -> Shelf:
        chosen = {key: self.takes[key] for key in sorted(self.takes) if self.takes[key].weight > 0}
        entries = [take.entries for take in chosen.values()]
        lengths = [len(e) for e in entries]
        weights = np.repeat([take.weight for take in chosen.values()], lengths)
        styles = np.concatenate([e.styles for e in entries]).astype(np.float64)
        mean = (styles * weights[:, None]).sum(0) / weights.sum()
        mean[-1 - self.model.rest_size : -1] /= mean[-1] or 1.0  # by what shows brows and eyes alone
        mean[-1] = 1.0
        keys = np.concatenate([e.keys for e in entries])
        biases = np.log(weights / weights.max()) / self.model.sharpness
        return Shelf(
            np.concatenate([e.values for e in entries]),
            np.repeat(np.arange(len(chosen)), lengths),
            tuple(chosen),
            mean.astype(np.float32),
            make_index(keys, biases),
        )
