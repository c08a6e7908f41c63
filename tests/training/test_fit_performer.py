"""The whole fit on a face whose channels are known: built from shapes, turned, scaled and filmed."""

from __future__ import annotations

import numpy as np
import pytest

from mouthpiece.inference.types import BLENDSHAPES, INDEX, C
from mouthpiece.training.corpus import landmarks as lm
from mouthpiece.training.corpus.checks import check_fit
from mouthpiece.training.corpus.fit import BROW_POINTS, FITTED, JAW_POINTS, UNSEEN, fit_performer
from mouthpiece.training.corpus.lips import lip_readout
from mouthpiece.training.corpus.rig import FRACTIONS, TABLE_68, Rig

LINES = ((lm.OUTER_UPPER, 0.06), (lm.OUTER_LOWER, -0.07), (lm.INNER_UPPER, 0.004), (lm.INNER_LOWER, -0.004))
MOUTH = np.array([0.0, -0.75, 0.2])


def layout() -> dict[int, np.ndarray]:
    """A plausible frontal face, outer eye corners one apart: tracker vertex to place."""
    rng = np.random.default_rng(0)
    others = (*TABLE_68, *lm.STABLE, *lm.LID_POINTS, *JAW_POINTS, *BROW_POINTS, lm.NOSE_TIP)
    place = {v: np.array([*rng.uniform(-0.7, 0.7, 1), rng.uniform(-0.3, 0.5), 0.0]) for v in others}
    for vertex in JAW_POINTS:
        place[vertex] = np.array([rng.uniform(-0.5, 0.5), -1.2, 0.1])
    for side, sign in (("Right", -1), ("Left", 1)):
        (outer, inner), pairs = lm.LIDS[side]
        place[outer], place[inner] = np.array([sign * 0.5, 0.0, 0.0]), np.array([sign * 0.2, 0.0, 0.1])
        for i, pair in enumerate(pairs):
            for lid, height in zip(pair, (0.05, -0.05), strict=True):
                place[lid] = np.array([sign * (0.42 - 0.07 * i), height, 0.1])
    place[lm.NOSE_TIP] = np.array([0, -0.35, 0.5])
    for line, height in LINES:
        for vertex, x in zip(line, FRACTIONS, strict=True):
            place[vertex] = MOUTH + np.array([0.28 * x, height * (1 - x**2), -0.1 * x**2])
    place[33], place[263] = np.array([-0.5, 0, 0]), np.array([0.5, 0, 0])
    return place


@pytest.fixture(scope="module")
def rig() -> Rig:
    """A rig with the layout's vertices: jaw, closing and pucker are real, the rest small and smooth."""
    place = layout()
    ids, neutral = list(place), np.stack(list(place.values())).astype(np.float32)
    rng = np.random.default_rng(1)
    deltas = np.zeros((len(BLENDSHAPES), len(ids), 3), np.float32)
    lower = np.isin(ids, [*lm.INNER_LOWER, *lm.OUTER_LOWER])
    lips, jaw = np.isin(ids, lm.LIPS), np.isin(ids, JAW_POINTS)
    side = 1 - (neutral[:, 0] / 0.28) ** 2
    for name in FITTED:
        where = lips if name.startswith(("mouth", "jaw")) else ~lips
        deltas[INDEX[name], where] = 0.01 * rng.normal(size=(where.sum(), 3))
    opening = np.where(lower & lips, side.clip(0.05, 1), 0.0) + jaw
    deltas[INDEX["jawOpen"]] = np.outer(opening, [0, -0.35, -0.1])
    deltas[INDEX["mouthClose"]] = np.outer(np.where(lower & lips, side.clip(0.05, 1), 0), [0, 0.36, 0.05])
    deltas[INDEX["mouthPucker"], lips] = -0.3 * (neutral - MOUTH)[lips] * [1, 0, 0] + [0, 0, 0.1]
    for name in UNSEEN:
        deltas[INDEX[name]] = 0
    quads = np.stack([np.arange(len(ids) - 3) + i for i in range(4)], 1)
    return Rig(neutral, deltas, quads, {v: i for i, v in enumerate(ids)}, 1.0)


