"""FLAME heads: expression coefficients, jaw and eyes for every channel, solved once per rig.

Nothing of FLAME is shipped. The rig itself says how its numbered expression shapes and its jaw bone move the
skin; one regularised least-squares matrix takes the displacements of the canonical landmarks to those
parameters (Li et al., "Learning a model of facial shape and expression from 4D scans", 2017, names them).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..inference.types import BLENDSHAPES, INDEX, C
from .canonical import LIP_POINTS, SKIN, canonical, gap_of
from .lips import STATIONS, Lips, find_lips
from .mapping import Affine, Mapping
from .presets import FOLDER
from .seal import Seal
from .surface import Surface

RIDGE = 2e-4
"""Cost of an expression coefficient (they are made to have variance 1), in squared mouth widths."""
GAP_WEIGHT = 3.0
LID_WEIGHT = 0.5
FAR = 0.35
"""A landmark with no skin within this many half eye distances is left out."""
EXPLAINED = 0.25
"""A channel of which the rig shows a smaller share than this counts as missing."""
EYE_YAW, EYE_PITCH = 0.6, 0.5
"""Radians by which an eye turns for a whole eyeLook channel."""
TURN_LIMIT = 0.8
"""Radians that a jaw or an eye never turns beyond."""
FAINT = 1e-4
"""Coefficients below this are left out."""


@dataclass(frozen=True)
class FlameNames:
    """Expression shapes in the order of their numbers, and the bones by part (jaw, neck, left_eye …)."""

    expression: tuple[str, ...]
    bones: dict[str, str]


@dataclass(frozen=True)
class FlameShape:
    """A FLAME head at rest: its surface, per-vertex weights of the jaw bone ``[V]``, and where the
    jaw's joint and the two eyes are (left, right), all in the space of the mesh."""

    surface: Surface
    jaw_weights: np.ndarray
    jaw_joint: np.ndarray
    eyes: np.ndarray


@dataclass(frozen=True)
class FlameSolve:
    """``expression float64 [C, K]`` coefficients and ``jaw [C, 3]`` rotation vector (radians about the face's
    left, up and forward axes) of every channel; ``axes [3, 3]`` those axes as rows; ``error [C]`` the root
    mean square landmark error of each channel in mouth widths and ``explained [C]`` the share shown."""

    expression: np.ndarray
    jaw: np.ndarray
    axes: np.ndarray
    error: np.ndarray
    explained: np.ndarray
    seal: Seal

    @property
    def shown(self) -> tuple[str, ...]:
        """Channels that the rig can show."""
        return tuple(name for name in BLENDSHAPES if self.explained[INDEX[name]] >= EXPLAINED)


@lru_cache(maxsize=1)
def _family() -> dict:
    return json.loads((FOLDER / "flame.json").read_text("utf-8"))


def flame_names(keys: Iterable[str], bones: Iterable[str]) -> FlameNames | None:
    """The parts of a FLAME head among shape keys and bones; None when they are not those of one."""
    family = _family()
    pattern = re.compile(family["expression"], re.IGNORECASE)
    numbered = sorted((int(found[1]), key) for key in keys if (found := pattern.match(key)))
    by_name = {bone.lower(): bone for bone in bones}
    parts = {
        part: by_name[name]
        for part, names in family["bones"].items()
        for name in reversed(names)
        if name in by_name
    }
    if len(numbered) < family["least"] or not {"jaw", "left_eye", "right_eye"} <= set(parts):
        return None
    return FlameNames(tuple(key for _, key in numbered), parts)


def solve_flame(names: FlameNames, head: FlameShape) -> FlameSolve | None:
    """The parameters of every channel on this head; None where its lips cannot be found."""
    surface = head.surface
    left = head.eyes[0] - head.eyes[1]
    left = left / np.linalg.norm(left)
    lips = find_lips(surface.rest, jaw_field(head, left))
    if lips is None:
        return None
    points, weights = _landmarks(head, lips)
    basis = [_at(surface.moves[name], points, lips) for name in names.expression]
    basis += [_at(jaw_field(head, axis), points, lips) for axis in lips.axes]
    cost = np.concatenate([np.full(len(names.expression), RIDGE), np.full(3, 0.05 * RIDGE)])
    features = _features(np.stack(basis), weights)
    wanted = _features(canonical().moves, weights)
    inverse = features.T @ np.linalg.inv(features @ features.T + np.diag(cost))
    solved = np.zeros((C, len(basis)))
    solved[: len(BLENDSHAPES)] = wanted @ inverse
    got, aim = solved[: len(BLENDSHAPES)] @ features, wanted
    error, explained = np.zeros(C), np.zeros(C)
    error[: len(BLENDSHAPES)] = np.sqrt(((got - aim) ** 2).sum(axis=1) / weights.sum())
    size = np.maximum((aim**2).sum(axis=1), 1e-12)
    explained[: len(BLENDSHAPES)] = 1.0 - ((got - aim) ** 2).sum(axis=1) / size
    for direction in ("Up", "Down", "In", "Out"):
        for side in ("Left", "Right"):
            explained[INDEX[f"eyeLook{direction}{side}"]] = 1.0
    solved[explained < EXPLAINED] = 0.0
    gaps = solved @ gap_of(np.stack(basis))
    seal = Seal(gaps, float(lips.gap(surface.rest)), INDEX["mouthClose"])
    return FlameSolve(solved[:, :-3], solved[:, -3:], lips.axes, error, explained, seal)


