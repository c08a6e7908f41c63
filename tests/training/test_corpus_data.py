"""The builder on the real recordings: bars, sides and sync. Skipped where the data folder is absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference.types import INDEX
from mouthpiece.training.corpus import landmarks as lm
from mouthpiece.training.corpus.checks import check_fit
from mouthpiece.training.corpus.fit import fit_performer
from mouthpiece.training.corpus.lips import lip_readout
from mouthpiece.training.corpus.rig import load_rig

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not (DATA / "rigs").is_dir(), reason="the recordings are not here")


@pytest.fixture(scope="module")
def rig():
    return load_rig(DATA / "rigs" / "ict_face.npz")


@pytest.fixture(scope="module", params=["grid_others/track/s26_*.npz", "korean_fwo/track/split_1*.npz"])
def tracked(request, rig):
    tracks = [lm.read_track(path) for path in sorted(DATA.glob(request.param))]
    return fit_performer("p", tracks, rig), tracks


def test_the_fit_meets_the_bars(tracked, rig):
    row = check_fit(tracked[0], lip_readout(rig))
    assert row["gap_correlation"] >= 0.95
    assert row["stay_closed"] >= 0.95
    assert row["error_percent"] < 1.5


def test_left_is_the_performers_left(tracked):
    fit, tracks = tracked
    guesses = np.concatenate([track.guesses for track in tracks])
    for left, right in (("jawLeft", "jawRight"), ("mouthLeft", "mouthRight")):
        ours = fit.channels[:, INDEX[left]] - fit.channels[:, INDEX[right]]
        theirs = guesses[:, INDEX[left]] - guesses[:, INDEX[right]]
        assert np.corrcoef(ours, theirs)[0, 1] > 0.2, left


def test_head_turns_agree_with_the_picture(tracked):
    fit, tracks = tracked
    points = np.concatenate([track.points for track in tracks])
    nose, right, left = lm.columns(tracks[0].ids, (lm.NOSE_TIP, *lm.EYE_CORNERS))
    middle = (points[:, right] + points[:, left]) / 2
    sideways, below = points[:, nose, 0] - middle[:, 0], points[:, nose, 1] - middle[:, 1]
    tilt = points[:, right, 1] - points[:, left, 1]
    for name, seen in (("headYaw", sideways), ("headPitch", below), ("headRoll", tilt)):
        assert np.corrcoef(fit.channels[:, INDEX[name]], seen)[0, 1] > 0.5, name


def test_readout_is_the_posed_rig(rig):
    rng = np.random.default_rng(0)
    channels = rng.uniform(0, 1, 55).astype(np.float32)
    shape = rig.neutral + np.tensordot(channels[:52], rig.deltas, 1)
    gap = np.mean([shape[rig.vertex[a], 1] - shape[rig.vertex[b], 1] for a, b in lm.GAP_PAIRS])
    width = shape[rig.vertex[291], 0] - shape[rig.vertex[61], 0]
    np.testing.assert_allclose(lip_readout(rig)(channels), [gap, width], atol=1e-5)


def test_matched_vertices_are_mirror_images(rig):
    for right, left in ((33, 263), (61, 291), (78, 308), (40, 270), (91, 321), (105, 334), (172, 397)):
        mirrored = rig.neutral[rig.vertex[right]] * [-1, 1, 1]
        np.testing.assert_allclose(
            rig.neutral[rig.vertex[left]], mirrored, atol=0.02, err_msg=f"{right} {left}"
        )
