"""What is asked of lips that nobody filmed: to move as phones say, touch at closures and part in vowels; and
with a performer's references to do what that performer would.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..inference.types import INDEX
from .closure import numbered, vowels
from .losses import Lips, channel_loss, contact_loss, lip_loss, parted_loss, weak_lip_loss
from .material import Material
from .regions import UNSEEN
from .run import Terms

LENT_WEIGHT = 0.5
"""How much a lent manner counts beside a filmed one: it is laid over what the model itself makes."""


def unfilmed_losses(moved: Tensor, phones: np.ndarray, material: Material) -> Terms:
    """The terms of lips ``moved [V, T, 2]``, standardised gap and width, at the phones ``int [V, 4 T]``."""
    wanted = material.phone_to_lips(phones).to(moved.device)
    contacts = contact_losses(moved[..., 0], phones, material.lips.to(moved.device))
    return {"weak": weak_lip_loss(moved, wanted)} | contacts


def contact_losses(gap: Tensor, phones: np.ndarray, lips: Lips) -> Terms:
    """The terms of a standardised ``gap [V, T]`` at the phones ``int [V, 4 T]``: closures, and no others."""
    return {
        "contact": contact_loss(gap, torch.tensor(numbered(phones), device=gap.device), lips.contact),
        "parted": parted_loss(gap, torch.tensor(vowels(phones), device=gap.device), lips.contact),
    }


def lent_losses(
    shown: Tensor, lent: Tensor, phones: np.ndarray, material: Material, weights: Tensor
) -> Terms:
    """The terms of the mouths ``shown [V, T, C]`` in voices with a virtual performer's references: to move as
    ``lent [V, T, C]`` and to touch at closures all the same. ``weights [C]`` are zero outside the mouth."""
    lips = material.lips.to(shown.device)
    seen = weights.new_ones(1, len(weights))
    seen[:, [INDEX[name] for name in UNSEEN]] = 0
    closures = torch.tensor(numbered(phones), device=shown.device)
    manner = channel_loss(shown, lent, seen, weights) + lip_loss(lips(shown), lips(lent))
    return {
        "lent": LENT_WEIGHT * manner,
        "lent contact": contact_loss(lips(shown)[..., 0], closures, lips.contact),
    }
