"""Nearest entries of a query by similarity: exact for most banks, in cells for huge ones.

Candidates come from float32 products; they are scored again in float64 and ties go to the earlier entry, so
that the result does not depend on how a library sums. Keys and queries have length one.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

EXACT_LIMIT = 100_000
"""Entries up to which every one is looked at."""
BLOCK = 64
"""Entries whose highest score is found first; they lie evenly apart, as a processor finds it fastest."""
BOUNDED_FROM = 10_000
"""Entries from which on it pays to look at leading axes first."""
LEADING = 10
"""Axes that are looked along first."""
SPAN = 512
"""Entries whose columns are multiplied at once, by the calling thread alone (``TOGETHER``)."""
FEW = 0.1
"""Share of the entries up to which candidates are looked at one by one."""
TOGETHER = 8192
"""Numbers in one product: for more of them BLAS wakes its other threads, and waits for them for milliseconds
where the computer is busy."""
MARGIN = 1e-5
"""More than a float32 product of unit vectors can be wrong by."""
ENTRIES_PER_CELL = 512
PROBED = 0.06
"""Share of the cells that a query looks into."""
ROUNDS = 6
SAMPLED_PER_CELL = 24


class Index(Protocol):
    """Finds the places of the ``count`` entries with the highest ``key · query + bias``, best first."""

    def search(self, query: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """``query float32 [K]`` → places ``int [n]`` and scores ``float64 [n]``, ``n <= count``."""
        ...


def product(rows: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """``rows [N, K] @ vector [K]`` on the calling thread alone."""
    size = TOGETHER // rows.shape[1]
    whole = len(rows) // size * size
    scores = np.empty(len(rows), np.result_type(rows, vector))
    np.matmul(rows[:whole].reshape(-1, size, rows.shape[1]), vector, out=scores[:whole].reshape(-1, size))
    np.matmul(rows[whole:], vector, out=scores[whole:])
    return scores


def in_columns(rows: np.ndarray) -> np.ndarray:
    """``rows float32 [N, K]`` as columns ``[N / SPAN, K, SPAN]``, the way in which few numbers of many rows
    are multiplied fastest; the last ones are filled up with rows of zeros."""
    rows = np.pad(rows, ((0, -len(rows) % SPAN), (0, 0)))
    return np.ascontiguousarray(rows.reshape(-1, SPAN, rows.shape[1]).transpose(0, 2, 1))


def blocks_of(size: int) -> int:
    """How many blocks ``size`` entries make."""
    return -(-size // BLOCK)


def highest(values: np.ndarray) -> np.ndarray:
    """The highest of each block of ``values [N]``: of ``B`` blocks, the first has entries 0, B, 2 B …"""
    blocks = blocks_of(len(values))
    whole = len(values) // blocks * blocks
    tops = values[:whole].reshape(-1, blocks).max(0)
    rest = values[whole:]
    np.maximum(tops[: len(rest)], rest, out=tops[: len(rest)])
    return tops


def members(chosen: np.ndarray, size: int) -> np.ndarray:
    """Places of all of ``size`` entries that are in the ``chosen`` blocks, in ascending order."""
    places = np.add.outer(np.arange(0, size, blocks_of(size)), chosen).ravel()
    return np.sort(places[places < size])


def best(scores: np.ndarray, tops: np.ndarray, count: int) -> np.ndarray:
    """Places of all float32 ``scores [N]``, whose ``highest`` are ``tops``, that may be among the ``count``
    highest, in ascending order."""
    places = members(np.flatnonzero(tops >= reached(tops, count)), len(scores))
    return contenders(scores[places], places, count)


def contenders(scores: np.ndarray, places: np.ndarray, count: int) -> np.ndarray:
    """Those of ``places`` whose float32 ``scores`` may be among their ``count`` highest."""
    return places[scores >= reached(scores, count)]


def reached(scores: np.ndarray, count: int) -> float:
    """What the ``count`` highest of float32 ``scores`` may be by right; minus infinity where fewer are."""
    return np.partition(scores, -count)[-count] - MARGIN if len(scores) >= count else -np.inf


def rescore(
    keys: np.ndarray, biases: np.ndarray, query: np.ndarray, places: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The ``count`` best of ``places`` by float64 score; ties go to the lower place."""
    scores = (keys[places].astype(np.float64) * query.astype(np.float64)).sum(1) + biases[places]
    order = np.lexsort((places, -scores))[:count]
    return places[order], scores[order]


