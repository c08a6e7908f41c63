"""What is asked of lips that nobody filmed: to move as phones say, touch at closures and part in vowels."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .closure import numbered, vowels
from .losses import contact_loss, parted_loss, weak_lip_loss
from .material import Material
from .run import Terms


def unfilmed_losses(moved: Tensor, phones: np.ndarray, material: Material) -> Terms:
    """The terms of lips ``moved [V, T, 2]``, standardised gap and width, at the phones ``int [V, 4 T]``."""
    place, gap = moved.device, moved[..., 0]
    wanted = torch.tensor(np.stack([material.phone_to_lips(row) for row in phones]), device=place)
    contact = material.lips.contact.to(place)
    return {
        "weak": weak_lip_loss(moved, wanted),
        "contact": contact_loss(gap, torch.tensor(numbered(phones), device=place), contact),
        "parted": parted_loss(gap, torch.tensor(vowels(phones), device=place), contact),
    }
