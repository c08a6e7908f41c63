"""Head turns: yaw, pitch and roll channels to rotations that objects and bones are keyed with, and back.

Axes of Apple's face anchor (x to the face's own left, y up, z out of the face), which in a Blender
character that looks along -Y are X, Z and -Y. Yaw is about the vertical and positive towards the
face's own left, pitch about its x and positive downwards, roll about the line of sight and positive when
the face's own left side rises: head = yaw · pitch · roll.
"""

from __future__ import annotations

import numpy as np

from ..inference.types import HEAD, INDEX

_YAW, _PITCH, _ROLL = (INDEX[name] for name in HEAD)


def rotations(channels: np.ndarray) -> np.ndarray:
    """Head rotations ``float64 [T, 3, 3]`` in a character's space (Z up, facing -Y)."""
    yaw, pitch, roll = (np.asarray(channels[:, i], np.float64) for i in (_YAW, _PITCH, _ROLL))
    return _about(2, yaw) @ _about(0, pitch) @ _about(1, -roll)


def angles(turns: np.ndarray) -> np.ndarray:
    """Yaw, pitch and roll ``float32 [T, 3]`` in radians of head rotations ``[T, 3, 3]``."""
    pitch = np.arcsin(np.clip(turns[:, 2, 1], -1.0, 1.0))
    yaw = np.arctan2(-turns[:, 0, 1], turns[:, 1, 1])
    roll = np.arctan2(turns[:, 2, 0], turns[:, 2, 2])
    return np.stack([yaw, pitch, roll], axis=1).astype(np.float32)


def in_frame(turns: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Rotations ``[T, 3, 3]`` of the character's space expressed in a bone's rest ``frame [3, 3]``."""
    return frame.T @ turns @ frame


def quaternions(turns: np.ndarray) -> np.ndarray:
    """Unit quaternions ``float64 [T, 4]`` (w, x, y, z), w ≥ 0; heads turn by less than half a circle."""
    trace = np.clip(np.trace(turns, axis1=1, axis2=2), -1.0, 3.0)
    w = 0.5 * np.sqrt(1.0 + trace)
    scale = 0.25 / np.maximum(w, 1e-9)
    x = (turns[:, 2, 1] - turns[:, 1, 2]) * scale
    y = (turns[:, 0, 2] - turns[:, 2, 0]) * scale
    z = (turns[:, 1, 0] - turns[:, 0, 1]) * scale
    return np.stack([w, x, y, z], axis=1)


def from_quaternions(values: np.ndarray) -> np.ndarray:
    """Rotations ``float64 [T, 3, 3]`` of quaternions ``[T, 4]``, normalised first."""
    w, x, y, z = (values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9)).T
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    return np.moveaxis(np.array(rows), 2, 0)


def eulers(turns: np.ndarray, order: str) -> np.ndarray:
    """Blender's Euler angles ``float64 [T, 3]`` (x, y, z) for rotation mode ``order`` (``XYZ``: X first)."""
    first, middle, last = ("XYZ".index(axis) for axis in order)
    even = (middle - first) % 3 == 1
    sign = 1.0 if even else -1.0
    result = np.empty((len(turns), 3))
    result[:, middle] = np.arcsin(np.clip(-sign * turns[:, last, first], -1.0, 1.0))
    result[:, first] = np.arctan2(sign * turns[:, last, middle], turns[:, last, last])
    result[:, last] = np.arctan2(sign * turns[:, middle, first], turns[:, first, first])
    return result


def from_eulers(values: np.ndarray, order: str) -> np.ndarray:
    """Rotations ``float64 [T, 3, 3]`` of Blender's Euler angles ``[T, 3]`` in rotation mode ``order``."""
    first, middle, last = ("XYZ".index(axis) for axis in order)
    return _about(last, values[:, last]) @ _about(middle, values[:, middle]) @ _about(first, values[:, first])


def _about(axis: int, angle: np.ndarray) -> np.ndarray:
    """Rotations ``float64 [T, 3, 3]`` by ``angle [T]`` about a coordinate axis (0, 1, 2)."""
    after, before = (axis + 1) % 3, (axis + 2) % 3
    turns = np.zeros((len(angle), 3, 3))
    turns[:, axis, axis] = 1.0
    turns[:, after, after] = turns[:, before, before] = np.cos(angle)
    turns[:, before, after] = np.sin(angle)
    turns[:, after, before] = -np.sin(angle)
    return turns


def vectors(turns: np.ndarray) -> np.ndarray:
    """Rotation vectors (axis times angle) ``float64 [T, 3]`` of rotations ``[T, 3, 3]``."""
    unit = quaternions(turns)
    sine = np.linalg.norm(unit[:, 1:], axis=1, keepdims=True)
    angle = 2.0 * np.arctan2(sine, unit[:, :1])
    return unit[:, 1:] * np.where(sine > 1e-9, angle / np.maximum(sine, 1e-9), 2.0)


def from_vectors(values: np.ndarray) -> np.ndarray:
    """Rotations ``float64 [T, 3, 3]`` of rotation vectors ``[T, 3]``."""
    half = 0.5 * np.linalg.norm(values, axis=1, keepdims=True)
    share = 0.5 * np.sinc(half / np.pi)
    return from_quaternions(np.concatenate([np.cos(half), values * share], axis=1))
