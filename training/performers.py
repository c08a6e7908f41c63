"""Virtual performers: a consistent manner laid over real motion, part of it depending on what is said."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ..inference.blinks import BLINK
from ..inference.types import BLENDSHAPES, INDEX, C
from .model.seal import OPENING, limited, openers, widest
from .phones import FEATURES
from .precision import full_precision
from .regions import MOUTH, UNSEEN

FACE = tuple(i for i, name in enumerate(BLENDSHAPES) if name.startswith(("brow", "eyeSquint", "eyeWide")))
OFFSETS = tuple(
    INDEX[name]
    for name in (
        *("mouthSmileLeft", "mouthFrownLeft", "mouthPressLeft"),
        *("browInnerUp", "browDownLeft", "browOuterUpLeft", "eyeSquintLeft", "eyeBlinkLeft"),
    )
)
"""Channels that a performer may hold a little, all the time."""
HABITS: dict[str, tuple[str, ...]] = {
    "rounding": ("mouthPucker", "mouthFunnel", "mouthShrugLower"),
    "spreading": ("mouthSmileLeft", "mouthStretchLeft", "mouthDimpleLeft"),
    "openness": ("jawOpen", "mouthLowerDownLeft", "mouthUpperUpLeft"),
    "labiodental": ("mouthRollLower", "mouthShrugUpper"),
    "sibilance": ("mouthStretchLeft", "mouthFunnel", "mouthShrugUpper", "jawForward"),
    "lipClosure": ("mouthPressLeft", "mouthRollLower", "mouthRollUpper"),
}
"""Which channels a performer may add to, or hold back, at which articulation."""
STRESS = (INDEX["browInnerUp"], INDEX["browOuterUpLeft"], INDEX["browOuterUpRight"])
PHRASE_END = tuple(
    INDEX[name] for name in ("mouthSmileLeft", "mouthSmileRight", "mouthPressLeft", "mouthPressRight")
)
HELD = tuple(i for i in MOUTH if i not in OPENING and BLENDSHAPES[i] not in ("mouthClose", *UNSEEN))
"""Channels of the mouth that a posture may hold without parting the lips or shutting them."""
NARROW = 0.01
"""Gap that may at most be doubled; a narrower one hardly grows, a wider one as much as it likes."""
PAUSE_TICKS = 12
"""How long a habit at the end of a phrase lingers."""


def mirror(index: int) -> int:
    """The channel of the other side, or the channel itself."""
    name = BLENDSHAPES[index]
    for one, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(one) and name[: -len(one)] + other in INDEX:
            return INDEX[name[: -len(one)] + other]
    return index


class Manner:
    """Draws one random number for each group of ``clips`` adjacent rows."""

    def __init__(self, batch: int, clips: int, generator: torch.Generator) -> None:
        self.groups, self.clips, self.generator = batch // clips, clips, generator

    def draw(self, *shape: int) -> Tensor:
        """Standard normals ``[B, *shape]``, alike in each group."""
        return torch.randn((self.groups, *shape), generator=self.generator).repeat_interleave(self.clips, 0)

    def chosen(self, probability: float) -> Tensor:
        """0 or 1, ``[B, 1, 1]``."""
        picks = torch.rand((self.groups, 1, 1), generator=self.generator) < probability
        return picks.float().repeat_interleave(self.clips, 0)


def smooth(x: Tensor, ticks: float) -> Tensor:
    """Gaussian smoothing of ``[B, T, K]`` along time."""
    reach = int(3 * ticks)
    weights = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / ticks) ** 2)
    kernel = (weights / weights.sum()).expand(x.shape[-1], 1, -1)
    padded = functional.pad(x.transpose(1, 2), (reach, reach), mode="replicate")
    return functional.conv1d(padded, kernel, groups=x.shape[-1]).transpose(1, 2)


def static_manner(channels: Tensor, manner: Manner) -> Tensor:
    """Overall and per-channel ranges, a lopsided mouth and a resting posture."""
    batch = len(channels)
    gain = torch.zeros(batch, 1, C)
    gain[..., MOUTH] = 0.3 * manner.draw(1, 1) + 0.25 * manner.draw(1, len(MOUTH))
    gain[..., FACE] = 0.5 * manner.draw(1, 1) + 0.25 * manner.draw(1, len(FACE))
    side = 0.3 * manner.draw(1, 1)
    for index, name in enumerate(BLENDSHAPES):
        if name.startswith("mouth") and name.endswith(("Left", "Right")):
            gain[..., index] = (gain[..., index] + gain[..., mirror(index)]) / 2
            gain[..., index] += side[..., 0] * (1 if name.endswith("Left") else -1)
    moved = channels * torch.exp(gain.clamp(-1.2, 1.2))
    for index in OFFSETS:
        rest = 0.12 * manner.draw(1).clamp(min=0)
        for side_index in {index, mirror(index)}:
            moved[..., side_index] += rest
    return moved


def posture(manner: Manner) -> Tensor:
    """What holds a mouth as no captured one is, ``[B, 1, 55]``: a few channels far out, as in hand-keyed
    takes."""
    held = torch.zeros(manner.groups * manner.clips, 1, C)
    for index in sorted({min(index, mirror(index)) for index in HELD}):
        amount = 0.4 * (manner.draw(1) - 0.5).clamp(0, 1.5)
        for side in {index, mirror(index)}:
            held[..., side] = amount * torch.exp(0.3 * manner.draw(1))
    return held


def habits(channels: Tensor, features: Tensor, level: Tensor, manner: Manner) -> Tensor:
    """What this performer does at certain sounds: articulations exaggerated, held back or coloured, brows on
    stress, corners and lids at the end of phrases. No static average can tell."""
    probability = smooth(features, 1.0)
    moved = channels.clone()
    open_lips = 1 - probability[..., FEATURES.index("lipClosure")]
    for feature, names in HABITS.items():
        active = probability[..., FEATURES.index(feature)]
        for name in names:
            index = INDEX[name]
            gain, offset = 0.8 * manner.draw(1).clamp(-1.5, 1.5), 0.15 * manner.draw(1).clamp(-1, 2)
            for side in {index, mirror(index)}:
                moved[..., side] *= torch.exp(gain * active)
                if feature != "lipClosure":
                    moved[..., side] += offset * active * open_lips
    stress = smooth(functional.relu(smooth(level, 1.5) - smooth(level, 8.0)), 1.0)[..., 0]
    for index in STRESS:
        moved[..., index] += 0.8 * manner.draw(1).clamp(min=0) * stress
    silence = probability[..., FEATURES.index("silence")]
    onset = functional.relu(silence.diff(dim=1, prepend=silence[:, :1]))
    linger = functional.pad(onset, (PAUSE_TICKS, 0)).unfold(1, PAUSE_TICKS, 1)[:, 1:].sum(-1).clamp(max=1)
    for index in PHRASE_END:
        moved[..., index] += 0.2 * manner.draw(1).clamp(min=0) * linger
    blink = smooth((onset > 0.4).float().unsqueeze(-1), 1.2)[..., 0] * 3.0
    blinking = manner.chosen(0.3)[..., 0]
    for index in BLINK:
        moved[..., index] = torch.maximum(moved[..., index], blinking * blink.clamp(max=0.95))
    return moved


@full_precision
def perform(
    channels: Tensor,
    features: Tensor,
    level: Tensor,
    clips: int,
    generator: torch.Generator,
    always: bool = False,
) -> Tensor:
    """Gives each group of ``clips`` adjacent rows of ``channels [B, T, 55]`` one random manner.

    ``features [B, T, F]`` are the articulation's probabilities, ``level [B, T, 1]`` the loudness. Some groups
    stay as captured, unless ``always``; the others get a static manner, habits, or both. Zero stays zero
    before the posture is added, so closed lips stay closed.
    """
    manner = Manner(len(channels), clips, generator)
    share = 1.0 if always else 0.5
    still, habitual = manner.chosen(share), manner.chosen(share)
    moved = torch.where(still > 0, static_manner(channels, manner), channels)
    moved = torch.where(habitual > 0, habits(moved, features, level, manner), moved)
    moved[..., :-3] = moved[..., :-3].clamp(0, 1)
    return moved


@full_precision
def touching(moved: Tensor, captured: Tensor, row: Tensor) -> Tensor:
    """``moved`` with lips that touch where those of ``captured`` do, both ``[B, T, 55]``: virtual performers
    close the mouth at a p, too. ``row [55]`` is the gap of each channel, in outer eye corner distances."""
    gap = (captured @ row).clamp(min=0).unsqueeze(-1)
    return limited(moved, widest(gap, NARROW), row, openers())
