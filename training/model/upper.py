"""Brows, lids, gaze and head: what sound does not determine is sampled, not averaged."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ...inference.types import CHANNELS
from .config import Config
from .layers import Recurrent

UPPER: tuple[int, ...] = tuple(
    i for i, name in enumerate(CHANNELS) if name.startswith(("eye", "brow", "head"))
)
PAIRED = {"eyeLookInLeft": "eyeLookOutRight", "eyeLookOutLeft": "eyeLookInRight"}
"""Channels whose partner is not their mirror: both eyes turn to the same side."""
COMPONENTS = 6
NOISE = len(UPPER) + 1
"""Standard normals per frame: one for each channel, one that picks the mixture component."""
SCALE_RANGE = (-5.0, 1.0)


def middle_and_side() -> Tensor:
    """Orthonormal ``[U, U]``: sum and difference of the two eyes' and brows' channels, the rest as they are.

    Both lids and both eyes move together; independent noise on sum and difference keeps them so.
    """
    names = [CHANNELS[i] for i in UPPER]
    basis = torch.eye(len(names))
    for left, name in enumerate(names):
        if name.endswith("Left"):
            right = names.index(PAIRED.get(name, name.removesuffix("Left") + "Right"))
            basis[left, right] = basis[right, left] = 1.0
            basis[right, right] = -1.0
    return basis / basis.norm(dim=1, keepdim=True)


class UpperFace(nn.Module):
    """Autoregressive mixture-density recurrent network (Graves 2013) over the upper face and head.

    Works on sums and differences of the sides, in units of their deviation. ``previous [B, T, U]`` are the
    frames one tick earlier, ``heard [B, T, H]`` the mouth decoder's hidden sequence, ``style [B, S]``.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        size = len(UPPER)
        self.register_buffer("basis", middle_and_side())
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("deviation", torch.full((size,), 0.1))
        self.enter = nn.Linear(size + config.decoder + config.style, config.face)
        self.recurrent = Recurrent(config.face, config.face)
        self.leave = nn.Linear(config.face, COMPONENTS * (2 * size + 1))

    def initial_state(self, batch: int) -> dict[str, Tensor]:
        return {"upper": self.recurrent.initial_state(batch), "face": torch.zeros(batch, len(UPPER))}

    def mixture(
        self, previous: Tensor, heard: Tensor, style: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Log-weights ``[B, T, K]``, means and log-scales ``[B, T, K, U]``, new state."""
        style = style.unsqueeze(1).expand(-1, heard.shape[1], -1)
        x = torch.relu(self.enter(torch.cat([previous, heard, style], -1)))
        h, state = self.recurrent(x, state)
        size = previous.shape[-1]
        weights, means, scales = self.leave(h).split([COMPONENTS, COMPONENTS * size, COMPONENTS * size], -1)
        shape = (*previous.shape[:2], COMPONENTS, size)
        means = previous.unsqueeze(2) + means.reshape(shape)
        scales = scales.reshape(shape).clamp(*SCALE_RANGE)
        return weights.log_softmax(-1), means, scales, state

    def standardise(self, channels: Tensor) -> Tensor:
        """Channels ``[..., C]`` → the network's coordinates ``[..., U]``."""
        return (channels[..., list(UPPER)] @ self.basis.T - self.mean) / self.deviation

    def negative_log_likelihood(
        self, target: Tensor, previous: Tensor, heard: Tensor, style: Tensor, mask: Tensor
    ) -> Tensor:
        """Of standardised ``target [B, T, U]``, ``[B, T]``; ``mask [B, U]`` is 0 for unmeasured channels."""
        state = self.recurrent.initial_state(len(target))
        weights, means, scales, _ = self.mixture(previous, heard, style, state)
        z = (target.unsqueeze(2) - means) * torch.exp(-scales)
        density = -0.5 * z.square() - scales - 0.5 * math.log(2 * math.pi)
        density = (density * mask[:, None, None]).sum(-1)
        return -(weights + density).logsumexp(-1) / len(UPPER)

    def forward(
        self, heard: Tensor, style: Tensor, noise: Tensor, state: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """One tick: ``heard [B, 1, H]``, ``noise [B, U + 1]`` → channels ``[B, U]`` in their own units."""
        previous = state["face"]
        weights, means, scales, memory = self.mixture(previous.unsqueeze(1), heard, style, state["upper"])
        uniform = 0.5 * (1 + torch.erf(noise[:, -1:] / math.sqrt(2)))
        below = weights[:, 0].exp().cumsum(-1)[:, :-1]
        component = (uniform > below).long().sum(-1)
        pick = nn.functional.one_hot(component, COMPONENTS).to(means.dtype).unsqueeze(-1)
        mean, scale = (means[:, 0] * pick).sum(1), (scales[:, 0] * pick).sum(1)
        face = (mean + scale.exp() * noise[:, :-1]).clamp(-6.0, 12.0)
        return (self.mean + self.deviation * face) @ self.basis, {"upper": memory, "face": face}
