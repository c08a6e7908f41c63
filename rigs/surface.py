"""A mesh as geometry: where its points are and how its shape keys move them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..inference.types import BLENDSHAPES
from .canonical import canonical
from .lips import Lips, find_lips
from .presets import Recipe

PARTS_LEAST = 0.05
"""A shape that parts canonical lips by less (mouth widths) does not show where lips are."""


@dataclass(frozen=True)
class Surface:
    """``rest float [V, 3]`` and the displacement ``[V, 3]`` of every shape key at value 1."""

    rest: np.ndarray
    moves: dict[str, np.ndarray]

    def field(self, values: dict[str, float]) -> np.ndarray:
        """Displacement ``[V, 3]`` with the given key values."""
        return sum((value * self.moves[key] for key, value in values.items()), np.zeros_like(self.rest))


def surface_lips(surface: Surface, recipes: dict[str, Recipe]) -> Lips | None:
    """The lips of a surface whose keys show ``recipes``: seen when the key that opens most opens."""
    gaps = {key: recipe_gap(recipe) for key, recipe in recipes.items() if key in surface.moves}
    openers = sorted((key for key in gaps if gaps[key] > PARTS_LEAST), key=gaps.get, reverse=True)
    return next(filter(None, (find_lips(surface.rest, surface.moves[key]) for key in openers[:3])), None)


def recipe_gap(recipe: Recipe) -> float:
    """Lip gap in mouth widths of a recipe on the canonical face."""
    return float(recipe_moves([recipe])[0] @ canonical().gap)


def recipe_moves(recipes: Iterable[Recipe]) -> np.ndarray:
    """Recipes as rows of channel values ``float64 [K, 52]``; head channels are left out."""
    return np.array([[recipe.get(name, 0.0) for name in BLENDSHAPES] for recipe in recipes])
