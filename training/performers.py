"""Virtual performers: a consistent change of manner laid over real motion."""

from __future__ import annotations

import torch
from torch import Tensor

from ..inference.types import BLENDSHAPES, INDEX, C

MOUTH = tuple(i for i, name in enumerate(BLENDSHAPES) if name.startswith(("mouth", "jaw", "cheek")))
FACE = tuple(i for i, name in enumerate(BLENDSHAPES) if name.startswith(("brow", "eyeSquint", "eyeWide")))
OFFSETS = tuple(
    INDEX[name]
    for name in ("mouthSmileLeft", "mouthFrownLeft", "mouthPressLeft", "browInnerUp", "eyeSquintLeft")
)


def mirror(index: int) -> int:
    """The channel of the other side, or the channel itself."""
    name = BLENDSHAPES[index]
    for one, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(one) and name[: -len(one)] + other in INDEX:
            return INDEX[name[: -len(one)] + other]
    return index


def perform(channels: Tensor, clips: int, generator: torch.Generator) -> Tensor:
    """Gives each group of ``clips`` adjacent rows of ``channels [B, T, 55]`` one random manner.

    Half of the groups stay as captured. The others get overall and per-channel ranges, a lopsided mouth
    and a resting posture. Zero stays zero before the posture is added,
    so closed lips stay closed.
    """
    batch = channels.shape[0]
    groups = batch // clips

    def draw(*shape: int) -> Tensor:
        return torch.randn((groups, *shape), generator=generator).repeat_interleave(clips, 0)

    virtual = (draw(1, 1) > 0).float()
    gain = torch.zeros(batch, 1, C)
    gain[..., MOUTH] = 0.3 * draw(1, 1) + 0.25 * draw(1, len(MOUTH))
    gain[..., FACE] = 0.5 * draw(1, 1) + 0.25 * draw(1, len(FACE))
    side = 0.3 * draw(1, 1)
    for index, name in enumerate(BLENDSHAPES):
        if name.startswith("mouth") and name.endswith(("Left", "Right")):
            gain[..., index] = (gain[..., index] + gain[..., mirror(index)]) / 2
            gain[..., index] += side[..., 0] * (1 if name.endswith("Left") else -1)
    moved = channels * torch.exp(gain.clamp(-1.2, 1.2))
    for index in OFFSETS:
        rest = 0.12 * draw(1).clamp(min=0)
        for side_index in {index, mirror(index)}:
            moved[..., side_index] += rest
    moved[..., :-3] = moved[..., :-3].clamp(0, 1)
    return torch.where(virtual > 0, moved, channels)
