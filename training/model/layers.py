"""Causal layers whose memory is an argument, so that one code path trains, streams and exports."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx
from torch.nn import functional


class CausalConv(nn.Module):
    """Causal convolution. ``x [B, T, in]``, state ``[B, kernel - stride, in]`` → ``[B, T / stride, out]``.

    The state holds the inputs that the next call still needs; ``T`` must be a multiple of ``stride``.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, stride)
        self.memory = kernel - stride

    def initial_state(self, batch: int) -> Tensor:
        return self.conv.weight.new_zeros(batch, self.memory, self.conv.in_channels)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        x = torch.cat([state, x], dim=1)
        y = self.conv(x.transpose(1, 2)).transpose(1, 2)
        return functional.silu(y), x[:, x.shape[1] - self.memory :]


class LinearScan(torch.autograd.Function):
    """``h_t = a_t h_{t-1} + b_t`` along the first axis; ``a, b [T, ...]``, ``h0 [...]``."""

    @staticmethod
    def forward(ctx: FunctionCtx, a: Tensor, b: Tensor, h0: Tensor) -> Tensor:
        h = torch.empty_like(b)
        last = h0
        for t in range(len(b)):
            torch.addcmul(b[t], a[t], last, out=h[t])
            last = h[t]
        ctx.save_for_backward(a, h, h0)
        return h

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a, h, h0 = ctx.saved_tensors
        flow = torch.empty_like(gradient)
        flow[-1] = gradient[-1]
        for t in range(len(gradient) - 2, -1, -1):
            torch.addcmul(gradient[t], a[t + 1], flow[t + 1], out=flow[t])
        previous = torch.cat([h0.unsqueeze(0), h[:-1]])
        return flow * previous, flow, flow[0] * a[0]


FORGOTTEN = 0.004
"""Share of a hidden value that every tick replaces at least (ten seconds): sequences of training last four,
and units that hold for minutes drift."""


class GatedBlock(nn.Module):
    """Residual block: a gated linear recurrence, then a gated feed-forward layer.

    The gates see the current and the previous input only (minimal GRU, Feng et al. 2024), so training runs
    over all ticks in a few matrix products. ``x [B, T, D]``; state ``[B, 2 D]``: previous normalised input
    and hidden values.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.norm = nn.LayerNorm(width)
        self.enter = nn.Linear(2 * width, 3 * width)
        self.leave = nn.Linear(width, width)
        self.feed_norm = nn.LayerNorm(width)
        self.feed_enter = nn.Linear(width, 4 * width)
        self.feed_leave = nn.Linear(2 * width, width)

    def initial_state(self, batch: int) -> Tensor:
        return self.enter.weight.new_zeros(batch, 2 * self.width)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        before, hidden = state.split(self.width, -1)
        y, one_tick = self.norm(x), x.shape[1] == 1
        shifted = before.unsqueeze(1)
        if not one_tick:
            shifted = torch.cat([shifted, y[:, :-1]], 1)
        update, candidate, gate = self.enter(torch.cat([y, shifted], -1)).split(self.width, -1)
        update = torch.sigmoid(update.float()).clamp(min=FORGOTTEN)
        keep, new = 1 - update, update * candidate.float()
        if one_tick:
            h = keep * hidden.unsqueeze(1) + new
        else:
            h = LinearScan.apply(keep.transpose(0, 1).contiguous(), new.transpose(0, 1).contiguous(), hidden)
            h = h.transpose(0, 1)
        x = x + self.leave(h * functional.silu(gate))
        gate, value = self.feed_enter(self.feed_norm(x)).split(2 * self.width, -1)
        x = x + self.feed_leave(functional.silu(gate) * value)
        return x, torch.cat([y[:, -1], h[:, -1]], -1)
