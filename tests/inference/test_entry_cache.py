"""Embedded once, the same bits from the disk, and never an old model's or a damaged file's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference.entry_cache import EntryCache
from mouthpiece.inference.errors import TakeError
from mouthpiece.inference.model import Model


def counted(monkeypatch) -> list[str]:
    """Names of the takes that a model embeds from now on."""
    seen, embed = [], Model.embed
    monkeypatch.setattr(Model, "embed", lambda self, take: (seen.append(take.name), embed(self, take))[1])
    return seen


def same(one, other) -> bool:
    return all(np.array_equal(one.arrays()[name], other.arrays()[name]) for name in one.arrays())


def test_a_take_is_embedded_once(tiny, make_take, tmp_path: Path, monkeypatch) -> None:
    cache, seen = EntryCache(tmp_path / "cache"), counted(monkeypatch)
    first, again = (cache.embed(tiny, make_take(1)) for _ in range(2))
    assert seen == ["take 1"] and same(first, again) and same(first, tiny.embed(make_take(1)))
    cache.embed(tiny, make_take(2))
    files, size = cache.size()
    assert files == 2 and size > 100
    assert cache.clear() == 2 and cache.size() == (0, 0)


def test_another_model_embeds_anew(tiny, make_take, write_weights, tmp_path: Path, monkeypatch) -> None:
    cache = EntryCache(tmp_path / "cache")
    cache.embed(tiny, make_take(1))
    seen = counted(monkeypatch)
    other = Model.load(write_weights(tmp_path / "other", version="other"))
    cache.embed(other, make_take(1))
    assert seen == ["take 1"] and cache.size()[0] == 2


def test_a_damaged_file_counts_as_absent(tiny, make_take, tmp_path: Path, monkeypatch) -> None:
    cache = EntryCache(tmp_path)
    good = cache.embed(tiny, make_take(1))
    (path,) = tmp_path.glob("*.npz")
    path.write_bytes(path.read_bytes()[:-40])
    seen = counted(monkeypatch)
    assert same(cache.embed(tiny, make_take(1)), good) and seen == ["take 1"]


def test_without_a_folder_or_with_one_that_cannot_be_written(tiny, make_take, tmp_path: Path) -> None:
    nothing = EntryCache(None)
    assert same(nothing.embed(tiny, make_take(1)), tiny.embed(make_take(1))) and nothing.size() == (0, 0)
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    assert same(EntryCache(blocked).embed(tiny, make_take(1)), tiny.embed(make_take(1)))
    assert EntryCache(blocked).clear() == 0


def test_unusable_takes_are_still_refused(tiny, make_take, tmp_path: Path) -> None:
    with pytest.raises(TakeError):
        EntryCache(tmp_path).embed(tiny, make_take(0, frames=2))
