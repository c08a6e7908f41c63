"""Speech on rigs that have mouth poses instead of single movements: visemes, or only vowels.

Every frame asks for displacements of the canonical lips; the poses that the mesh has are blended so that its
own lips come as close to them as they can, each pose within its slider. What lips do not show (the tongue)
is matched by what each pose is said to show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..inference.types import BLENDSHAPES, C
from .canonical import LIP_POINTS, canonical, gap_of
from .least_squares import bounded
from .lips import Lips
from .mapping import PLAIN_POSE, PoseValue
from .matching import MOUTH
from .presets import Recipe
from .surface import Surface, recipe_moves, surface_lips

GAP_WEIGHT = 4.0
"""How much more a wrong lip gap costs than a wrong place of one lip point."""
HIDDEN_WEIGHT = 0.05
"""Cost of a wrong channel value that lips do not show, in mouth widths."""
SAID_WEIGHT = 0.02
"""How much the description of a pose counts beside its look when poses are read back into channels."""
RIDGE = 1e-3
"""Cost of pose values, so that poses that look alike share."""


@dataclass(frozen=True)
class Reduction:
    """The blend of ``keys`` as a bounded least-squares problem: ``gram [K, K]``, ``aims [C, K]``, the upper
    ends ``high [K]`` of the blend, the lip gap of each pose, ``gap [K]`` in mouth widths, what each shows,
    ``recipes [K, C]``, how much alike channels are on the lips, ``channel_gram [C, C]``, and what of the aims
    keys and controls that follow channels already meet, ``others [C, K]``. ``low [K]`` are the lower ends of
    the blend, and ``laid`` says how it becomes the keys' values."""

    keys: tuple[str, ...]
    gram: np.ndarray
    aims: np.ndarray
    high: np.ndarray
    gap: np.ndarray
    recipes: np.ndarray
    channel_gram: np.ndarray
    others: np.ndarray
    low: np.ndarray
    laid: tuple[PoseValue, ...]

    @property
    def rest(self) -> np.ndarray:
        """Values of the keys ``[K]`` where no pose is blended in."""
        return np.array([value.rest for value in self.laid])

    def __call__(self, channels: np.ndarray) -> np.ndarray:
        """How far each pose is blended in for ``channels [T, C]``, ``float32 [T, K]``."""
        aims = np.asarray(channels, np.float64) @ (self.aims - self.others)
        return bounded(self.gram, aims, self.low, self.high).astype(np.float32)

    def values(self, blended: np.ndarray) -> np.ndarray:
        """The keys' values ``float32 [T, K]`` of poses that are ``blended [T, K]`` in."""
        blended = np.clip(blended, self.low, self.high)
        return (self.rest + blended * np.array([value.sign for value in self.laid])).astype(np.float32)

    def inverse(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Channels ``float32 [T, C]`` whose lips look like keys at ``values [T, K]``; which are known.

        Among channels that look alike those win that the poses are said to show.
        """
        values = (np.asarray(values, np.float64) - self.rest) * [value.sign for value in self.laid]
        known = (self.recipes != 0.0).any(axis=0)
        said = np.clip(values @ self.recipes, 0.0, 1.0)[:, known]
        gram = self.channel_gram[np.ix_(known, known)] + SAID_WEIGHT * np.eye(known.sum())
        aims = (values @ self.aims.T)[:, known] + SAID_WEIGHT * said
        channels = np.zeros((len(values), C), np.float32)
        channels[:, known] = bounded(gram, aims, np.zeros(known.sum()), np.ones(known.sum()), said)
        return channels, known


def reduction(
    poses: dict[str, Recipe],
    surface: Surface | None = None,
    upper: dict[str, float] | None = None,
    lips: Lips | None = None,
    others: np.ndarray | None = None,
    laid: dict[str, PoseValue] | None = None,
) -> Reduction:
    """Prepare the blend of ``poses`` (key → what it shows) on the mesh ``surface``.

    Without a surface, or where its ``lips`` (looked for when not given) cannot be found, the recipes stand
    for the mesh's own deformation. ``upper`` are the maxima of the sliders (1 where not given). ``others [C,
    L, 3]`` is how channels move these lips without the poses, which then add only what is missing;
    ``laid`` how poses become the values of keys, where that is not plain.
    """
    recipes = recipe_moves(poses.values())
    table = canonical().moves[:, :LIP_POINTS]
    shown = np.tensordot(recipes, table, 1)
    if lips is None and surface is not None:
        lips = surface_lips(surface, poses)
    own = shown if lips is None else _own_moves(lips, surface, poses)
    # The rig's mouth may be bolder or shyer than the canonical one: ask for its own size of movement.
    size = 1.0 if lips is None else float((own * shown).sum() / max((shown * shown).sum(), 1e-12))
    hidden = np.array([HIDDEN_WEIGHT * (name in MOUTH) for name in BLENDSHAPES])
    basis = np.concatenate([_features(own), recipes * hidden], axis=1)
    wanted = np.concatenate([size * _features(table), np.diag(hidden)], axis=1)
    aims = np.zeros((C, len(poses)))
    aims[: len(BLENDSHAPES)] = wanted @ basis.T
    values = tuple((laid or {}).get(key, PLAIN_POSE) for key in poses)
    spans = [value.span((upper or {}).get(key, 1.0)) for key, value in zip(poses, values, strict=True)]
    low, high = np.array(spans).reshape(-1, 2).T
    gram = basis @ basis.T + RIDGE * np.eye(len(poses))
    alike = np.zeros((C, C))
    alike[: len(BLENDSHAPES), : len(BLENDSHAPES)] = wanted @ wanted.T
    shows = np.pad(recipes, ((0, 0), (0, C - len(BLENDSHAPES))))
    met = np.zeros_like(aims) if others is None else _met(others, own, recipes * hidden, hidden)
    return Reduction(tuple(poses), gram, aims, high, gap_of(own), shows, alike, met, low, values)


def _met(others: np.ndarray, own: np.ndarray, said: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """What of the aims is met without the poses ``[C, K]``: on the lips, and behind them where a channel
    moves them by itself."""
    met = _features(others) @ _features(own).T
    alone = np.abs(others[: len(BLENDSHAPES)]).max(axis=(1, 2)) > 0.0
    met[: len(BLENDSHAPES)] += (alone * hidden)[:, None] * said.T
    return met


def _own_moves(lips: Lips, surface: Surface, poses: dict[str, Recipe]) -> np.ndarray:
    """Lip displacements ``[K, LIP_POINTS, 3]`` of the poses on the mesh, zero for those that it lacks."""
    still = np.zeros_like(surface.rest)
    return np.stack([lips.landmarks(surface.moves.get(key, still)) for key in poses])


def _features(moves: np.ndarray) -> np.ndarray:
    """What is compared: places of lip points, and the gap of every pair, ``[K, F]``."""
    count = (LIP_POINTS - 2) // 2
    gaps = moves[:, :count, 1] - moves[:, count : 2 * count, 1]
    return np.concatenate([moves.reshape(len(moves), -1), GAP_WEIGHT * gaps], axis=1)
