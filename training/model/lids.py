"""Blinks as events: their beginnings are drawn tick by tick, their courses are captured ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...inference.blinks import BACK, BLINK, LIDS, MARGIN, find_blinks, without_blinks
from ...inference.types import C
from .config import Config

COURSES, LASTS = 5, 16
"""Courses that a blink may take, from quick to slow, and ticks of the longest."""
RECENT = (4.0, 12.0, 36.0, 108.0)
"""Ticks in which the traces of the last blink fade."""
CHANCES = 3
"""Standard normals that a tick needs: whether a blink begins, how deep it is, and which course it takes."""
SELDOM = -2.0
"""Probit score of a blink's beginning before anything is learned: one in 44 ticks."""
SHALLOWEST, DEEPEST = 0.4, 1.0

State = dict[str, Tensor]


class Lids(nn.Module):
    """A renewal process: the probit of a blink's beginning follows from what is heard and from how long ago
    the last one began; a habit of the references is added to it."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.register_buffer("courses", torch.zeros(COURSES, LASTS, C))
        self.register_buffer("shut", torch.zeros(COURSES, LASTS))
        """1 until the lids have come back most of the way"""
        fifths = [NormalDist().inv_cdf(k / COURSES) for k in range(1, COURSES)]
        self.register_buffer("above", torch.tensor([-math.inf, *fifths]), persistent=False)
        self.register_buffer("depth", torch.tensor([0.8, 0.1]))
        """mean and deviation"""
        self.register_buffer("fading", torch.tensor([math.exp(-1 / ticks) for ticks in RECENT]))
        self.enter = nn.Linear(config.speech + len(RECENT), config.blink)
        self.leave = nn.Linear(config.blink, 1)
        nn.init.zeros_(self.leave.weight)
        nn.init.constant_(self.leave.bias, SELDOM)

    def initial_state(self, batch: int) -> State:
        """Zeros: eyes open, no blink remembered."""
        zeros = self.courses.new_zeros
        return {"lids": zeros(batch, COURSES, LASTS), "blinked": zeros(batch, len(RECENT))}

    def fit(self, takes: Sequence[np.ndarray]) -> None:
        """Courses and depths of the blinks in ``takes [T, C]``, of which there must be one: by how long they
        last, ``COURSES`` equal shares, and of each the course nearest to the share's mean, which itself is
        softer than any."""
        courses, depths, lasts = [], [], []
        for channels in takes:
            blinks = find_blinks(channels)
            depths += [blink.depth for blink in blinks]
            excess = (channels - without_blinks(channels, blinks))[:, LIDS]
            for i, blink in enumerate(blinks):
                last = blink.stop - blink.start
                end = blinks[i + 1].start if i + 1 < len(blinks) else len(channels)
                if last <= LASTS and blink.stop + MARGIN < end:  # nothing cuts it short
                    moves = excess[blink.start + 1 :][: min(last + MARGIN, LASTS)] / blink.depth
                    courses.append(np.pad(moves, ((0, LASTS - len(moves)), (0, 0))))
                    lasts.append(last)
        lids = [LIDS.index(lid) for lid in BLINK]
        order, found = np.argsort(lasts, kind="stable"), np.array(courses)
        for k in range(COURSES):
            first, last = (i * len(order) // COURSES for i in (k, k + 1))
            share = found[order[first : max(last, first + 1)]]
            course = share[np.argmin(np.square(share - share.mean(0)).sum((1, 2)))]
            fall = course[:, lids].min(1)
            fall, course = fall / fall.max(), course / fall.max()
            self.courses[k][:, list(LIDS)] = torch.from_numpy(course)
            self.shut[k] = torch.from_numpy(np.arange(LASTS) <= np.flatnonzero(fall > BACK)[-1])
        self.depth.copy_(torch.tensor([np.mean(depths), np.std(depths)]))

    def score(self, speech: Tensor, blinked: Tensor) -> Tensor:
        """Probit of a beginning ``[..., 1]`` from speech and the traces of the last blink."""
        return self.leave(functional.silu(self.enter(torch.cat([speech, blinked], -1)))).float()

    def traces(self, onsets: Tensor) -> Tensor:
        """``onsets [B, T]`` → what is left of them before each tick, ``[B, T, R]``."""
        left, made = onsets.new_zeros(len(onsets), len(RECENT)), []
        for onset in onsets.unbind(1):
            made.append(left)
            left = torch.where(onset.unsqueeze(-1) > 0, torch.ones_like(left), left) * self.fading
        return torch.stack(made, 1)

    def loss(self, speech: Tensor, onsets: Tensor, mask: Tensor) -> Tensor:
        """Negative log-likelihood of ``onsets [B, T]`` (0 or 1) at ``speech [B, T, A]``, where ``mask [B,
        T]`` is 1."""
        score = self.score(speech, self.traces(onsets))[..., 0]
        likelihood = torch.special.log_ndtr(torch.where(onsets > 0, score, -score))
        return -(likelihood * mask).sum() / mask.sum().clamp(min=1)

    def step(self, speech: Tensor, habit: Tensor, chances: Tensor, state: State) -> tuple[Tensor, State]:
        """One tick: ``speech [B, A]``, ``habit [B, 1]``, ``chances [B, CHANCES]`` → what a blink adds to the
        channels ``[B, C]``, and the new state. A blink begins when the lids have come back most of the way
        from the last one at the earliest, and takes its place."""
        lids, blinked = state["lids"], state["blinked"]
        score = self.score(speech, blinked) + habit
        begins = (chances[:, :1] < score) & ((lids * self.shut).flatten(1).sum(1, keepdim=True) < 1e-6)
        mean, deviation = self.depth
        depth = (mean + deviation * chances[:, 1:2]).clamp(SHALLOWEST, DEEPEST)
        above = (chances[:, 2:] > self.above).to(depth.dtype)
        chosen = above - functional.pad(above[:, 1:], (0, 1))
        begun = torch.where(begins, depth, torch.zeros_like(depth)) * chosen
        lids = torch.where(begins.unsqueeze(2), torch.zeros_like(lids), lids)
        lids = torch.cat([begun.unsqueeze(2), lids[..., :-1]], 2)
        blinked = torch.where(begins, torch.ones_like(blinked), blinked) * self.fading
        return lids.flatten(1) @ self.courses.flatten(0, 1), {"lids": lids, "blinked": blinked}
