"""Head angles, matrices, quaternions and Blender's Euler orders."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from mouthpiece.inference.types import HEAD, INDEX, C
from mouthpiece.rigs import head


def channels(**radians: float) -> np.ndarray:
    row = np.zeros((1, C), np.float32)
    for name, value in radians.items():
        row[0, INDEX[name]] = value
    return row


def turned() -> np.ndarray:
    values = np.zeros((40, C), np.float32)
    values[:, [INDEX[name] for name in HEAD]] = np.random.default_rng(1).uniform(-1.2, 1.2, (40, 3))
    return values


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("headYaw", (0, -1, 0), (1, 0, 0)),  # the face looks along -Y and turns to its own left, +X
        ("headPitch", (0, -1, 0), (0, 0, -1)),  # down
        ("headRoll", (1, 0, 0), (0, 0, 1)),  # its own left side rises
    ],
)
def test_directions(name: str, start: tuple[int, ...], end: tuple[int, ...]) -> None:
    turn = head.rotations(channels(**{name: np.pi / 2}))[0]
    np.testing.assert_allclose(turn @ np.array(start), end, atol=1e-6)


def test_angles_return() -> None:
    values = turned()
    back = head.angles(head.rotations(values))
    np.testing.assert_allclose(back, values[:, [INDEX[name] for name in HEAD]], atol=1e-5)


@pytest.mark.parametrize("order", ["".join(axes) for axes in permutations("XYZ")])
def test_euler_orders_return(order: str) -> None:
    turns = head.rotations(turned())
    np.testing.assert_allclose(head.from_eulers(head.eulers(turns, order), order), turns, atol=1e-9)


def test_quaternions_return() -> None:
    turns = head.rotations(turned())
    np.testing.assert_allclose(head.from_quaternions(head.quaternions(turns)), turns, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(head.quaternions(turns), axis=1), 1.0, atol=1e-9)


def test_bone_frame() -> None:
    """A bone that points up with its Z forward: the character's yaw is the bone's own Y turn."""
    frame = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    turns = head.in_frame(head.rotations(channels(headYaw=0.4)), frame)
    np.testing.assert_allclose(head.eulers(turns, "XYZ"), [[0, 0.4, 0]], atol=1e-6)
