"""References of a batch: embedded once, kept on disk, and never trusted when damaged."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference.batch import references
from mouthpiece.inference.batch.workshop import Setup, Workshop


def test_references_are_embedded_once_and_then_read(show, tmp_path: Path, workshop, monkeypatch) -> None:
    text = str(show.folder / show.take())
    cache = tmp_path / "cache"
    first = references.References(workshop.model, "w", cache).bank((text,)).shelf.style
    monkeypatch.setattr(
        "mouthpiece.inference.source.noted_take", lambda text: pytest.fail("embedded a second time")
    )
    again = references.References(workshop.model, "w", cache).bank((text, text)).shelf.style
    np.testing.assert_array_equal(first, again)


def test_damage_is_seen_and_mended(show, tmp_path: Path, workshop) -> None:
    text, cache = str(show.folder / show.take()), tmp_path / "cache"
    expected = references.References(workshop.model, "w", cache).bank((text,)).shelf.style
    (path,) = cache.iterdir()
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 1
    for damage in (b"", whole[:50], whole[:-1], bytes(flipped), b"x" * len(whole)):
        path.write_bytes(damage)
        found = references.References(workshop.model, "w", cache).bank((text,)).shelf.style
        np.testing.assert_array_equal(found, expected)
        assert path.read_bytes() == whole


def test_any_flipped_bit_counts_as_absent_or_changes_nothing(tmp_path: Path) -> None:
    path, arrays = tmp_path / "entry.npz", {"style": np.arange(3, dtype=np.float32)}
    references.store(path, arrays)
    whole = path.read_bytes()
    for place in range(len(whole)):
        for mask in (1, 8, 255):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ mask]) + whole[place + 1 :])
            found = references.load(path)
            assert found is None or np.array_equal(found["style"], arrays["style"])


def test_takes_that_are_read_otherwise_are_embedded_again(
    show, tmp_path: Path, write_weights, monkeypatch
) -> None:
    text, cache = str(show.folder / show.take()), tmp_path / "cache"
    cache.mkdir()
    setup = Setup(weights=str(write_weights(tmp_path / "weights")), cache=str(cache))
    for engine, files in ((1, 1), (1, 1), (2, 2)):
        monkeypatch.setattr("mouthpiece.inference.batch.workshop.ENGINE", engine)
        Workshop(setup).references.bank((text,))
        assert len(list(cache.iterdir())) == files


def test_many_writers_and_readers_at_once(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "entry.npz"
    arrays = {"style": np.arange(4000, dtype=np.float32), "take": np.str_("hash")}

    def work(seed: int) -> int:
        seen = 0
        for _ in range(20):
            references.store(path, arrays)
            found = references.load(path)
            assert found is not None and np.array_equal(found["style"], arrays["style"])
            seen += 1
        return seen

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == 160
    assert list(path.parent.iterdir()) == [path]


def test_another_take_or_model_is_another_entry(show, tmp_path: Path, workshop) -> None:
    text, cache = str(show.folder / show.take()), tmp_path / "cache"
    one = references.References(workshop.model, "w", cache).bank((text,)).shelf.style
    references.References(workshop.model, "v", cache).bank((text,))
    show.take(seed=9)
    other = references.References(workshop.model, "w", cache).bank((text,)).shelf.style
    assert len(list(cache.iterdir())) == 3 and not np.array_equal(one, other)


def test_a_take_that_was_exported_again_is_read_again(show, workshop) -> None:
    text, found = str(show.folder / show.take()), references.References(workshop.model, "w")
    one = found.bank((text,))
    assert found.bank((text,)) is one
    show.take(seed=9)
    assert not np.array_equal(found.bank((text,)).shelf.style, one.shelf.style)


def test_a_cache_that_cannot_be_written_only_costs_time(show, tmp_path: Path, workshop) -> None:
    (tmp_path / "cache").write_text("no folder")
    bank = references.References(workshop.model, "w", tmp_path / "cache").bank
    assert bank((str(show.folder / show.take()),)).shelf.style.any()
