"""Does the model move as its references do? Virtual and real performers over held-out clips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from ..inference.animate import animate_with
from ..inference.bank import Bank
from ..inference.entries import Entries
from ..inference.model import Found, Model
from ..inference.types import CHANNELS, TICK_RATE, Take
from .codes import listen_to
from .dataset import Utterance
from .figures import Figure
from .performers import perform
from .prediction import as_take
from .regions import FACE, MOUTH

GROUP = "Style: virtual performers over held-out clips, mouth channels"
COUNTS_GROUP = "Style: how many clips of a virtual performer are given"
REAL_GROUP = "Style: real performers that were trained on, held-out clips"
UNSEEN_GROUP = "Style: real performers never trained on"
PERFORMERS = 12
ROLLS = 4
"""Seeds over which the error of resting brows and lids is averaged."""
CLIPS = 5
"""Clips of each virtual performer: one is the target, the others its references."""
COUNTS = (1, 2, 4, 8, 16, 32)
COUNTED = 4
"""Performers that the counts are tried on."""


class StaticBank(Bank):
    """The baseline: only the average style of all references, nothing retrieved."""

    def offer(self, query: np.ndarray, found: Found, row: int, strength: float = 1.0) -> np.ndarray:
        shares = super().offer(query, found, row, strength)
        found.biases[row] = -1e9
        return shares


def shuffled(entries: Entries, seed: int = 0) -> Entries:
    """The same keys with the values of other moments: what is found is wrong."""
    order = np.random.default_rng(seed).permutation(len(entries))
    return replace(entries, values=entries.values[order])


def shuffled_bank(model: Model, takes: Sequence[Take]) -> Bank:
    bank = Bank(model)
    for index, take in enumerate(takes):
        bank.add_entries(take.content_hash, shuffled(model.embed(take), index))
    return bank


def bank_of(model: Model, takes: Sequence[Take], kind: type[Bank] = Bank) -> Bank:
    bank = kind(model)
    for take in takes:
        bank.add(take)
    return bank


def disguise(model: Model, clips: Sequence[Take], seed: int) -> list[Take]:
    """``clips`` as one virtual performer of the manner ``seed`` would play them."""
    length = max(len(take.channels) for take in clips)
    heard = [listen_to(model, take.audio, len(take.channels)) for take in clips]

    def padded(rows: list[np.ndarray]) -> torch.Tensor:
        return torch.tensor(np.stack([np.pad(r, ((0, length - len(r)), (0, 0)), mode="edge") for r in rows]))

    motion = padded([take.channels for take in clips])
    features, level = padded([h.features for h in heard]), padded([h.level for h in heard])
    generator = torch.Generator().manual_seed(seed)
    moved = perform(motion, features, level, len(clips), generator, always=True).numpy()
    return [
        Take(m[: len(take.channels)], TICK_RATE, take.name, take.audio, take.measured)
        for m, take in zip(moved, clips, strict=True)
    ]


def error(predicted: np.ndarray, target: Take) -> float:
    """Root mean square error over the mouth channels that were measured."""
    mouth = [channel for channel in MOUTH if target.measured[channel]]
    goal = target.channels[:, mouth]
    return float(np.sqrt(np.mean((predicted[: len(goal), mouth] - goal) ** 2)))


def resting_error(predicted: np.ndarray, target: Take) -> float:
    """Mean absolute error of where brows and lids rest, the median over time of what was measured."""
    brows = [i for i in FACE if target.measured[i] and not CHANNELS[i].startswith("eyeLook")]
    goal = target.channels[:, brows]
    return float(np.abs(np.median(predicted[: len(goal), brows], 0) - np.median(goal, 0)).mean())


@dataclass(frozen=True)
class Performance:
    """A virtual performer: the take that is to be met, and other takes that show how."""

    target: Take
    references: list[Take]


def performances(
    model: Model, clips: Sequence[Utterance], count: int, each: int, seed: int
) -> list[Performance]:
    rng = np.random.default_rng(seed)
    made = []
    for index in range(count):
        pick = rng.choice(len(clips), each, replace=False)
        target, *references = disguise(model, [as_take(clips[i]) for i in pick], seed * 1000 + index)
        made.append(Performance(target, references))
    return made


def figures(model: Model, clips: Sequence[Utterance], seed: int = 7) -> list[Figure]:
    """Error to the performer's motion: own, another's, no, shuffled and averaged references, and the leak."""
    cast = performances(model, clips, PERFORMERS, CLIPS, seed)
    banks: dict[str, Callable[[int], Bank | None]] = {
        "own references": lambda i: bank_of(model, cast[i].references),
        "own references, static average": lambda i: bank_of(model, cast[i].references, StaticBank),
        "own references, values shuffled": lambda i: shuffled_bank(model, cast[i].references),
        "another's references": lambda i: bank_of(model, cast[(i + 1) % len(cast)].references),
        "no references": lambda i: None,
        "the target itself leaked": lambda i: bank_of(model, [*cast[i].references, cast[i].target]),
    }
    errors = {
        who: np.array(
            [error(animate_with(p.target.audio, model, make(i)), p.target) for i, p in enumerate(cast)]
        )
        for who, make in banks.items()
    }
    rows = [
        Figure.of_mean(GROUP, f"Mouthpiece, {who}", "error to own motion", e) for who, e in errors.items()
    ]
    own = errors["own references"]
    for who in list(errors)[1:-1]:
        gain = 100 * (errors[who] - own) / errors[who]
        rows.append(Figure.of_mean(GROUP, f"own against {who}", "gain, %", gain))
    leak = 100 * (own - errors["the target itself leaked"]) / own
    rows.append(Figure.of_mean(GROUP, "the leak against own references", "gain, %", leak))
    return rows


def by_count(model: Model, clips: Sequence[Utterance], seed: int = 11) -> list[Figure]:
    """Error with 1, 2, 4 … 32 clips of the performer."""
    cast = performances(model, clips, COUNTED, max(COUNTS) + 1, seed)
    rows = []
    for count in COUNTS:
        errors = [
            error(animate_with(p.target.audio, model, bank_of(model, p.references[:count])), p.target)
            for p in cast
        ]
        rows.append(Figure.of_mean(COUNTS_GROUP, f"{count} clips", "error to own motion", np.array(errors)))
    return rows


@dataclass(frozen=True)
class Part:
    """A real performer: clips to be met, and clips that show how; a target is never its own reference."""

    targets: Sequence[Utterance]
    references: Sequence[Utterance]


def trained_on(clips: Sequence[Utterance], targets: int = 6, references: int = 4) -> Part:
    """Held-out clips, and clips of the training split."""
    held, train = ([u for u in clips if u.split == split] for split in ("held", "train"))
    return Part(held[:targets], train[:references])


def real(model: Model, group: str, cast: Sequence[Part]) -> list[Figure]:
    """Real performers' clips with their own references, with the average of these, with as many of another,
    and with none.

    Where brows and lids rest is drawn, too: its error is that of ``ROLLS`` seeds on average, beside that of
    the references' median.
    """
    mouths, rests, held = [], [], []
    for index, part in enumerate(cast):
        for clip in part.targets:
            target = as_take(clip)
            mine = [u for u in part.references if u.name != clip.name]
            other = [u for other in (*cast[index + 1 :], *cast[:index]) for u in other.references]
            own, others = ([as_take(u) for u in given] for given in (mine, other[: len(mine)]))
            banks = (bank_of(model, own), bank_of(model, own, StaticBank), bank_of(model, others), None)
            made = [
                [animate_with(target.audio, model, bank, seed=seed) for seed in range(ROLLS)]
                for bank in banks
            ]
            mouths.append([error(rolls[0], target) for rolls in made])
            rests.append([np.mean([resting_error(each, target) for each in rolls]) for rolls in made])
            median = np.median(np.concatenate([u.channels for u in mine]), 0)
            held.append(resting_error(np.broadcast_to(median, target.channels.shape), target))
    own, *others = np.array(mouths).T
    gains = [100 * (each - own) / each for each in others]
    whose = ("own references", "own references, static average", "another's references", "no references")
    rows = [
        Figure.of_mean(group, f"own against {who}", "mouth channels, gain, %", values)
        for who, values in zip(whose[1:], gains, strict=True)
    ]
    names = [*whose, "own references' median, held"]
    return rows + [
        Figure.of_mean(group, who, "resting brows and lids, error", values)
        for who, values in zip(names, [*np.array(rests).T, np.array(held)], strict=True)
    ]
