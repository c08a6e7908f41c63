"""Shards to sequences: caching, chaining and phone-to-lip targets on a corpus made here."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference.features import log_mel
from mouthpiece.inference.types import C
from mouthpiece.training.dataset import JOIN_TICKS, Sampler, load_corpus, load_set
from mouthpiece.training.phones import PHONES

TICKS = (30, 50)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    folder = tmp_path / "corpus"
    folder.mkdir()
    total = sum(TICKS)
    phones = rng.integers(0, len(PHONES), total).repeat(4).astype(np.int16)
    shut = np.isin(phones[::4], [PHONES.index(p) for p in ("p", "b", "m")])
    gap = np.stack([np.where(shut, 0.0, 0.1) + 0.01 * rng.standard_normal(total), rng.random(total)], 1)
    np.savez(
        folder / "tiny.npz",
        audio=(3000 * rng.standard_normal(640 * total)).astype(np.int16),
        channels=rng.random((total, C)).astype(np.float16),
        gap=gap.astype(np.float32),
        phones=phones,
    )
    starts = np.cumsum([0, *TICKS])
    items = [
        {
            "id": f"u{i}", "performer": "p", "language": "en", "split": "train",
            "audio": [int(640 * a), int(640 * b)], "frames": [int(a), int(b)],
            "hops": [int(4 * a), int(4 * b)],
        }
        for i, (a, b) in enumerate(pairwise(starts))
    ]  # fmt: skip
    about = {"set": "tiny", "measured": [True] * C, "utterances": items}
    (folder / "tiny.json").write_text(json.dumps(about), encoding="utf-8")
    np.savez(folder / "lips.npz", matrix=np.zeros((2, C)))
    return folder


def test_features_are_those_of_the_sound_and_are_cached(corpus: Path, tmp_path: Path) -> None:
    cache = tmp_path / "features"
    first, second = load_set(corpus / "tiny.npz", cache)
    expected = log_mel(second.audio.astype(np.float32) / 32768)
    np.testing.assert_allclose(second.mel.astype(np.float32), expected, atol=0.01)
    assert (first.ticks, second.ticks) == TICKS
    stamp = (cache / "tiny.npy").stat().st_mtime_ns
    load_set(corpus / "tiny.npz", cache)
    assert (cache / "tiny.npy").stat().st_mtime_ns == stamp


def test_files_that_are_no_sets_are_left_alone(corpus: Path, tmp_path: Path) -> None:
    assert {u.name for u in load_corpus(corpus, tmp_path / "features")} == {"u0", "u1"}


def test_chains_are_seeded_full_and_mark_their_joins(corpus: Path, tmp_path: Path) -> None:
    sampler = Sampler(load_corpus(corpus, tmp_path / "features"), ticks=120)
    batch = sampler.draw(np.random.default_rng(3), groups=2, clips=2)
    again = sampler.draw(np.random.default_rng(3), groups=2, clips=2)
    assert batch.mel.shape == (4, 480, 80)
    assert batch.channels.shape == (4, 120, C)
    assert np.array_equal(batch.mel, again.mel)
    assert (batch.continuous[:, : JOIN_TICKS + 1] == 0).all()
    assert 0 < batch.continuous.mean() < 1
