"""References, each embedded once: kept in memory, and on disk by the hash of their content.

A file of the cache that is damaged, half there or another's counts as absent, and is written anew. Any number
of programs may share a folder: each writes beside and renames, and all write the same.
"""

from __future__ import annotations

import hashlib
import io
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np

from .. import source
from ..bank import Bank
from ..entries import Entries
from ..errors import MouthpieceError
from ..model import Model
from ..output import replacing
from .encode import pack
from .line import Line

Arrays = dict[str, np.ndarray]
Notes = tuple[str, ...]
_CHECK = "sha256"


class References:
    """The banks of references that lines ask for, by ``TAKE[:AUDIO]``."""

    def __init__(self, model: Model, maker: str, folder: Path | None = None) -> None:
        """``maker`` tells this ``model`` and how takes are read from others; without a ``folder`` nothing is
        kept on disk."""
        self.model, self.maker, self.folder = model, maker, folder
        self._filled = lru_cache(maxsize=64)(self._bank)
        self._entry = lru_cache(maxsize=1024)(self._embedded)

    def bank(self, references: tuple[str, ...], weights: tuple[float, ...] = ()) -> Bank:
        """A bank of all ``references`` as they are now, the same in any order. Raises TakeError or
        AudioError."""
        return self.noted(references, weights)[0]

    def noted(self, references: tuple[str, ...], weights: tuple[float, ...] = ()) -> tuple[Bank, Notes]:
        """``bank`` with what was mended or is missing in the takes, in sentences that name them."""
        return self._filled(tuple((text, source.reference_digest(text)) for text in references), weights)

    def _bank(
        self, references: tuple[tuple[str, str], ...], weights: tuple[float, ...]
    ) -> tuple[Bank, Notes]:
        bank, said = Bank(self.model), {}
        for reference, weight in zip(references, weights or [1.0] * len(references), strict=True):
            key, arrays, notes = self._entry(*reference)
            bank.add_entries(key, Entries(**arrays), weight)
            said |= dict.fromkeys(notes)
        return bank, tuple(said)

    def _embedded(self, text: str, digest: str) -> tuple[str, Arrays, Notes]:
        """Content hash, embedding and notes of a reference, from the disk if they are there."""
        name = hashlib.sha256(f"{self.maker}/{digest}".encode()).hexdigest()
        path = self.folder / f"{name}.npz" if self.folder else None
        stored = load(path) if path else None
        if stored is not None:
            return str(stored.pop("take")), stored, tuple(stored.pop("notes").tolist())
        take, notes = source.noted_take(text)
        arrays = self.model.embed(take).arrays()
        if path:
            with suppress(MouthpieceError):  # a cache that cannot be written costs time, never a line
                about = {"take": np.str_(take.content_hash), "notes": np.array(notes, np.str_)}
                store(path, arrays | about)
        return take.content_hash, arrays, notes


def weighed(line: Line) -> list[tuple[str, float]]:
    """The references of a line with their weights."""
    return list(zip(line.references, line.weights or [1.0] * len(line.references), strict=True))


def store(path: Path, arrays: Arrays) -> None:
    """Write ``arrays`` with their check sum, whole or not at all. Raises OutputError."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, binary=True) as file:
        file.write(pack(arrays | {_CHECK: np.str_(_sum(arrays))}))


def load(path: Path) -> Arrays | None:
    """What ``store`` wrote; None when there is nothing, or nothing that can be trusted."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except Exception:  # a flipped bit may pass for encryption, for a strange method, for anything
        return None
    return arrays if str(arrays.pop(_CHECK, "")) == _sum(arrays) else None


def _sum(arrays: Arrays) -> str:
    """SHA-256 of names, types, shapes and values."""
    found = hashlib.sha256()
    for name in sorted(arrays):
        values = np.asarray(arrays[name])
        found.update(f"{name} {values.dtype.str} {values.shape}".encode())
        found.update(np.ascontiguousarray(values).tobytes())
    return found.hexdigest()
