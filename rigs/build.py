"""From names and geometry to what a bake needs: the blend of mouth poses and the seal of the lips."""

from __future__ import annotations

from collections.abc import Mapping as Table

import numpy as np

from ..inference.types import INDEX, C
from .canonical import LIP_POINTS, gap_of
from .lips import Lips
from .mapping import Mapping, PoseValue
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
    poses: dict[str, Recipe],
    surface: Surface | None,
    upper: Table[str, float],
    mapping: Mapping | None = None,
    laid: dict[str, PoseValue] | None = None,
) -> tuple[Reduction, Seal | None]:
    """The blend of mouth poses on a mesh, and the seal of its lips where they were found.

    What keys that follow channels (``mapping``) and controls already show is left to them; ``laid`` says how
    poses become the values of their keys.
    """
    mapping, laid = mapping or Mapping({}), laid or {}
    if surface and laid:
        surface = surface.turned(key for key, value in laid.items() if value.inverted)
    lips = surface_lips(surface, {**mapping.drives, **poses}) if surface else None
    others = None if lips is None else lip_moves(mapping, surface, lips)
    reduced = reduction(poses, surface, dict(upper), lips, others, laid)
    if lips is None:
        return reduced, None
    gaps = np.concatenate([gap_of(others), reduced.gap])
    return reduced, Seal(gaps, float(lips.gap(surface.rest)), INDEX[CLOSER])


def channel_seal(mapping: Mapping, surface: Surface) -> Seal | None:
    """The seal of a mesh that follows channels by its keys and controls; None where its lips cannot be
    found."""
    lips = surface_lips(surface, mapping.drives)
    if lips is None:
        return None
    return Seal(gap_of(lip_moves(mapping, surface, lips)), float(lips.gap(surface.rest)), INDEX[CLOSER])


def lip_moves(mapping: Mapping, surface: Surface, lips: Lips) -> np.ndarray:
    """How every channel moves the lips ``[C, L, 3]``, in mouth widths, by keys and by controls."""
    moves = np.zeros((C, LIP_POINTS, 3))
    for key, weights in mapping.drives.items():
        if key not in surface.moves:
            continue
        shown = lips.landmarks(surface.moves[key])
        for channel, weight in weights.items():
            moves[INDEX[channel]] += weight * shown
    for channel, move in surface.controls.items():
        moves[INDEX[channel]] += lips.landmarks(move)
    return moves
