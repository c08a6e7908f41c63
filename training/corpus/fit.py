"""Landmarks to canonical channels: the bounded fit of one performer against the measuring rig."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...inference.types import BLENDSHAPES, INDEX, C
from .eyes import eye_channels
from .landmarks import GAP_PAIRS, LIPS, MOUTH_CORNERS, Track, columns
from .performer import Performer, gather
from .pose import head_angles
from .rig import Rig
from .solve import Penalty, solve

EYES = tuple(name for name in BLENDSHAPES if name.startswith("eye"))
UNSEEN = ("tongueOut", "cheekPuff", "jawForward")
"""What a frontal camera's landmarks do not show."""
FITTED = tuple(name for name in BLENDSHAPES if name not in EYES + UNSEEN)
BROWS = tuple(name for name in FITTED if name.startswith("brow"))
MORE_PAIRS = ((81, 178), (311, 402))


@dataclass(frozen=True)
class FitSettings:
    """Weights of the rows (data in eye units) and penalties of the shapes."""

    lips: float = 1.0
    gap: float = 6.0
    width: float = 3.0
    jaw: float = 0.5
    brow: float = 0.7
    rest: float = 0.3
    ridge: float = 3e-3
    lasso: float = 1e-3
    smooth: float = 1e-3
    brow_prior: float = 2e-3
    ridges: dict[str, float] = field(
        default_factory=lambda: {
            "jawLeft": 1e-2, "jawRight": 1e-2, "noseSneerLeft": 6e-3, "noseSneerRight": 6e-3,
        }
    )  # fmt: skip


@dataclass(frozen=True)
class FittedPerformer:
    """``channels float32 [T, 55]`` of all clips stacked as in ``performer``; ``rebuilt [T, R]`` and
    ``target [T, R]`` are the point rows in eye units, for the reprojection check."""

    performer: Performer
    channels: np.ndarray
    residual: np.ndarray  # [T] root mean square distance of the fitted points, eye units


JAW_POINTS = (152, 148, 377, 176, 400, 149, 378, 150, 379, 136, 365, 199, 200, 18, 58, 288, 172, 397)
BROW_POINTS = (63, 105, 66, 107, 336, 296, 334, 293, 70, 300, 46, 276, 53, 283, 52, 282, 65, 295, 55, 285)


def point_weights(ids: Sequence[int], settings: FitSettings) -> np.ndarray:
    """Row weight of every fitted tracker vertex."""
    kinds = ((LIPS, settings.lips), (JAW_POINTS, settings.jaw), (BROW_POINTS, settings.brow))
    weights = {vertex: weight for group, weight in kinds for vertex in group}
    return np.array([weights.get(vertex, settings.rest) for vertex in ids], np.float32)


def lip_rows(points: np.ndarray, index: dict[int, int]) -> np.ndarray:
    """Differences that must survive the fit: ``[..., 3 + 2 + 2]`` gaps of the inner lip and two widths."""
    pairs = [(index[a], index[b]) for a, b in GAP_PAIRS + MORE_PAIRS]
    gaps = [points[..., a, 1] - points[..., b, 1] for a, b in pairs]
    widths = [points[..., index[b], 0] - points[..., index[a], 0] for a, b in (MOUTH_CORNERS, (78, 308))]
    return np.stack(gaps + widths, -1)


def fit_performer(
    name: str, tracks: Sequence[Track], rig: Rig, settings: FitSettings | None = None
) -> FittedPerformer:
    """Fit all clips of one performer; clips are not joined in time."""
    settings = settings or FitSettings()
    performer = gather(name, tracks, rig)
    seen = [vertex for vertex in performer.ids if vertex in rig.vertex]
    index = {vertex: i for i, vertex in enumerate(seen)}
    moved = (performer.points - performer.neutral)[:, columns(performer.ids, seen)]
    shapes = rig.deltas[[INDEX[channel] for channel in FITTED]][:, [rig.vertex[v] for v in seen]]
    weights = point_weights(seen, settings)
    rows = np.array([settings.gap] * 5 + [settings.width] * 2, np.float32)

    def stack(points: np.ndarray) -> np.ndarray:
        flat = (points[..., :2] * weights[:, None]).reshape(len(points), -1)
        return np.concatenate([flat, lip_rows(points, index) * rows], 1)

    target = stack(moved)
    target[:, -7:-2] = sealed(target[:, -7:-2] / settings.gap, performer) * settings.gap

    guesses = np.concatenate([track.guesses for track in tracks])
    channels = np.zeros((len(moved), C), np.float32)
    fitted = [INDEX[channel] for channel in FITTED]
    channels[:, fitted] = solve(
        stack(shapes).T, target, brow_prior(guesses)[:, fitted], penalty(settings), joined(performer)
    )
    eyes = eye_channels(performer.points, performer.ids, tracks)
    channels[:, : len(BLENDSHAPES)] += eyes
    channels[:, len(BLENDSHAPES) :] = head_angles(np.concatenate([track.matrix for track in tracks]))
    error = moved[..., :2] - np.einsum("tk,kpd->tpd", channels[:, fitted], shapes)[..., :2]
    return FittedPerformer(performer, channels, np.sqrt((error**2).sum(-1).mean(-1)))


def sealed(opening: np.ndarray, performer: Performer) -> np.ndarray:
    """Lip opening with the tracker's jitter around closed lips removed, so that closed stays closed.

    Zero up to the performer's closed threshold, unchanged from three times that on, linear in between.
    """
    gap = performer.gap[:, 0]
    slack = performer.closed - np.median(gap[gap <= performer.closed])
    size = np.abs(opening)
    return np.sign(opening) * np.clip(1.5 * (size - slack), 0, size)


def brow_prior(guesses: np.ndarray) -> np.ndarray:
    """The tracker's brows above the performer's usual level ``[T, 52]``; zero for everything else."""
    prior = np.zeros_like(guesses)
    brows = [INDEX[name] for name in BROWS]
    prior[:, brows] = np.clip(guesses[:, brows] - np.median(guesses[:, brows], axis=0), 0, 1)
    return prior


def penalty(settings: FitSettings) -> Penalty:
    """Penalties of the fitted shapes in order."""
    ridge = np.full(len(FITTED), settings.ridge, np.float32)
    for i, name in enumerate(FITTED):
        ridge[i] = settings.brow_prior if name in BROWS else settings.ridges.get(name, settings.ridge)
    lasso = np.array([0.0 if name in BROWS else settings.lasso for name in FITTED], np.float32)
    return Penalty(ridge, lasso, settings.smooth)


def joined(performer: Performer) -> np.ndarray:
    """``float32 [T - 1]``: 0 across a clip boundary, else 1."""
    out = np.ones(len(performer.points) - 1, np.float32)
    out[performer.starts[1:-1] - 1] = 0
    return out
