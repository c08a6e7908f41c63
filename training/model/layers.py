"""Causal layers whose memory is an argument, so that one code path trains, streams and exports."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class CausalConv(nn.Module):
    """Causal convolution. ``x [B, T, in]``, state ``[B, kernel - stride, in]`` → ``[B, T / stride, out]``.

    The state holds the inputs that the next call still needs; ``T`` must be a multiple of ``stride``.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, stride)
        self.memory = kernel - stride

    def initial_state(self, batch: int) -> Tensor:
        return torch.zeros(batch, self.memory, self.conv.in_channels)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        x = torch.cat([state, x], dim=1)
        y = self.conv(x.transpose(1, 2)).transpose(1, 2)
        return torch.relu(y), x[:, x.shape[1] - self.memory :]


class Recurrent(nn.Module):
    """Stacked GRU. ``x [B, T, in]``, state ``[B, layers, width]`` → ``[B, T, width]``."""

    def __init__(self, inputs: int, width: int, layers: int = 1) -> None:
        super().__init__()
        self.gru = nn.GRU(inputs, width, layers, batch_first=True)

    def initial_state(self, batch: int) -> Tensor:
        return torch.zeros(batch, self.gru.num_layers, self.gru.hidden_size)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        y, hidden = self.gru(x, state.transpose(0, 1).contiguous())
        return y, hidden.transpose(0, 1)


class StyleModulation(nn.Module):
    """Feature-wise scale and shift by a style vector (FiLM, Perez et al. 2018); identity for a zero style."""

    def __init__(self, style: int, width: int) -> None:
        super().__init__()
        self.film = nn.Linear(style, 2 * width, bias=False)
        nn.init.normal_(self.film.weight, std=0.02)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """``x [B, T, width]``, ``style [B, S]``."""
        scale, shift = self.film(style).unsqueeze(1).chunk(2, dim=-1)
        return x * (1 + scale) + shift
