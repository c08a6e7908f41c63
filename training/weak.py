"""Weak motion supervision: what lips do for phones, carried to the voices that nobody filmed.

Two networks learn on filmed speakers with aligned phones how articulatory features become the measured lip
gap and mouth width, and their mean gives every phone-labelled voice a plausible lip trajectory: one looks at
a quarter of a second on both sides, the other at all that is said. They may look ahead: they make targets,
not predictions. The pictures that they learn from come late against their sound; lips that nobody filmed need
not.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..inference.features import HOPS
from .dataset import Utterance
from .losses import shape_loss
from .phones import FEATURE_TABLE, UNLABELLED
from .precision import full_precision
from .run import Recipe, learning_rate
from .sync import standardise

LATE = 4
"""Hops by which lips in GRID's pictures follow the sound: those of m, f and v, which shut exactly while they
sound, are shut 29 to 55 ms later there (the notebook has the count)."""
DROPPED = 0.3
"""Share of the units that both networks must do without while they learn."""
EPOCHS, BATCH, RATE = 24, 32, 2e-3


class Local(nn.Module):
    """Features of hops ``[B, T, 4 F]`` → gap and width ``[B, T, 2]``, by the six ticks on either side."""

    def __init__(self, inputs: int, width: int = 96) -> None:
        super().__init__()
        self.enter, self.leave = nn.Linear(inputs, width), nn.Linear(width, 2)
        self.blocks = nn.ModuleList(nn.Conv1d(width, width, 5, padding=2) for _ in range(3))
        self.drop = nn.Dropout(DROPPED)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.enter(self.drop(x))).transpose(1, 2)
        for block in self.blocks:
            x = x + functional.relu(block(self.drop(x)))
        return self.leave(self.drop(x.transpose(1, 2)))


class Recurrent(nn.Module):
    """Features of hops ``[B, T, 4 F]`` → gap and width ``[B, T, 2]``, by all that comes before and after."""

    def __init__(self, inputs: int, width: int = 48) -> None:
        super().__init__()
        self.enter, self.leave = nn.Linear(inputs, width), nn.Linear(2 * width, 2)
        self.recur = nn.GRU(width, width, bidirectional=True, batch_first=True)
        self.drop = nn.Dropout(DROPPED)

    def forward(self, x: Tensor) -> Tensor:
        x, _ = self.recur(self.drop(functional.relu(self.enter(self.drop(x)))))
        return self.leave(self.drop(x))


class PhoneToLips(nn.Module):
    """``phones int [B, 4 T]`` → standardised gap and width ``[B, T, 2]`` in time with the sound; NaN at ticks
    that are not wholly labelled."""

    def __init__(self) -> None:
        super().__init__()
        unlabelled = np.zeros((1, FEATURE_TABLE.shape[1]), np.float32)
        self.register_buffer("table", torch.tensor(np.concatenate([FEATURE_TABLE, unlabelled])))
        inputs = HOPS * FEATURE_TABLE.shape[1]
        self.members = nn.ModuleList([Local(inputs), Recurrent(inputs)])

    def each(self, phones: Tensor) -> Tensor:
        """What each of the networks says, in time with the pictures, ``[2, B, T, 2]``."""
        features = self.table[phones].unflatten(1, (-1, HOPS)).flatten(2)
        return torch.stack([member(features) for member in self.members])

    @full_precision
    @torch.no_grad()
    def forward(self, phones: np.ndarray) -> Tensor:
        ahead = np.concatenate([phones[:, LATE:], np.repeat(phones[:, -1:], LATE, 1)], 1)
        labels = torch.tensor(ahead, dtype=torch.long)
        known = (labels != UNLABELLED).unflatten(1, (-1, HOPS)).all(-1, keepdim=True)
        return torch.where(known, self.each(labels).mean(0), torch.nan)


class LazyTargets:
    """``PhoneToLips`` that learns when it is first asked: many a stage never does."""

    def __init__(self, groups: list[list[Utterance]]) -> None:
        self.groups = groups

    @cached_property
    def network(self) -> PhoneToLips:
        return fit(self.groups)

    def __call__(self, phones: np.ndarray) -> Tensor:
        return self.network(phones)


def lessons(groups: list[list[Utterance]]) -> tuple[Tensor, Tensor]:
    """Phones ``int [N, 4 T]`` and standardised lips ``[N, T, 2]`` of all recordings, the shorter ones padded
    with what is not known."""
    recordings = [u for group in groups for u in group]
    ticks = max(len(u.gap) for u in recordings)
    phones = np.full((len(recordings), HOPS * ticks), UNLABELLED)
    lips = np.full((len(recordings), ticks, 2), np.nan, np.float32)
    together = np.concatenate([standardise(np.concatenate([u.gap for u in group])) for group in groups])
    starts = np.cumsum([0] + [len(u.gap) for u in recordings])
    for row, (utterance, start, stop) in enumerate(zip(recordings, starts, starts[1:], strict=False)):
        phones[row, : len(utterance.phones)] = utterance.phones
        lips[row, : stop - start] = together[start:stop]
    lips[(phones == UNLABELLED).reshape(len(phones), -1, HOPS).any(-1)] = np.nan
    return torch.tensor(phones), torch.tensor(lips)


@full_precision
@torch.enable_grad()
def fit(groups: list[list[Utterance]], seed: int = 3) -> PhoneToLips:
    """Learns on filmed performers (a list of recordings each) that have phones and a measured gap; a minute
    on one core for GRID."""
    phones, lips = lessons(groups)
    batches = math.ceil(len(phones) / BATCH)
    recipe = Recipe(steps=EPOCHS * batches, rate=RATE, warmup=batches)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = PhoneToLips()
        optimiser = torch.optim.AdamW(model.parameters(), recipe.rate, weight_decay=0.05)
        for step in range(recipe.steps):
            if step % batches == 0:
                order = torch.randperm(len(phones)).chunk(batches)
            optimiser.param_groups[0]["lr"] = learning_rate(recipe, step)
            rows = order[step % batches]
            optimiser.zero_grad()
            sum(error(made, lips[rows]) for made in model.each(phones[rows])).backward()
            optimiser.step()
    return model.requires_grad_(False).eval()


def error(made: Tensor, wanted: Tensor) -> Tensor:
    """How far lips ``[B, T, 2]`` are from what is wanted, and of another shape; NaN is left out."""
    known = torch.isfinite(wanted)
    return (made[known] - wanted[known]).abs().mean() + 0.5 * shape_loss(made, wanted)