class ExactIndex:
    """Looks at every entry: ``keys float32 [N, K]`` of length one, ``biases float64 [N]`` added to scores."""

    def __init__(self, keys: np.ndarray, biases: np.ndarray) -> None:
        self.keys, self.biases = np.ascontiguousarray(keys), biases
        self.added = biases.astype(np.float32)

    def search(self, query: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        scores = product(self.keys, query)
        scores += self.added
        return rescore(self.keys, self.biases, query, best(scores, highest(scores), count), count)


class BoundedIndex(ExactIndex):
    """As exact, but reads few numbers of most entries: their part along the keys' leading principal axes,
    and how long the rest of them is, which limits what the rest can add (Cauchy-Schwarz)."""

    def __init__(self, keys: np.ndarray, biases: np.ndarray) -> None:
        super().__init__(keys, biases)
        self.axes = np.linalg.eigh(self.keys.T @ self.keys)[1][:, -LEADING:]
        leading, rest = self._parts(self.keys)
        self.columns = in_columns(np.column_stack([leading, rest, self.added]))

    def search(self, query: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        leading, rest = self._parts(query)
        bounds = np.matmul(np.append(leading, (rest, 1)).astype(np.float32), self.columns)
        bounds = bounds.ravel()[: len(self.keys)]
        likely = best(bounds, highest(bounds), count)
        places = np.flatnonzero(bounds >= reached(self._scores(likely, query), count) - MARGIN)
        if len(places) > FEW * len(bounds):
            return super().search(query, count)
        places = contenders(self._scores(places, query), places, count)
        return rescore(self.keys, self.biases, query, places, count)

    def _scores(self, places: np.ndarray, query: np.ndarray) -> np.ndarray:
        """Of the entries at ``places``, float32."""
        return product(self.keys[places], query) + self.added[places]

    def _parts(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``[..., K]`` → the part along the axes ``[..., LEADING]``, and the length of the rest ``[...]``."""
        leading = vectors @ self.axes
        return leading, np.linalg.norm(vectors - leading @ self.axes.T, axis=-1)


class CellIndex:
    """Inverted file (Jégou et al. 2011): entries sorted into cells of similar keys, few cells looked into.

    The cells are mean directions (spherical k-means) of an evenly spaced sample: the same entries
    in the same order give the same cells. One that nothing came into, as where keys repeat, is none.
    """

    def __init__(self, keys: np.ndarray, biases: np.ndarray) -> None:
        cells = max(1, len(keys) // ENTRIES_PER_CELL)
        centres = centres_of(keys, cells)
        used, home = np.unique(nearest_centre(keys, centres), return_inverse=True)
        self.centres = centres[used]
        order = np.argsort(home, kind="stable")
        self.places = order
        self.keys, self.biases = np.ascontiguousarray(keys[order]), biases[order]
        self.starts = np.searchsorted(home[order], np.arange(len(used) + 1))
        self.probes = max(8, round(PROBED * len(used)))

    def search(self, query: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        nearness = product(self.centres, query)
        probed = np.sort(np.argpartition(-nearness, min(self.probes, len(nearness) - 1))[: self.probes])
        spans = [np.arange(self.starts[c], self.starts[c + 1]) for c in probed]
        scores = [
            product(self.keys[self.starts[c] : self.starts[c + 1]], query)
            + self.biases[self.starts[c] : self.starts[c + 1]].astype(np.float32)
            for c in probed
        ]
        inside = np.concatenate(spans)
        scores = np.concatenate(scores)
        inside = inside[best(scores, highest(scores), count)]
        exact = (self.keys[inside].astype(np.float64) * query.astype(np.float64)).sum(1) + self.biases[inside]
        places = self.places[inside]
        chosen = np.lexsort((places, -exact))[:count]
        return places[chosen], exact[chosen]


def nearest_centre(keys: np.ndarray, centres: np.ndarray, chunk: int = 16_384) -> np.ndarray:
    """Index of the most similar centre of each key, ``int [N]``."""
    parts = [np.argmax(keys[i : i + chunk] @ centres.T, 1) for i in range(0, len(keys), chunk)]
    return np.concatenate(parts)


def centres_of(keys: np.ndarray, cells: int) -> np.ndarray:
    """Spherical k-means of a sample: unit vectors ``float32 [cells, K]``."""
    step = max(1, len(keys) // (cells * SAMPLED_PER_CELL))
    sample = keys[::step]
    centres = sample[:: max(1, len(sample) // cells)][:cells].copy()
    for _ in range(ROUNDS):
        home = nearest_centre(sample, centres)
        sums = np.zeros_like(centres)
        np.add.at(sums, home, sample)
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(length > 0, sums / np.maximum(length, 1e-9), centres)
    return centres


def make_index(keys: np.ndarray, biases: np.ndarray) -> Index:
    """The index that suits the number of entries."""
    if len(keys) < BOUNDED_FROM:
        return ExactIndex(keys, biases)
    return (BoundedIndex if len(keys) <= EXACT_LIMIT else CellIndex)(keys, biases)
