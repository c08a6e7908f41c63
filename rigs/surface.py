"""A mesh as geometry: where its points are and how its shape keys move them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from ..inference.types import BLENDSHAPES
from .canonical import canonical
from .lips import Lips, find_lips
from .presets import Recipe

PARTS_LEAST = 0.05
"""A shape that parts canonical lips by less (mouth widths) does not show where lips are."""


@dataclass(frozen=True)
class Surface:
    """``rest float [V, 3]`` and the displacement ``[V, 3]`` of every shape key at value 1; ``controls`` hold
    what bones and properties add, by channel, at channel value 1."""

    rest: np.ndarray
    moves: dict[str, np.ndarray]
    controls: dict[str, np.ndarray] = field(default_factory=dict)

    def shifted(self, values: dict[str, float]) -> Surface:
        """The surface whose rest has the given key values; keys that it lacks count for nothing."""
        parts = (value * self.moves[key] for key, value in values.items() if key in self.moves)
        return replace(self, rest=sum(parts, self.rest))

    def turned(self, keys: Iterable[str]) -> Surface:
        """The surface whose ``keys`` move the other way."""
        other = {key: -self.moves[key] for key in keys if key in self.moves}
        return replace(self, moves=self.moves | other)


def surface_lips(surface: Surface, recipes: dict[str, Recipe]) -> Lips | None:
    """The lips of a surface whose keys show ``recipes``: seen when what opens most opens, key or control."""
    found = [
        (recipe_gap(recipe), surface.moves[key]) for key, recipe in recipes.items() if key in surface.moves
    ]
    found += [(recipe_gap({channel: 1.0}), move) for channel, move in surface.controls.items()]
    openers = sorted((one for one in found if one[0] > PARTS_LEAST), key=lambda one: -one[0])
    return next(filter(None, (find_lips(surface.rest, move) for _, move in openers[:3])), None)


def recipe_gap(recipe: Recipe) -> float:
    """Lip gap in mouth widths of a recipe on the canonical face."""
    return float(recipe_moves([recipe])[0] @ canonical().gap)


def recipe_moves(recipes: Iterable[Recipe]) -> np.ndarray:
    """Recipes as rows of channel values ``float64 [K, 52]``; head channels are left out."""
    return np.array([[recipe.get(name, 0.0) for name in BLENDSHAPES] for recipe in recipes])
