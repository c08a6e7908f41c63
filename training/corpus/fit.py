"""Landmarks to canonical channels: the bounded fit of one performer against the measuring rig."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...inference.types import BLENDSHAPES, INDEX, C
from ..regions import UNSEEN
from .eyes import eye_channels
from .landmarks import GAP_PAIRS, LID_POINTS, LIPS, MOUTH_CORNERS, Track, columns
from .performer import Performer, gather
from .pose import head_angles
from .rig import Rig, register
from .solve import Penalty, solve

FITTED = tuple(name for name in BLENDSHAPES if not name.startswith("eye") and name not in UNSEEN)
BROWS = tuple(name for name in FITTED if name.startswith("brow"))
MORE_PAIRS = ((81, 178), (311, 402))
INNER_CORNERS = (78, 308)
JAW_POINTS = (152, 148, 377, 176, 400, 149, 378, 150, 379, 136, 365, 199, 200, 18, 58, 288, 172, 397)
BROW_POINTS = (63, 105, 66, 107, 336, 296, 334, 293, 70, 300, 46, 276, 53, 283, 52, 282, 65, 295, 55, 285)
GAPS = slice(-7, -2)
"""Columns of the lip rows that are gaps: five, then two widths."""


@dataclass(frozen=True)
class FitSettings:
    """Weights of the rows (data in eye units) and penalties of the shapes.

    Lip gaps weigh most: a wrong gap is a wrong phone. The ridge is a few times the tracker's noise, so that
    shapes which the front view cannot tell apart stay small instead of fighting each other: rounding is
    pucker, not a frown or mouthLeft with mouthRight. ``lip_height`` is the share of the lips' common rise and
    fall that counts: upper lips come down in a /w/, which no ARKit shape but a frown can imitate.
    """

    lips: float = 1.0
    gap: float = 10.0
    width: float = 3.0
    lip_height: float = 0.3
    jaw: float = 0.5
    brow: float = 0.7
    rest: float = 0.3
    ridge: float = 3e-3
    lasso: float = 1e-3
    smooth: float = 1e-3
    brow_ridge: float = 2e-3
    ridges: Mapping[str, float] = field(
        default_factory=lambda: {
            "mouthPucker": 1e-3, "mouthFunnel": 1e-3, "mouthRollLower": 1e-2,
            "mouthLeft": 1e-1, "mouthRight": 1e-1, "jawLeft": 2e-2, "jawRight": 2e-2,
            "mouthFrownLeft": 1e-2, "mouthFrownRight": 1e-2,
            "noseSneerLeft": 6e-3, "noseSneerRight": 6e-3, "cheekSquintLeft": 6e-3, "cheekSquintRight": 6e-3,
        }
    )  # fmt: skip


@dataclass(frozen=True)
class FittedPerformer:
    """``channels float32 [T, 55]`` of all clips stacked as in ``performer``; ``errors [T, P]`` is the
    distance between picture and rig, in eye units, of the tracker vertices ``points`` that were fitted."""

    performer: Performer
    channels: np.ndarray
    errors: np.ndarray
    points: tuple[int, ...]


class Rows:
    """Turns point displacements into the weighted rows of the least squares problem."""

    def __init__(self, points: Sequence[int], settings: FitSettings) -> None:
        kinds = ((LIPS, settings.lips), (JAW_POINTS, settings.jaw), (BROW_POINTS, settings.brow))
        weights = {vertex: weight for group, weight in kinds for vertex in group}
        self.weights = np.array([weights.get(vertex, settings.rest) for vertex in points], np.float32)
        self.index = {vertex: i for i, vertex in enumerate(points)}
        self.lips = [self.index[vertex] for vertex in LIPS if vertex in self.index]
        self.slide = 1 - settings.lip_height
        self.lip_weights = np.array([settings.gap] * 5 + [settings.width] * 2, np.float32)

    def __call__(self, moved: np.ndarray) -> np.ndarray:
        """Displacements ``[T, P, 3]`` to rows ``[T, 2 P + 7]``: x and y of every point, then the lip rows."""
        plane = moved[..., :2].copy()
        plane[:, self.lips, 1] -= self.slide * plane[:, self.lips, 1].mean(1, keepdims=True)
        flat = (plane * self.weights[:, None]).reshape(len(moved), -1)
        return np.concatenate([flat, self.lip_rows(moved) * self.lip_weights], 1)

    def lip_rows(self, moved: np.ndarray) -> np.ndarray:
        """Differences that must survive the fit: five gaps of the inner lip and two widths, ``[T, 7]``."""
        at = self.index
        gaps = [moved[:, at[a], 1] - moved[:, at[b], 1] for a, b in GAP_PAIRS + MORE_PAIRS]
        widths = [moved[:, at[b], 0] - moved[:, at[a], 0] for a, b in (MOUTH_CORNERS, INNER_CORNERS)]
        return np.stack(gaps + widths, 1)


def fit_performer(
    name: str, tracks: Sequence[Track], rig: Rig, settings: FitSettings | None = None
) -> FittedPerformer:
    """Fit all clips of one performer at once; clips are not joined in time."""
    settings = settings or FitSettings()
    performer = gather(name, tracks, rig)
    vertex = register(rig, performer.neutral, performer.ids)
    points = tuple(v for v in performer.ids if v in vertex and v not in LID_POINTS)
    moved = (performer.points - performer.neutral)[:, columns(performer.ids, points)]
    fitted = [INDEX[channel] for channel in FITTED]
    shapes = rig.deltas[fitted][:, [vertex[v] for v in points]]
    rows = Rows(points, settings)
    target = rows(moved)
    target[:, GAPS] = sealed(target[:, GAPS] / settings.gap, performer) * settings.gap
    guesses = np.concatenate([track.guesses for track in tracks])
    channels = np.zeros((len(moved), C), np.float32)
    channels[:, fitted] = solve(
        rows(shapes).T, target, brow_prior(guesses)[:, fitted], penalty(settings), joined(performer)
    )
    error = moved[..., :2] - np.tensordot(channels[:, fitted], shapes[..., :2], 1)
    channels[:, : len(BLENDSHAPES)] += eye_channels(performer.points, performer.ids, tracks)
    channels[:, len(BLENDSHAPES) :] = head_angles(np.concatenate([track.matrix for track in tracks]))
    return FittedPerformer(performer, channels, np.linalg.norm(error, axis=-1), points)


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
    ridge = [settings.brow_ridge if n in BROWS else settings.ridges.get(n, settings.ridge) for n in FITTED]
    lasso = [0.0 if n in BROWS else settings.lasso for n in FITTED]
    return Penalty(np.array(ridge, np.float32), np.array(lasso, np.float32), settings.smooth)


def joined(performer: Performer) -> np.ndarray:
    """``float32 [T - 1]``: 0 across a clip boundary, else 1."""
    out = np.ones(len(performer.points) - 1, np.float32)
    out[performer.starts[1:-1] - 1] = 0
    return out
