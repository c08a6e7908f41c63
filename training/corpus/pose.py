"""Head pose: taken out of the landmarks before anything else, and kept as three channels.

Axes everywhere after ``face_axes``: x to the performer's left (image right), y up, z out of the face:
those of Apple's ARFaceAnchor. Angles are right-handed about them, applied as ``Ry(yaw) Rx(pitch) Rz(roll)``:
yaw > 0 turns to the performer's left, pitch > 0 nods down, roll > 0 tilts towards the right shoulder.
"""

from __future__ import annotations

import numpy as np


def face_axes(points: np.ndarray) -> np.ndarray:
    """Image axes (x right, y down, z away) to face axes (x left of the performer, y up, z out)."""
    return points * np.array([1, -1, -1], np.float32)


def similarity(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Best ``scale, rotation, shift`` per frame with ``scale * source @ rotation.T + shift ≈ target``.

    ``source [T, K, 3]``, ``target [K, 3]``; returns ``[T], [T, 3, 3], [T, 3]`` (Umeyama 1991).
    """
    mean_s, mean_t = source.mean(1), target.mean(0)
    s, t = source - mean_s[:, None], target - mean_t
    u, d, vt = np.linalg.svd(np.einsum("ki,tkj->tij", t, s))
    sign = np.sign(np.linalg.det(u @ vt))
    fix = np.stack([np.ones_like(sign), np.ones_like(sign), sign], -1)
    rotation = (u * fix[:, None, :]) @ vt
    scale = (d * fix).sum(-1) / (s**2).sum((1, 2))
    shift = mean_t - scale[:, None] * np.einsum("tij,tj->ti", rotation, mean_s)
    return scale, rotation, shift


def apply(points: np.ndarray, pose: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    """Move ``points [T, K, 3]`` by the poses of ``similarity``, one each or one for all."""
    scale, rotation, shift = pose
    moved = points @ np.swapaxes(rotation, 1, 2) * scale[:, None, None] + shift[:, None]
    return moved.astype(np.float32)


def angles(rotation: np.ndarray) -> np.ndarray:
    """Yaw, pitch, roll in radians ``[..., 3]`` of ``rotation [..., 3, 3]`` = Ry Rx Rz."""
    yaw = np.arctan2(rotation[..., 0, 2], rotation[..., 2, 2])
    pitch = -np.arcsin(np.clip(rotation[..., 1, 2], -1, 1))
    roll = np.arctan2(rotation[..., 1, 0], rotation[..., 1, 1])
    return np.stack([yaw, pitch, roll], -1).astype(np.float32)


def head_angles(matrices: np.ndarray) -> np.ndarray:
    """Head channels ``[T, 3]`` of pose matrices ``[T, 4, 4]``, relative to the performer's median pose."""
    rotation = matrices[:, :3, :3].astype(np.float64)
    rotation /= np.linalg.norm(rotation, axis=1, keepdims=True)
    u, _, vt = np.linalg.svd(np.median(rotation, axis=0))
    return angles((u @ vt).T @ rotation)
