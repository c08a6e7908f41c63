"""Shards to training sequences: cached features, group sampling, and nothing learned."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..inference.features import FLOOR, HOPS, MELS, log_mel_fast
from ..inference.types import C, frame_count

SILENCE = float(np.log(FLOOR))
"""Log-mel of digital silence."""


@dataclass(frozen=True)
class Utterance:
    """One recording: ``audio int16 [N]``, ``mel float16 [4 T, 80]``, ``channels [T, 55]`` or empty,
    ``gap [T, 2]``, ``phones [4 T]``, ``measured [55]``."""

    name: str
    performer: str
    language: str
    split: str
    audio: np.ndarray
    mel: np.ndarray
    channels: np.ndarray
    gap: np.ndarray
    phones: np.ndarray
    measured: np.ndarray

    @property
    def ticks(self) -> int:
        return max(len(self.mel) // 4, len(self.channels))


@dataclass(frozen=True)
class Sequence:
    """A batch of equal length ``L`` ticks; absent parts are zero with a zero mask or a −1 label."""

    mel: np.ndarray = field(repr=False)
    """float32 [B, 4 L, 80]"""
    channels: np.ndarray = field(repr=False)
    """float32 [B, L, 55]"""
    phones: np.ndarray = field(repr=False)
    """int64 [B, 4 L], −1 where unlabelled"""
    continuous: np.ndarray = field(repr=False)
    """float32 [B, L], 0 around the first tick of each recording of a chain"""
    measured: np.ndarray = field(repr=False)
    """float32 [B, 55]"""


def to_float(audio: np.ndarray) -> np.ndarray:
    """Stored samples ``int16 [N]`` as the engine hears them, ``float32 [N]`` in [-1, 1)."""
    return audio.astype(np.float32) / 32768


def load_set(shard: Path, cache: Path) -> list[Utterance]:
    """The utterances of ``SET.npz``; log-mel is computed once and kept as float16 in ``cache``."""
    about = json.loads(shard.with_suffix(".json").read_text(encoding="utf-8"))
    with np.load(shard, allow_pickle=False) as stored:
        data = {name: stored[name] for name in stored.files}
    mels = cached_mel(shard, cache, data["audio"], about["utterances"])
    measured = np.asarray(about["measured"], np.float32)
    utterances = []
    for item, mel in zip(about["utterances"], mels, strict=True):
        (a0, a1), (f0, f1), (h0, h1) = item["audio"], item["frames"], item["hops"]
        utterances.append(
            Utterance(
                item["id"], f"{about['set']}/{item['performer']}", item["language"], item["split"],
                data["audio"][a0:a1], mel, data["channels"][f0:f1], data["gap"][f0:f1],
                data["phones"][h0:h1], measured,
            )
        )  # fmt: skip
    return utterances


def cached_mel(shard: Path, cache: Path, audio: np.ndarray, items: list[dict]) -> list[np.ndarray]:
    """Log-mel of every utterance, ``float16 [4 T, 80]`` each; kept in ``cache`` until the shard changes."""
    spans = [item["audio"] for item in items]
    ends = np.cumsum([HOPS * frame_count(b - a) for a, b in spans])
    path = cache / f"{shard.stem}.npy"
    if not path.exists() or path.stat().st_mtime < shard.stat().st_mtime:
        cache.mkdir(parents=True, exist_ok=True)
        mels = [log_mel_fast(to_float(audio[a:b])).astype(np.float16) for a, b in spans]
        with open(path.with_suffix(".part"), "wb") as file:
            np.save(file, np.concatenate(mels) if mels else np.zeros((0, MELS), np.float16))
        path.with_suffix(".part").replace(path)
    return np.split(np.load(path, mmap_mode="r", allow_pickle=False), ends[:-1])


def load_corpus(folder: Path, cache: Path, names: list[str] | None = None) -> list[Utterance]:
    """All sets directly in ``folder`` (evaluation sets live in a folder of their own), or just ``names``."""
    shards = [s for s in sorted(folder.glob("*.npz")) if s.with_suffix(".json").exists()]
    shards = [s for s in shards if names is None or s.stem in names]
    return [utterance for shard in shards for utterance in load_set(shard, cache)]


def by_performer(utterances: list[Utterance]) -> dict[str, list[Utterance]]:
    groups: dict[str, list[Utterance]] = {}
    for utterance in utterances:
        groups.setdefault(utterance.performer, []).append(utterance)
    return groups


JOIN_TICKS = 3
"""Ticks on either side of a join that count as discontinuous."""


class Sampler:
    """Draws sequences of one performer by chaining random recordings, as a long dialogue would be."""

    def __init__(self, utterances: list[Utterance], ticks: int) -> None:
        self.groups = list(by_performer(utterances).values())
        seconds = np.array([sum(u.ticks for u in group) for group in self.groups], float)
        self.weights = np.sqrt(seconds) / np.sqrt(seconds).sum()
        self.ticks = ticks

    def draw(self, rng: np.random.Generator, groups: int, clips: int) -> Sequence:
        """``groups × clips`` sequences; the clips of a group share a performer and are adjacent."""
        chosen = rng.choice(len(self.groups), size=groups, p=self.weights)
        rows = [self.chain(rng, self.groups[g]) for g in chosen for _ in range(clips)]
        parts = zip(*rows, strict=True)
        return Sequence(*(np.stack(part) for part in parts))

    def chain(self, rng: np.random.Generator, group: list[Utterance]) -> tuple[np.ndarray, ...]:
        """One sequence: recordings of ``group`` in random order, the first from a random point on."""
        pieces, total, skip = [], 0, True
        while total < self.ticks:
            utterance = group[rng.integers(len(group))]
            start = int(rng.integers(max(utterance.ticks - self.ticks // 2, 1))) if skip else 0
            stop = min(utterance.ticks, start + self.ticks - total)
            pieces.append(cut(utterance, start, stop))
            total, skip = total + stop - start, False
        joined = [np.concatenate(part) for part in zip(*pieces, strict=True)]
        starts = np.cumsum([0] + [len(piece[1]) for piece in pieces[:-1]])
        continuous = (np.abs(np.arange(self.ticks)[:, None] - starts).min(1) > JOIN_TICKS).astype(np.float32)
        return *joined, continuous, group[0].measured


def cut(utterance: Utterance, start: int, stop: int) -> tuple[np.ndarray, ...]:
    """Ticks ``start … stop`` with absent parts filled: silence, zero channels, no label."""
    length = stop - start
    mel = np.full((HOPS * length, MELS), SILENCE, np.float32)
    if len(utterance.mel):
        mel[:] = utterance.mel[4 * start : 4 * stop]
    channels = np.zeros((length, C), np.float32)
    if len(utterance.channels):
        channels[:] = utterance.channels[start:stop]
    phones = np.full(4 * length, -1, np.int64)
    if len(utterance.phones):
        phones[:] = utterance.phones[4 * start : 4 * stop]
    return mel, channels, phones
