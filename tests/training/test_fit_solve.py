"""The bounded solver: right where the answer is known, bounded, smooth only inside a clip."""

from __future__ import annotations

import numpy as np
from scipy.optimize import lsq_linear

from mouthpiece.training.corpus.solve import Penalty, laplacian, solve


def free(size: int) -> Penalty:
    return Penalty(np.full(size, 1e-6, np.float32), np.zeros(size, np.float32), 0.0)


def apart(frames: int) -> np.ndarray:
    return np.zeros(frames - 1, np.float32)


def test_agrees_with_scipy_on_bounded_problems():
    rng = np.random.default_rng(0)
    basis, target = rng.normal(size=(30, 6)), rng.normal(size=(4, 30)) * 2
    ours = solve(basis, target, np.zeros((4, 6)), free(6), apart(4), iterations=3000)
    theirs = np.stack([lsq_linear(basis, row, (0, 1)).x for row in target])
    assert ((theirs < 1e-6) | (theirs > 1 - 1e-6)).any(), "the case must touch the bounds"
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_weak_shapes_converge_like_strong_ones():
    truth = np.array([[0.3, 0.8]])
    basis = np.array([[10.0, 0], [0, 0.05]])
    ridge = Penalty(np.full(2, 1e-9, np.float32), np.zeros(2, np.float32), 0.0)
    np.testing.assert_allclose(
        solve(basis, truth @ basis.T, np.zeros((1, 2)), ridge, apart(1)), truth, atol=1e-3
    )


def test_unseen_shapes_follow_the_prior():
    basis = np.array([[1.0, 0.0]])
    ridge = Penalty(np.full(2, 1e-3, np.float32), np.zeros(2, np.float32), 0.0)
    got = solve(basis, np.full((3, 1), 0.5), np.tile([0.0, 0.4], (3, 1)), ridge, apart(3))
    np.testing.assert_allclose(got, np.tile([0.5, 0.4], (3, 1)), atol=2e-3)


def test_lasso_keeps_a_useless_shape_at_zero():
    basis = np.array([[1.0, 1e-3]])
    lasso = Penalty(np.full(2, 1e-6, np.float32), np.full(2, 1e-3, np.float32), 0.0)
    assert solve(basis, np.array([[0.5]]), np.zeros((1, 2)), lasso, apart(1))[0, 1] == 0


def test_smoothing_acts_within_clips_only_and_spares_what_is_seen():
    target = np.repeat([[0.0], [0.0], [1.0], [1.0]], 1, axis=1)
    penalty = Penalty(np.full(1, 1e-6, np.float32), np.zeros(1, np.float32), 1.0)
    cut = solve(np.ones((1, 1)), target, np.zeros((4, 1)), penalty, np.array([1, 0, 1], np.float32))
    np.testing.assert_allclose(cut, target, atol=1e-3)
    joined = solve(np.ones((1, 1)), target, np.zeros((4, 1)), penalty, np.ones(3, np.float32))
    assert joined[1, 0] > 0.1


def test_laplacian_is_the_gradient_of_the_squared_steps():
    rng = np.random.default_rng(0)
    weights, joined = rng.normal(size=(5, 2)), np.array([1, 1, 0, 1.0])

    def energy(w: np.ndarray) -> float:
        return float((np.diff(w, axis=0) ** 2 * joined[:, None]).sum() / 2)

    nudge = rng.normal(size=weights.shape) * 1e-6
    slope = energy(weights + nudge) - energy(weights - nudge)
    np.testing.assert_allclose(slope, 2 * (laplacian(weights, joined) * nudge).sum(), rtol=1e-5)
