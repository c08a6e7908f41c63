"""Attention over a limited past, and over what the references offer."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import Config


def by_head(x: Tensor, heads: int) -> Tensor:
    """``[B, T, D]`` → ``[B, heads, T, D / heads]``."""
    return x.reshape(-1, x.shape[1], heads, x.shape[2] // heads).transpose(1, 2)


class WindowAttention(nn.Module):
    """Self-attention over the current and the last ``window - 1`` ticks; age enters as a learned bias.

    ``x [B, T, D]`` → ``[B, T, D]`` for whole sequences; ``step`` takes one tick of ``V`` tracks that do not
    see each other, ``x [B, V, D]``, and their remembered ``keys`` and ``values [B, V, heads, window, D /
    heads]``; ``known [B, window]`` is 0 for slots not yet filled.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads, self.window = config.heads, config.window
        self.enter = nn.Linear(config.width, 3 * config.width)
        self.leave = nn.Linear(config.width, config.width)
        self.bias = nn.Parameter(torch.zeros(config.heads, config.window))

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (by_head(part, self.heads) for part in self.enter(x).chunk(3, -1))
        ticks = x.shape[1]
        place = torch.arange(ticks, device=x.device)
        age = place[:, None] - place[None, :]
        allowed = (age >= 0) & (age < self.window)
        bias = self.bias[:, age.clamp(0, self.window - 1)]
        bias = torch.where(allowed, bias.float(), -torch.inf)
        y = functional.scaled_dot_product_attention(query, key, value, bias.to(query.dtype))
        return self.leave(y.transpose(1, 2).flatten(2))

    def step(self, x: Tensor, keys: Tensor, values: Tensor, known: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """``known`` already counts this tick. Returns what is added to ``x``, and both memories renewed."""
        parts = self.enter(x).reshape(-1, x.shape[1], 3 * self.heads, 1, x.shape[2] // self.heads)
        query, key, value = parts.split(self.heads, 2)
        keys = torch.cat([keys[..., 1:, :], key], 3)
        values = torch.cat([values[..., 1:, :], value], 3)
        scores = query @ keys.transpose(3, 4) / math.sqrt(query.shape[-1])
        forgotten = (known - 1).reshape(-1, 1, 1, 1, self.window) * 1e9
        scores = scores + self.bias.flip(1).unsqueeze(1) + forgotten
        return self.leave((scores.softmax(-1) @ values).reshape(x.shape)), keys, values


class StyleAttention(nn.Module):
    """Gated cross-attention over retrieved entries, with a learned null entry (Flamingo, Alayrac 2022).

    ``x [B, T, D]``, values ``[B, E, V]`` and biases ``[B, T, E]`` or ``[B, 1, E]`` (retrieval scores, hugely
    negative where an entry was not retrieved) → ``[B, T, D]``. For one tick the entries are the few that were
    found.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads, self.read = config.heads, config.value
        self.norm = nn.LayerNorm(config.width)
        self.query = nn.Linear(config.width, config.width)
        self.enter = nn.Linear(config.value, 2 * config.width)
        self.null = nn.Parameter(torch.zeros(1, 1, config.value))
        self.null_bias = nn.Parameter(torch.zeros(1))
        self.gate = nn.Linear(config.width, config.width)
        self.leave = nn.Linear(config.width, config.width)
        nn.init.normal_(self.null, std=0.02)
        nn.init.normal_(self.leave.weight, std=0.02)
        nn.init.zeros_(self.leave.bias)

    def forward(self, x: Tensor, values: Tensor, biases: Tensor) -> Tensor:
        y = self.norm(x)
        values = values[..., : self.read]
        values = torch.cat([self.null + torch.zeros_like(values[:, :1]), values], 1)
        null = self.null_bias + torch.zeros_like(biases[..., :1])
        biases = torch.cat([null, biases], -1).unsqueeze(1)
        query = by_head(self.query(y), self.heads)
        key, value = (by_head(part, self.heads) for part in self.enter(values).split(x.shape[-1], -1))
        scores = query.float() @ key.float().transpose(2, 3) / math.sqrt(query.shape[-1]) + biases
        out = (scores.softmax(-1).to(value.dtype) @ value).transpose(1, 2).flatten(2)
        return x + self.leave(torch.sigmoid(self.gate(y)) * out)
