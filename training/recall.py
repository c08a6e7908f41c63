"""Does the inverted file find what exact search finds, at a million entries?"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from ..inference.index import CellIndex, ExactIndex
from ..inference.model import Model
from .dataset import Utterance
from .figures import Figure
from .prediction import as_take

GROUP = "Retrieval: a million entries"
SIZE = 1_000_000
QUERIES = 200
JITTER = 0.05
"""Noise per key coordinate (of about 0.12) that makes further entries out of the embedded ones."""


def unit(keys: np.ndarray) -> np.ndarray:
    return keys / np.linalg.norm(keys, axis=1, keepdims=True)


def figures(model: Model, clips: Sequence[Utterance], seed: int = 5) -> list[Figure]:
    """Recall of the inverted file and the time of a search, keys and queries from ``clips``' takes."""
    rng = np.random.default_rng(seed)
    keys = np.concatenate([model.embed(as_take(clip)).keys for clip in clips])
    held, shelf = keys[::5], np.delete(keys, slice(None, None, 5), 0)
    picks = rng.integers(len(shelf), size=SIZE)
    many = unit(shelf[picks] + JITTER * rng.standard_normal((SIZE, keys.shape[1])).astype(np.float32))
    queries = held[rng.choice(len(held), QUERIES, replace=len(held) < QUERIES)]
    zeros = np.zeros(SIZE)
    exact, cells = ExactIndex(many, zeros), CellIndex(many, zeros)
    recalls, milliseconds = [], {"exact": [], "inverted file": []}
    for query in queries:
        found = []
        for who, index in (("exact", exact), ("inverted file", cells)):
            started = time.perf_counter()
            found.append(index.search(query, model.found)[0])
            milliseconds[who].append(1e3 * (time.perf_counter() - started))
        recalls.append(len(np.intersect1d(*found)) / model.found)
    rows = [Figure.of_mean(GROUP, "inverted file", "recall", np.array(recalls))]
    for who, values in milliseconds.items():
        rows.append(Figure(GROUP, who, "median search, ms", float(np.median(values)), None, QUERIES))
    return rows
