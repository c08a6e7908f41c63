"""A rig's values back to canonical channels: the inverse of ``pose`` by bounded least squares."""

from __future__ import annotations

import numpy as np

from ..inference.types import C
from .least_squares import bounded, channel_limits
from .mapping import Affine
from .reduce import Reduction


def stacked(parts: list[Affine]) -> Affine:
    """Several targets' matrices as one."""
    return Affine(
        np.concatenate([part.weights for part in parts], axis=1),
        np.concatenate([part.offsets for part in parts]),
        np.concatenate([part.low for part in parts]),
        np.concatenate([part.high for part in parts]),
    )


def followed(values: np.ndarray, affine: Affine) -> tuple[np.ndarray, np.ndarray]:
    """Channels ``float32 [T, C]`` that give ``values [T, K]`` through ``affine``; which are known, bool [C].

    Channels stay within [0, 1] (head angles are free). A channel that several targets show (browInnerUp in
    halves) is their mean; a target that shows several channels (a two-eyed blink) gives each of them its
    value. Targets are weighed alike, whatever their unit: a bone's radians count as much as a key's share.
    """
    known = (affine.weights != 0).any(axis=1)
    size = np.maximum(np.abs(affine.weights).max(axis=0, initial=0.0), 1e-6)
    weights = affine.weights[known].astype(np.float64) / size
    wanted = (np.asarray(values, np.float64) - affine.offsets) / size
    low, high = channel_limits()
    channels = np.zeros((len(wanted), C), np.float32)
    start = np.clip(wanted @ np.linalg.pinv(weights), low[known], high[known])
    channels[:, known] = bounded(weights @ weights.T, wanted @ weights.T, low[known], high[known], start)
    return channels, known


def read_back(
    values: np.ndarray,
    affine: Affine,
    reduction: Reduction | None = None,
    poses: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Channels ``float32 [T, C]`` of a rig's ``values [T, K]`` and of its mouth ``poses [T, P]``, and which
    are known. What a target shows by itself is not taken from poses."""
    channels, known = followed(values, affine)
    if reduction is not None and poses is not None:
        mouth, shown = reduction.inverse(poses)
        new = shown & ~known
        channels[:, new] = mouth[:, new]
        known = known | new
    return channels, known
