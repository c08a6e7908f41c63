"""Temporally hierarchical motion: keyframes at 2.5 Hz, detail at 25 Hz, and a causal decoder.

A latent of each tick is a whitened principal component score of the face's regions. The slow level places a
keyframe at the end of every block of ten ticks, issued at the block's first tick; the decoder moves on a
straight line from one keyframe to the next. The fast level is what is left. The decoder at tick t uses only
latents issued at or before t.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...inference.types import BLENDSHAPES, C
from ..precision import full_precision
from ..regions import FACE, FACE_LATENT, HEAD, MOUTH, MOUTH_LATENT

BLOCK = 10
"""Ticks between keyframes (400 ms)."""
SLOW_TICKS = 5.0
"""Width of the low-pass that a keyframe is taken from, ticks."""
REGIONS: tuple[tuple[tuple[int, ...], int], ...] = ((MOUTH, MOUTH_LATENT), (FACE, FACE_LATENT), (HEAD, 3))
"""Channels and number of components of mouth, eyes with brows, and head."""
LATENT = sum(size for _, size in REGIONS)
REGION_OF = torch.tensor([region for region, (_, size) in enumerate(REGIONS) for _ in range(size)])
"""Region of each latent, ``[LATENT]``."""
SMALLEST = 0.02
"""Deviation in channel units below which a component counts less, not more."""
ENOUGH = 0.3
"""Share of a region's channels that shows how it moves: many a rig's mouth has fifteen shapes."""
LEAK = 0.1
"""Gradient outside [0, 1], so that a clipped shape can come back."""


class MotionCodec(nn.Module):
    """``channels [..., C]`` ↔ ``latents [..., LATENT]``; fitted in closed form, then fixed."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(C))  # of brows and eyes where most faces rest
        self.register_buffer("analysis", torch.zeros(C, LATENT))
        self.register_buffer("synthesis", torch.zeros(LATENT, C))

    def fit(self, takes: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
        """From pairs of ``channels [T, C]`` and ``measured [C]``: components of each region, whitened."""
        start = 0
        for indices, size in REGIONS:
            index = list(indices)
            usable = [c[:, index] for c, measured in takes if measured[index].all()]
            rows = np.concatenate(usable).astype(np.float64)
            mean = rows.mean(0)
            _, spread, axes = np.linalg.svd(rows - mean, full_matrices=False)
            scale = np.maximum(spread[:size] / np.sqrt(len(rows)), SMALLEST)
            stop = start + size
            self.mean[index] = torch.tensor(mean, dtype=torch.float32)
            self.analysis[index, start:stop] = torch.tensor(axes[:size].T / scale, dtype=torch.float32)
            self.synthesis[start:stop, index] = torch.tensor(
                axes[:size] * scale[:, None], dtype=torch.float32
            )
            start = stop

    @full_precision
    def encode(self, channels: Tensor, measured: Tensor) -> Tensor:
        """Latents of ``channels [B, T, C]``; unmeasured ones (``measured [B, C]``) count as the mean."""
        return ((channels - self.mean) * measured.unsqueeze(-2)) @ self.analysis

    @full_precision
    def decode(self, latents: Tensor) -> Tensor:
        """``[..., LATENT]`` → channels, shapes limited to [0, 1] with a leaking gradient."""
        channels = self.mean + latents @ self.synthesis
        shapes, head = channels.split([len(BLENDSHAPES), C - len(BLENDSHAPES)], -1)
        if self.training:
            inside = shapes.clamp(0, 1)
            leaking = LEAK * shapes
            shapes = inside + leaking - leaking.detach()
        else:
            shapes = shapes.clamp(0, 1)
        return torch.cat([shapes, head], -1)


def measured_regions(measured: Tensor) -> Tensor:
    """``measured [B, C]`` → ``[B, 3]``: 1 where enough channels of the region were measured."""
    return torch.stack([(measured[:, list(i)].mean(1) > ENOUGH).float() for i, _ in REGIONS], 1)


def shown_channels(regions: Tensor) -> Tensor:
    """``regions [B, 3]`` → ``[B, C]``: each channel's region."""
    channels = regions.new_zeros(len(regions), C)
    for region, (indices, _) in enumerate(REGIONS):
        channels[:, list(indices)] = regions[:, region : region + 1]
    return channels


def rest_of(latents: Tensor) -> Tensor:
    """Where brows and eyes rest in ``latents [..., T, LATENT]`` without blinks, ``[..., FACE_LATENT]``."""
    return latents[..., MOUTH_LATENT : MOUTH_LATENT + FACE_LATENT].mean(-2)


def resting(face: Tensor) -> Tensor:
    """Latents of brows and eyes ``[..., FACE_LATENT]`` among all, ``[..., LATENT]``; zeros for the others."""
    return functional.pad(face, (MOUTH_LATENT, LATENT - MOUTH_LATENT - FACE_LATENT))


def latent_mask(measured: Tensor) -> Tensor:
    """``measured [B, C]`` → ``[B, LATENT]``."""
    return measured_regions(measured)[:, REGION_OF.to(measured.device)]


@full_precision
def low_pass(latents: Tensor) -> Tensor:
    """What keyframes are taken from: ``[B, T, L]`` smoothed over time (targets only; it looks ahead)."""
    reach = int(3 * SLOW_TICKS)
    axis = torch.arange(-reach, reach + 1, device=latents.device)
    weights = torch.exp(-0.5 * (axis / SLOW_TICKS) ** 2)
    kernel = (weights / weights.sum()).expand(latents.shape[-1], 1, -1)
    padded = functional.pad(latents.transpose(1, 2), (reach, reach), mode="replicate")
    return functional.conv1d(padded, kernel, groups=latents.shape[-1]).transpose(1, 2)


def keyframe_targets(latents: Tensor) -> Tensor:
    """Keyframe of each block, ``[B, T / BLOCK, L]``: the smoothed latents at the block's last tick."""
    return low_pass(latents)[:, BLOCK - 1 :: BLOCK]


def slow_path(keyframes: Tensor, before: Tensor) -> Tensor:
    """Lines from keyframe to keyframe: ``[B, K, L]`` and the one before, ``[B, L]`` → ``[B, K BLOCK, L]``."""
    start = torch.cat([before.unsqueeze(1), keyframes[:, :-1]], 1)
    part = (torch.arange(1, BLOCK + 1, device=keyframes.device) / BLOCK)[:, None]
    path = start.unsqueeze(2) + part * (keyframes - start).unsqueeze(2)
    return path.flatten(1, 2)
