"""Shards to training sequences: cached features, group sampling, and nothing learned."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ..inference.features import FLOOR, HOPS, MELS, log_mel
from ..inference.types import C, frame_count
from .events import NONE, event_index, event_labels

SILENCE = float(np.log(FLOOR))
"""Log-mel of digital silence."""


@dataclass(frozen=True)
class Utterance:
    """One recording: ``audio int16 [N]``, ``mel float16 [4 T, 80]``, ``channels [T, 55]`` or empty,
    ``gap [T, 2]``, ``phones [4 T]``, ``measured [55]``, and where the corpus tells them ``event`` (an index
    of ``events.EVENTS`` or ``events.NONE``) and ``affect`` (valence, arousal)."""

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
    event: int = NONE
    affect: tuple[float, float] | None = None

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
    events: np.ndarray = field(repr=False)
    """int64 [B, L], ``events.NONE`` where there is no event"""
    affect: np.ndarray = field(repr=False)
    """float32 [B, L, 2] valence and arousal, NaN where unknown"""
    continuous: np.ndarray = field(repr=False)
    """float32 [B, L], 0 around the first tick of each recording of a chain"""
    measured: np.ndarray = field(repr=False)
    """float32 [B, 55]"""
    recordings: np.ndarray = field(repr=False)
    """int64 [B, L], which recording each tick is of"""


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
                data["phones"][h0:h1], measured, *told(item),
            )
        )  # fmt: skip
    return utterances


def told(item: dict) -> tuple[int, tuple[float, float] | None]:
    """Event and affect of a recording, from its entry in the shard's description."""
    event = event_index(item["event"]) if "event" in item else NONE
    emotion = item.get("emotion")
    return event, (emotion["valence"], emotion["arousal"]) if emotion else None


def cached_mel(shard: Path, cache: Path, audio: np.ndarray, items: list[dict]) -> list[np.ndarray]:
    """Log-mel of every utterance, ``float16 [4 T, 80]`` each; kept in ``cache`` until the shard changes."""
    spans = [item["audio"] for item in items]
    ends = np.cumsum([HOPS * frame_count(b - a) for a, b in spans])
    path = cache / f"{shard.stem}.npy"
    if not path.exists() or path.stat().st_mtime < shard.stat().st_mtime:
        cache.mkdir(parents=True, exist_ok=True)
        mels = [log_mel(to_float(audio[a:b])).astype(np.float16) for a, b in spans]
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


def performer(utterance: Utterance) -> str:
    return utterance.performer


JOIN_TICKS = 3
"""Ticks on either side of a join that count as discontinuous."""


class Sampler:
    """Draws sequences of one performer by chaining random recordings, as a long dialogue would be.

    Performers weigh as the root of their seconds; ``balanced`` also takes the root of each set's sum, so that
    a set of many speakers does not drown the other languages. ``scale`` multiplies the weights of sets.
    """

    def __init__(
        self,
        utterances: list[Utterance],
        ticks: int,
        by: Callable[[Utterance], str] = performer,
        balanced: bool = False,
        scale: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        self.utterances = utterances
        groups: dict[str, list[int]] = {}
        for index, utterance in enumerate(utterances):
            groups.setdefault(by(utterance), []).append(index)
        self.groups = [np.array(group) for group in groups.values()]
        seconds = np.array([sum(utterances[i].ticks for i in group) for group in self.groups], float)
        weights = np.sqrt(seconds)
        if balanced:
            sets = np.array([name.split("/")[0] for name in groups])
            weights /= [math.sqrt(weights[sets == name].sum()) for name in sets]
        weights *= [scale.get(name.split("/")[0], 1.0) for name in groups]
        self.weights = weights / weights.sum()
        self.ticks = ticks

    def draw(self, rng: np.random.Generator, groups: int, clips: int) -> Sequence:
        """``groups × clips`` sequences; the clips of a group share a performer and are adjacent.

        They share no recording, as far as the performer has enough of them.
        """
        chosen = rng.choice(len(self.groups), size=groups, p=self.weights)
        rows = []
        for g in chosen:
            parts = np.array_split(rng.permutation(self.groups[g]), clips)
            rows += [self.chain(rng, part if len(part) else self.groups[g]) for part in parts]
        return Sequence(*(np.stack(part) for part in zip(*rows, strict=True)))

    def chain(self, rng: np.random.Generator, group: np.ndarray) -> tuple[np.ndarray, ...]:
        """One sequence: recordings of ``group`` in random order, the first from a random point on."""
        pieces, total, skip = [], 0, True
        while total < self.ticks:
            index = int(rng.choice(group))
            utterance = self.utterances[index]
            start = int(rng.integers(max(utterance.ticks - self.ticks // 2, 1))) if skip else 0
            stop = min(utterance.ticks, start + self.ticks - total)
            pieces.append((*cut(utterance, start, stop), np.full(stop - start, index)))
            total, skip = total + stop - start, False
        *joined, recordings = [np.concatenate(part) for part in zip(*pieces, strict=True)]
        starts = np.cumsum([0] + [len(piece[1]) for piece in pieces[:-1]])
        continuous = (np.abs(np.arange(self.ticks)[:, None] - starts).min(1) > JOIN_TICKS).astype(np.float32)
        return *joined, continuous, self.utterances[group[0]].measured, recordings


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
    events = np.full(length, NONE, np.int64)
    if utterance.event != NONE:
        events[:] = event_labels(utterance.mel, utterance.event)[start:stop]
    affect = np.full((length, 2), np.nan if utterance.affect is None else utterance.affect, np.float32)
    return mel, channels, phones, events, affect
