"""What sound leaves open: a flow-matching teacher over residuals, and its one-step student."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

TIME_FREQUENCIES = 8
TEACHER_STEPS = 16


class Residual(nn.Module):
    """Multi-layer perceptron of a point, a time and a condition; the same size for teacher and student."""

    def __init__(self, size: int, condition: int, width: int) -> None:
        super().__init__()
        self.size = size
        self.condition = nn.Linear(condition, width)
        self.enter = nn.Linear(size + 2 * TIME_FREQUENCIES, width)
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.leave = nn.Linear(width, size)

    def forward(self, x: Tensor, time: Tensor, condition: Tensor) -> Tensor:
        """``x [B, T, size]``, ``time [B, T, 1]`` in [0, 1], ``condition [B, T, D]``, of which any may have
        one row for all → ``[B, T, size]``."""
        angle = time * (2.0 ** torch.arange(TIME_FREQUENCIES, device=x.device)) * (math.pi / 2)
        of_point, of_time = self.enter.weight.split([self.size, 2 * TIME_FREQUENCIES], 1)
        when = functional.linear(torch.cat([angle.sin(), angle.cos()], -1), of_time, self.enter.bias)
        h = functional.linear(x, of_point) + when + self.condition(condition)
        for layer in self.layers:
            h = h + layer(functional.silu(h))
        return self.leave(functional.silu(h))


class Flow(nn.Module):
    """Rectified flow (Liu et al. 2022) from noise to a standardised residual, and one step that replaces it.

    ``teacher`` is integrated in ``TEACHER_STEPS``; ``student`` is distilled from it and adds what one call
    gives to the noise.
    """

    def __init__(self, size: int, condition: int, width: int) -> None:
        super().__init__()
        self.teacher = Residual(size, condition, width)
        self.student = Residual(size, condition, width)
        self.register_buffer("scale", torch.full((size,), 0.3))

    def loss(self, residual: Tensor, mask: Tensor, condition: Tensor, noise: Tensor, time: Tensor) -> Tensor:
        """Flow-matching error of ``residual [B, T, L]``, ``mask`` alike; the scale follows the residuals."""
        if self.training:
            with torch.no_grad():
                power = (residual.square() * mask).sum((0, 1)) / mask.sum((0, 1)).clamp(min=1)
                known = mask.sum((0, 1)) > 0
                self.scale[known] = self.scale[known].lerp(power.sqrt().clamp(min=0.02)[known], 0.01)
        target = (residual / self.scale * mask).clamp(-8, 8)
        point = torch.lerp(noise, target, time)
        error = self.teacher(point, time, condition).float() - (target - noise)
        return (error.square() * mask).sum() / mask.sum().clamp(min=1)

    def sample(self, noise: Tensor, condition: Tensor, steps: int) -> Tensor:
        """Euler steps of the teacher; residuals in their own units."""
        x = noise
        for index in range(steps):
            time = torch.full_like(x[..., :1], index / steps)
            x = x + self.teacher(x, time, condition).float() / steps
        return x * self.scale

    def draw(self, noise: Tensor, condition: Tensor, steps: int) -> Tensor:
        """``steps`` of the teacher, or for 0 the student's one."""
        return self.sample(noise, condition, steps) if steps else self.one_step(noise, condition)

    def one_step(self, noise: Tensor, condition: Tensor) -> Tensor:
        """The student's residual of ``noise``, in its own units."""
        return (noise + self.student(noise, noise.new_zeros(1, 1, 1), condition).float()) * self.scale