def film(rig: Rig, channels: np.ndarray, pixels: float, noise: float) -> lm.Track:
    """Track of a head that turns and nods while it plays ``channels [T, 55]``."""
    rng = np.random.default_rng(2)
    shape = rig.neutral + np.tensordot(channels[:, : len(BLENDSHAPES)], rig.deltas, 1)
    matrix = np.tile(np.eye(4), (len(channels), 1, 1))
    for t, yaw in enumerate(channels[:, INDEX["headYaw"]]):
        matrix[t, :3, :3] = [[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]]
    seen = np.einsum("tij,tkj->tki", matrix[:, :3, :3], shape) * pixels + [180, -150, 20]
    seen += rng.normal(size=seen.shape) * noise
    image = (seen * [1, -1, -1]).astype(np.float32)
    guesses = np.zeros((len(channels), len(BLENDSHAPES)), np.float32)
    return lm.Track("clip", image, tuple(rig.vertex), guesses, matrix, np.ones(len(channels), bool), 25.0)


@pytest.fixture(scope="module")
def performance() -> np.ndarray:
    """Four seconds: rests, vowels, one closure of two frames with the jaw held open, a turn of the head."""
    channels = np.zeros((100, C), np.float32)
    beat = np.clip(np.sin(np.arange(100) * 0.4), 0, 1)
    channels[:, INDEX["jawOpen"]] = 0.5 * beat
    channels[60:, INDEX["mouthPucker"]] = 0.6
    channels[30:40, INDEX["jawOpen"]] = 0.3
    channels[34:36, INDEX["mouthClose"]] = 0.3
    channels[:, INDEX["headYaw"]] = 0.1 * np.sin(np.arange(100) * 0.05)
    channels[:, INDEX["headYaw"]] -= np.median(channels[:, INDEX["headYaw"]])
    return channels


@pytest.fixture(scope="module")
def fit(rig, performance):
    return fit_performer("synthetic", [film(rig, performance, 65.0, 0.1)], rig)


def test_lips_are_rebuilt_and_closed_lips_stay_closed(rig, fit):
    row = check_fit(fit, lip_readout(rig))
    assert row["gap_correlation"] > 0.995
    assert row["gap_slope"] == pytest.approx(1, abs=0.05)
    assert row["stay_closed"] > 0.99
    assert row["error_px"] < 1.0


def test_a_two_frame_closure_is_as_closed_as_a_rest(rig, fit):
    gap = lip_readout(rig)(fit.channels)[:, 0]
    rest = lip_readout(rig).offset[0]
    assert gap[33] > rest + 0.05
    assert gap[36] > rest + 0.05
    assert gap[34:36].max() < rest + 0.012


def test_jaw_stays_open_behind_closed_lips(fit):
    assert fit.channels[34:36, INDEX["jawOpen"]].min() > 0.2
    assert fit.channels[34:36, INDEX["mouthClose"]].min() > 0.15


def test_known_shapes_come_back(fit, performance):
    for name, least in (("jawOpen", 0.99), ("mouthPucker", 0.97)):
        got, truth = fit.channels[:, INDEX[name]], performance[:, INDEX[name]]
        assert np.corrcoef(got, truth)[0, 1] > least, name


def test_head_comes_from_the_pose_and_not_into_the_face(fit, performance):
    np.testing.assert_allclose(fit.channels[:, INDEX["headYaw"]], performance[:, INDEX["headYaw"]], atol=0.01)
    sideways = fit.channels[:, INDEX["mouthLeft"]] - fit.channels[:, INDEX["mouthRight"]]
    assert np.abs(sideways).max() < 0.2


def test_channels_are_bounded_and_the_unseen_stay_zero(fit):
    face = fit.channels[:, : len(BLENDSHAPES)]
    assert face.min() >= 0
    assert face.max() <= 1
    assert not fit.channels[:, [INDEX[name] for name in UNSEEN]].any()


def test_a_smaller_picture_gives_the_same_channels(rig, fit, performance):
    small = fit_performer("small", [film(rig, performance, 30.0, 0.0)], rig)
    large = fit_performer("large", [film(rig, performance, 90.0, 0.0)], rig)
    np.testing.assert_allclose(small.channels, large.channels, atol=0.02)
