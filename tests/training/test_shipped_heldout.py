"""The shipped weights against measured lips that no training saw; the full tables are ``make evaluate``'s."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference.animate import animate
from mouthpiece.inference.decode import load_audio
from mouthpiece.inference.model import Model
from mouthpiece.training.corpus.clip import split_of
from mouthpiece.training.corpus.landmarks import read_track
from mouthpiece.training.corpus.lips import LipReadout, lip_readout
from mouthpiece.training.corpus.performer import measure
from mouthpiece.training.corpus.rig import load_rig
from mouthpiece.training.metrics import correlation
from mouthpiece.training.strangers import load

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CLIPS = 24
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the recordings (../shared/data) are not here")


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.load()


@pytest.fixture(scope="module")
def readout() -> LipReadout:
    return lip_readout(load_rig(DATA / "rigs" / "ict_face.npz"))


def lip_gap_correlations(model: Model, readout: LipReadout, folder: Path, names: list[str]) -> list[float]:
    """Correlation of predicted with tracked lip gap, per clip, at the track's own frames."""
    values = []
    for name in names:
        track = read_track(folder / "track" / f"{name}.npz")
        gap = -measure(track.points, track.ids)[:, 0]
        lips = readout(animate(load_audio(folder / "audio" / f"{name}.opus"), model))[: len(gap), 0]
        values.append(correlation(lips, gap[: len(lips)]))
    return values


def test_a_seen_performer_says_new_lines(model: Model, readout: LipReadout) -> None:
    folder = DATA / "grid_s1"
    names = [p.stem for p in sorted((folder / "track").glob("*.npz")) if split_of(p.stem) == "held"][:CLIPS]
    assert len(names) == CLIPS
    assert np.mean(lip_gap_correlations(model, readout, folder, names)) >= 0.85


def test_strangers_of_the_same_language(model: Model, readout: LipReadout) -> None:
    folder = DATA / "eval_grid_dev"
    names = [p.stem for p in sorted((folder / "track").glob("*.npz"))]
    assert np.mean(lip_gap_correlations(model, readout, folder, names)) >= 0.65


def test_a_stranger_of_another_language(model: Model, readout: LipReadout) -> None:
    recordings = load(DATA / "eval_ema_dev")
    lips = [readout(animate(r.audio, model))[: len(r.lips), 0] for r in recordings]
    values = [correlation(lip, r.lips[:, 0]) for lip, r in zip(lips, recordings, strict=True)]
    assert np.mean(values) >= 0.44
