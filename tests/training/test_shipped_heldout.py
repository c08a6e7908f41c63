"""The shipped weights against measured lips that no training saw; the full tables are ``make evaluate``'s."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference.animate import animate
from mouthpiece.inference.decode import load_audio
from mouthpiece.inference.model import Model
from mouthpiece.training.closure import closure_counts, shut_threshold, with_phones
from mouthpiece.training.corpus.clip import split_of
from mouthpiece.training.corpus.landmarks import read_track
from mouthpiece.training.corpus.lips import LipReadout, lip_readout
from mouthpiece.training.corpus.performer import measure
from mouthpiece.training.corpus.rig import load_rig
from mouthpiece.training.corpus.sets import PHONE_SHIFT, grid_segments
from mouthpiece.training.dialogue import CONTACT
from mouthpiece.training.metrics import correlation
from mouthpiece.training.phones import hops_from_segments
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


def gaps(model: Model, readout: LipReadout, folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Predicted and tracked lip gap of a clip, at the track's own frames."""
    track = read_track(folder / "track" / f"{name}.npz")
    tracked = -measure(track.points, track.ids)[:, 0]
    made = readout(animate(load_audio(folder / "audio" / f"{name}.opus"), model))[: len(tracked), 0]
    return made, tracked[: len(made)]


@pytest.fixture(scope="module")
def new_lines(model: Model, readout: LipReadout) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Gaps of clips of the performer that the model knows best, which no training saw."""
    folder = DATA / "grid_s1"
    names = [p.stem for p in sorted((folder / "track").glob("*.npz")) if split_of(p.stem) == "held"][:CLIPS]
    assert len(names) == CLIPS
    return {name: gaps(model, readout, folder, name) for name in names}


def test_a_seen_performer_says_new_lines(new_lines: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    assert np.mean([correlation(*pair) for pair in new_lines.values()]) >= 0.85


def test_lips_shut_when_the_performer_shuts_his(
    readout: LipReadout, new_lines: dict[str, tuple[np.ndarray, np.ndarray]]
) -> None:
    """At p, b and m, and in the median within half a frame of him."""
    aligned = grid_segments(DATA / "grid_phones.tsv")
    clips = []
    for name, (made, tracked) in new_lines.items():
        phones = hops_from_segments(aligned[f"s1_{name}"], 4 * len(made), PHONE_SHIFT)
        clips.append(with_phones(made - readout.offset[0], tracked, phones))
    contact = shut_threshold(clips, predicted=False)
    score = closure_counts(clips, (CONTACT, contact))
    assert score.hits + score.missed > 20
    assert score.f1 > 0.85
    assert score.median_timing <= 0.02


def test_strangers_of_the_same_language(model: Model, readout: LipReadout) -> None:
    folder = DATA / "eval_grid_dev"
    names = [p.stem for p in sorted((folder / "track").glob("*.npz"))]
    assert np.mean([correlation(*gaps(model, readout, folder, name)) for name in names]) >= 0.65


def test_a_stranger_of_another_language(model: Model, readout: LipReadout) -> None:
    recordings = load(DATA / "eval_ema_dev")
    lips = [readout(animate(r.audio, model))[: len(r.lips), 0] for r in recordings]
    values = [correlation(lip, r.lips[:, 0]) for lip, r in zip(lips, recordings, strict=True)]
    assert np.mean(values) >= 0.44