def eye_turns(side: str) -> np.ndarray:
    """Rotation vectors ``float64 [C, 3]`` of an eye (``Left``, ``Right``) about left, up and forward."""
    turns = np.zeros((C, 3))
    outward = 1.0 if side == "Left" else -1.0
    turns[INDEX[f"eyeLookDown{side}"], 0] = EYE_PITCH
    turns[INDEX[f"eyeLookUp{side}"], 0] = -EYE_PITCH
    turns[INDEX[f"eyeLookOut{side}"], 1] = outward * EYE_YAW
    turns[INDEX[f"eyeLookIn{side}"], 1] = -outward * EYE_YAW
    return turns


def expression_mapping(names: FlameNames, solve: FlameSolve, unused: Iterable[str]) -> Mapping:
    """The expression shapes as keys that follow channels; coefficients may be negative."""
    drives = {}
    for key, column in zip(names.expression, solve.expression.T, strict=True):
        follows = {channel: float(column[INDEX[channel]]) for channel in BLENDSHAPES}
        drives[key] = {channel: weight for channel, weight in follows.items() if abs(weight) > FAINT}
    return Mapping(drives, tuple(unused))


def bone_turns(turns: np.ndarray, axes: np.ndarray, frame: np.ndarray) -> Affine:
    """Own angles X, Y, Z of a bone from rotation vectors ``turns [C, 3]`` about ``axes [3, 3]`` (rows); the
    bone's rest axes are the columns of ``frame [3, 3]`` in the space of ``axes``. Jaws and eyes turn little
    enough for rotation vectors to do as Euler angles."""
    weights = (turns @ axes @ frame).astype(np.float32)
    limit = np.full(3, TURN_LIMIT)
    return Affine(weights, np.zeros(3, np.float32), -limit, limit)


def jaw_field(head: FlameShape, axis: np.ndarray) -> np.ndarray:
    """Displacement ``[V, 3]`` per radian of a jaw that turns about ``axis`` through its joint."""
    return head.jaw_weights[:, None] * np.cross(axis, head.surface.rest - head.jaw_joint)


def _at(field: np.ndarray, points: np.ndarray, lips: Lips) -> np.ndarray:
    """A field at landmarks, in mouth widths and face axes ``[L, 3]``."""
    return field[points] @ lips.axes.T / lips.width


def _landmarks(head: FlameShape, lips: Lips) -> tuple[np.ndarray, np.ndarray]:
    """Vertices of all canonical landmarks ``int [L]``, and how much each counts ``[L]`` (0: none fits)."""
    place = head.surface.rest @ lips.axes.T
    eyes = head.eyes @ lips.axes.T
    middle = 0.5 * (eyes[0] + eyes[1])
    mouth = place[lips.corners].mean(axis=0)
    half, tall = 0.5 * abs(eyes[0, 0] - eyes[1, 0]), middle[1] - mouth[1]
    points, weights = list(lips.vertices), [1.0] * LIP_POINTS
    front = place[:, 2] > np.median(place[:, 2])
    for name, (across, up) in SKIN.items():
        aim = np.array([middle[0] + across * half, mouth[1] + up * tall])
        apart = np.linalg.norm(place[:, :2] - aim, axis=1)
        near = np.flatnonzero(front & (apart < max(1.5 * apart[front].min(), 0.06 * half)))
        best = int(near[place[near, 2].argmax()])
        points.append(best)
        fits = float(apart[best] < FAR * half)
        weights.append(fits * (LID_WEIGHT if "Lid" in name else 1.0))
    return np.array(points), np.array(weights)


def _features(moves: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """What is compared: landmark displacements, and the lips' gaps ``[K, F]``."""
    count = len(STATIONS)
    gaps = moves[:, :count, 1] - moves[:, count : 2 * count, 1]
    scaled = moves * np.sqrt(weights)[None, :, None]
    return np.concatenate([scaled.reshape(len(moves), -1), GAP_WEIGHT * gaps], axis=1)
