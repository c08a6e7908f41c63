"""Head pose: removed from points exactly, and signed as the module says."""

from __future__ import annotations

import numpy as np
import pytest

from mouthpiece.training.corpus.pose import angles, apply, face_axes, head_angles, similarity


def rotation(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> np.ndarray:
    """Ry Rx Rz, written out from the definition."""
    (cy, sy), (cp, sp), (cr, sr) = ((np.cos(a), np.sin(a)) for a in (yaw, pitch, roll))
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return about_y @ about_x @ about_z


def test_similarity_undoes_any_pose():
    rng = np.random.default_rng(0)
    face = rng.normal(size=(12, 3))
    turns = np.stack([rotation(*rng.uniform(-0.6, 0.6, 3)) for _ in range(5)])
    seen = np.einsum("tij,kj->tki", turns, face) * 37.0 + rng.normal(size=(5, 1, 3)) * 100
    np.testing.assert_allclose(apply(seen, similarity(seen, face)), np.repeat(face[None], 5, 0), atol=1e-4)


def test_similarity_never_mirrors():
    face = np.random.default_rng(1).normal(size=(1, 12, 3))
    _, turn, _ = similarity(face * np.array([-1, 1, 1]), face[0])
    assert np.linalg.det(turn[0]) == pytest.approx(1)


def test_angles_invert_the_definition():
    given = (0.3, -0.2, 0.1)
    np.testing.assert_allclose(angles(rotation(*given)), given, atol=1e-6)


@pytest.mark.parametrize(
    ("angle", "place", "moves"),
    [
        ({"yaw": 0.2}, (0, 0, 1), (1, 0, 0)),  # the nose goes to the performer's left
        ({"pitch": 0.2}, (0, 0, 1), (0, -1, 0)),  # the nose goes down
        ({"roll": 0.2}, (1, 0, 0), (0, 1, 0)),  # the left ear rises: tilt to the right shoulder
    ],
)
def test_positive_angles_turn_left_nod_down_and_tilt_right(angle, place, moves):
    assert (rotation(**angle) @ np.array(place) - np.array(place)) @ np.array(moves) > 0.1


def test_head_channels_are_relative_to_the_usual_pose():
    matrices = np.tile(np.eye(4), (5, 1, 1))
    usual = rotation(0.1, -0.2, 0.05)
    for matrix, yaw in zip(matrices, (0, 0, 0, 0, 0.3), strict=True):
        matrix[:3, :3] = usual @ rotation(yaw)
    np.testing.assert_allclose(head_angles(matrices)[:, 0], [0, 0, 0, 0, 0.3], atol=1e-5)
    np.testing.assert_allclose(head_angles(matrices)[:, 1:], 0, atol=1e-5)


def test_image_axes_become_face_axes():
    np.testing.assert_array_equal(face_axes(np.array([[2.0, 3.0, 4.0]])), [[2.0, -3.0, -4.0]])
