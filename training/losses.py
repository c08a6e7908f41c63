"""What is asked of the network: articulation, channels, lips and a likely upper face."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ..inference.types import CHANNELS, INDEX
from .phones import FEATURES
from .precision import full_precision
from .regions import UNSEEN, UPPER

LIP_FEATURES = {"lipClosure": 4.0, "labiodental": 2.0, "rounding": 2.0}
"""How much more the features count that lips are made of."""
CLOSURE_WEIGHT = 3.0
"""How much more an error of the lip gap counts where the lips are shut."""
CONTACT_WEIGHT = 1.0
"""How much it costs that lips nobody filmed stay apart at a closure by a deviation of the gap."""
PARTED_WEIGHT, PARTED = 20.0, 0.3
"""How much it costs that they come nearer to contact in a vowel than so many deviations: hardly any do."""
REST_WEIGHT = 5.0
"""How much an unseen channel costs that does not rest."""
SHIVER_TICKS = 1.2
"""Width of the tracker's noise that the upper face must not learn, ticks."""
SHIVERING = tuple(i for i in UPPER if CHANNELS[i].startswith(("brow", "head", "eyeLook")))


@dataclass(frozen=True)
class Lips:
    """Linear readout of inner-lip gap and mouth width, with the corpus' mean and deviation of each.

    ``matrix [2, 55]``, ``offset [2]``, ``mean [2]``, ``deviation [2]``.
    """

    matrix: Tensor
    offset: Tensor
    mean: Tensor
    deviation: Tensor

    def to(self, device: str) -> Lips:
        return Lips(*(x.to(device) for x in (self.matrix, self.offset, self.mean, self.deviation)))

    @property
    def contact(self) -> Tensor:
        """Standardised gap of lips that just touch on the measuring rig, a scalar."""
        return (self.offset[0] - self.mean[0]) / self.deviation[0]

    @full_precision
    def __call__(self, channels: Tensor) -> Tensor:
        """``channels [B, T, 55]`` → standardised gap and width ``[B, T, 2]``."""
        return (channels @ self.matrix.T + self.offset - self.mean) / self.deviation


def articulation_loss(phones: Tensor, features: Tensor, labels: Tensor, table: Tensor) -> Tensor:
    """Cross-entropy of phone ``[B, H, P]`` and of feature logits ``[B, H, F]``; labels −1 are left out."""
    known = labels >= 0
    if not known.any():
        return phones.sum() * 0
    labels = labels[known]
    phone = functional.cross_entropy(phones[known].float(), labels, label_smoothing=0.05)
    weight = torch.tensor([LIP_FEATURES.get(name, 1.0) for name in FEATURES], device=labels.device)
    feature = functional.binary_cross_entropy_with_logits(features[known].float(), table[labels], weight)
    return phone + 2 * feature


def channel_loss(predicted: Tensor, target: Tensor, measured: Tensor, weight: Tensor) -> Tensor:
    """Squared error of positions and velocities, ``[B, T, 55]``; each channel in units of its deviation."""
    weight = (weight * measured).unsqueeze(1)
    position = (predicted - target).square()
    velocity = (predicted - target).diff(dim=1).square()
    return ((position * weight).mean() + 2 * (velocity * weight).mean()) * 2


def rest_loss(channels: Tensor) -> Tensor:
    """Mean square of the channels of ``[B, T, 55]`` that nobody measured in speech: left free, they serve as
    a lever for lips and move at will."""
    return REST_WEIGHT * channels[..., [INDEX[name] for name in UNSEEN]].square().mean()


def lip_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Error of standardised gap and width ``[B, T, 2]``, position and velocity; NaN targets are left out."""
    known = torch.isfinite(target)
    error = torch.where(known, predicted - torch.where(known, target, 0.0), 0.0)
    shut = torch.exp(-2 * (torch.where(known, target, 9.0)[..., :1] + 1.0).clamp(min=0))
    weight = torch.cat([1 + CLOSURE_WEIGHT * shut, torch.ones_like(shut)], -1)
    position = (weight * error.square()).sum() / known.sum().clamp(min=1)
    return position + error.diff(dim=1).square().mean()


def shape_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """One minus the correlation over each sequence, gap and width ``[B, T, 2]``: when lips move, and how far
    beside their other movements, whatever mouth they belong to. NaN targets are left out."""
    known = torch.isfinite(target).all(-1, keepdim=True)
    count = known.sum(1, keepdim=True)
    target = torch.where(known, target, 0.0)
    centred = [torch.where(known, x - (x * known).sum(1, keepdim=True) / count.clamp(min=1), 0.0)
               for x in (predicted, target)]  # fmt: skip
    power = centred[0].square().sum(1) * centred[1].square().sum(1)
    correlation = (centred[0] * centred[1]).sum(1) / (power + 1e-3).sqrt()
    enough = (count[:, 0] > 25).expand_as(correlation)
    return torch.where(enough, 1 - correlation, 0.0).mean()


def weak_lip_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """The shape of gap and width ``[B, T, 2]``, plus a light squared error.

    The target comes from phones and knows timing and order, not this speaker's amount.
    """
    error = torch.where(torch.isfinite(target).all(-1, keepdim=True), predicted - target, 0.0)
    return shape_loss(predicted, target) + 0.1 * error.square().mean()


def contact_loss(gap: Tensor, closures: Tensor, contact: Tensor) -> Tensor:
    """How far lips are apart at the closest moment of each closure: ``gap [B, T]`` over ``contact``, where
    ``closures int [B, T]`` numbers the ticks of every one and is −1 elsewhere.

    A correlation knows nothing of contact. Which moment it is stays open: phones do not tell it.
    """
    within = closures >= 0
    closest = gap.new_full((int(closures.max()) + 1,), torch.inf)
    closest = closest.scatter_reduce(0, closures[within], gap[within], "amin")
    apart = (closest[closest.isfinite()] - contact).clamp(min=0)
    return CONTACT_WEIGHT * apart.sum() / max(1, len(apart))


def parted_loss(gap: Tensor, vowels: Tensor, contact: Tensor) -> Tensor:
    """How near lips come to ``contact`` while a vowel sounds, ``gap [B, T]`` where ``vowels bool [B, T]``.

    Else a mouth that does not know a p from other sounds would gain by touching at all of them.
    """
    near = (contact + PARTED - gap[vowels]).clamp(min=0)
    return PARTED_WEIGHT * near.sum() / max(1, len(near))


@full_precision
def calm(channels: Tensor) -> Tensor:
    """Brows, gaze and head of ``[B, T, 55]`` without the tracker's shiver; lids stay as quick as they are."""
    weights = torch.exp(-0.5 * (torch.arange(-3, 4) / SHIVER_TICKS) ** 2)
    kernel = (weights / weights.sum()).expand(len(SHIVERING), 1, -1)
    slow = channels[..., list(SHIVERING)].transpose(1, 2)
    slow = functional.conv1d(functional.pad(slow, (3, 3), mode="replicate"), kernel, groups=len(SHIVERING))
    channels = channels.clone()
    channels[..., list(SHIVERING)] = slow.transpose(1, 2)
    return channels
