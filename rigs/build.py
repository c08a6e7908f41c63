"""From names and geometry to what a bake needs: the blend of mouth poses and the seal of the lips."""

from __future__ import annotations

from collections.abc import Mapping as Table

import numpy as np

from ..inference.types import INDEX, C
from .mapping import Mapping
from .matching import MOUTH
from .presets import Recipe
from .reduce import Reduction, reduction
from .seal import Seal
from .surface import Surface, surface_lips

CLOSER = "mouthClose"


def mouth_keys(mapping: Mapping) -> int:
    """How many keys of a mesh move the mouth."""
    return sum(1 for weights in mapping.drives.values() if MOUTH & set(weights))


def blend(
    poses: dict[str, Recipe], surface: Surface | None, upper: Table[str, float]
) -> tuple[Reduction, Seal | None]:
    """The blend of mouth poses on a mesh, and the seal of its lips where they were found."""
    reduced = reduction(poses, surface, dict(upper))
    lips = surface_lips(surface, poses) if surface else None
    seal = None if lips is None else Seal(reduced.gap, float(lips.gap(surface.rest)))
    return reduced, seal


def channel_seal(mapping: Mapping, surface: Surface) -> Seal | None:
    """The seal of a mesh whose keys follow channels; None where its lips cannot be found."""
    lips = surface_lips(surface, mapping.drives)
    if lips is None:
        return None
    gaps = np.zeros(C)
    for key, weights in mapping.drives.items():
        opens = float(lips.gap(surface.moves[key]))
        for channel, weight in weights.items():
            gaps[INDEX[channel]] += weight * opens
    return Seal(gaps, float(lips.gap(surface.rest)), INDEX[CLOSER])
