"""Causal layers whose memory is an argument, so that one code path trains, streams and exports."""

from __future__ import annotations

from typing import Any

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
        self.inputs, self.kernel, self.stride, self.memory = inputs, kernel, stride, kernel - stride
        self.taps = nn.Linear(kernel * inputs, outputs)

    def initial_state(self, batch: int) -> Tensor:
        return next(self.parameters()).new_zeros(batch, self.memory, self.inputs)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """As a product of matrices: its rows do not depend on how many there are, a convolution's bits do."""
        x = torch.cat([state, x], dim=1)
        stop = x.shape[1] - self.kernel + 1
        taps = [x[:, tap : stop + tap : self.stride] for tap in range(self.kernel)]
        y = self.taps(torch.cat(taps, -1))
        return functional.silu(y), x[:, x.shape[1] - self.memory :]


class LinearScan(torch.autograd.Function):
    """``h_t = a_t h_{t-1} + b_t`` along the second axis; ``a, b [B, T, D]``, ``h0 [B, D]``."""

    @staticmethod
    def forward(ctx: FunctionCtx, a: Tensor, b: Tensor, h0: Tensor) -> Tensor:
        a, b = (x.transpose(0, 1).contiguous() for x in (a, b))
        h = torch.empty_like(b)
        last = h0
        for t in range(len(b)):
            torch.addcmul(b[t], a[t], last, out=h[t])
            last = h[t]
        ctx.save_for_backward(a, h, h0)
        return h.transpose(0, 1)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a, h, h0 = ctx.saved_tensors
        gradient = gradient.transpose(0, 1).contiguous()
        flow = torch.empty_like(gradient)
        flow[-1] = gradient[-1]
        for t in range(len(gradient) - 2, -1, -1):
            torch.addcmul(gradient[t], a[t + 1], flow[t + 1], out=flow[t])
        previous = torch.cat([h0.unsqueeze(0), h[:-1]])
        return (flow * previous).transpose(0, 1), flow.transpose(0, 1), flow[0] * a[0]

    @staticmethod
    def symbolic(graph: Any, a: Any, b: Any, h0: Any) -> Any:
        """A node that the export spells out (``rewrite.spell_out``)."""
        return graph.op("mouthpiece::LinearScan", a, b, h0).setType(b.type().with_sizes([None] * 3))


class DecayingPeak(torch.autograd.Function):
    """``p_t = max(x_t, p_{t-1} - decay)`` along the second axis; ``x [B, T, D]``, ``p0 [B, D]``. It has no
    gradient."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, p0: Tensor, decay: float) -> Tensor:
        peaks = []
        for value in x.unbind(1):
            p0 = torch.maximum(value, p0 - decay)
            peaks.append(p0)
        return torch.stack(peaks, 1)

    @staticmethod
    def symbolic(graph: Any, x: Any, p0: Any, decay: float) -> Any:
        """A node that the export spells out (``rewrite.spell_out``)."""
        return graph.op("mouthpiece::DecayingPeak", x, p0, decay_f=decay).setType(
            x.type().with_sizes([None] * 3)
        )


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
        return self.norm.weight.new_zeros(batch, 2 * self.width)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        before, hidden = state.split(self.width, -1)
        y = self.norm(x)
        shifted = torch.cat([before.unsqueeze(1), y[:, :-1]], 1)
        update, candidate, gate = self.enter(torch.cat([y, shifted], -1)).split(self.width, -1)
        update = torch.sigmoid(update.float()).clamp(min=FORGOTTEN)
        h = LinearScan.apply(1 - update, update * candidate.float(), hidden)
        x = x + self.leave(h * functional.silu(gate))
        gate, value = self.feed_enter(self.feed_norm(x)).split(2 * self.width, -1)
        x = x + self.feed_leave(functional.silu(gate) * value)
        return x, torch.cat([y[:, -1], h[:, -1]], -1)
