"""Embedded references on disk, so that a take is looked at once and not at every bake."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from .batch.references import load, store
from .entries import Entries
from .errors import OutputError
from .model import Model
from .types import Take


class EntryCache:
    """One file per take and model in ``folder``; a damaged one counts as absent. None keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def embed(self, model: Model, take: Take) -> Entries:
        """The entries of a take, from the disk if they are there. Raises TakeError for an unusable take."""
        if self.folder is None:
            return model.embed(take)
        path = self.folder / f"{_name(model, take)}.npz"
        stored = load(path)
        if stored is not None:
            with suppress(TypeError):  # of another layout
                return Entries(**stored)
        entries = model.embed(take)
        with suppress(OutputError):  # a cache that cannot be written costs time, never a bake
            store(path, entries.arrays())
        return entries

    def size(self) -> tuple[int, int]:
        """Number of files and of bytes."""
        sizes = [path.stat().st_size for path in self._files()]
        return len(sizes), sum(sizes)

    def clear(self) -> int:
        """Remove all files; how many there were. Raises OutputError."""
        files = self._files()
        try:
            for path in files:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"{self.folder} cannot be emptied ({error.strerror}): close what uses it."
            ) from error
        return len(files)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.npz")) if self.folder and self.folder.is_dir() else []


def _name(model: Model, take: Take) -> str:
    """A name that depends on the content of the take and of the weights."""
    hashes = "/".join(model.hashes[name] for name in sorted(model.hashes))
    return hashlib.sha256(f"{hashes}/{take.content_hash}".encode()).hexdigest()
