"""The shipped weights against measured lips that no training saw; the full tables are ``make evaluate``'s."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference import vocalisations
from mouthpiece.inference.animate import animate
from mouthpiece.inference.decode import load_audio
from mouthpiece.inference.model import Model
from mouthpiece.inference.types import INDEX, TICK_RATE, C
from mouthpiece.training.closure import closure_counts, shut_threshold, with_phones
from mouthpiece.training.contact import CONTACT, DEMO, manners, unfilmed
from mouthpiece.training.corpus.clip import split_of
from mouthpiece.training.corpus.landmarks import read_track
from mouthpiece.training.corpus.lips import LipReadout, lip_readout
from mouthpiece.training.corpus.performer import measure
from mouthpiece.training.corpus.rig import load_rig
from mouthpiece.training.corpus.sets import PHONE_SHIFT, grid_segments
from mouthpiece.training.corpus.sound import decode
from mouthpiece.training.corpus.speech import clip_hops
from mouthpiece.training.corpus.speech import split_of as split_of_voice
from mouthpiece.training.corpus.speech_sets import SPEECH_SETS
from mouthpiece.training.dataset import Utterance
from mouthpiece.training.metrics import correlation
from mouthpiece.training.phones import expand, hops_from_segments
from mouthpiece.training.regions import UNSEEN
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


def gaps(
    model: Model, readout: LipReadout, folder: Path, name: str, gain: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Predicted and tracked lip gap of a clip whose sound is turned up by ``gain``, at the track's frames."""
    track = read_track(folder / "track" / f"{name}.npz")
    tracked = -measure(track.points, track.ids)[:, 0]
    audio = np.float32(gain) * load_audio(folder / "audio" / f"{name}.opus")
    made = readout(animate(audio, model))[: len(tracked), 0]
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


@pytest.mark.parametrize("gain", [1.0, 0.1, 2.0])
def test_strangers_of_the_same_language_at_any_level(model: Model, readout: LipReadout, gain: float) -> None:
    folder = DATA / "eval_grid_dev"
    names = [p.stem for p in sorted((folder / "track").glob("*.npz"))]
    assert np.mean([correlation(*gaps(model, readout, folder, name, gain)) for name in names]) >= 0.785


def test_a_stranger_of_another_language(model: Model, readout: LipReadout) -> None:
    recordings = load(DATA / "eval_ema_dev")
    lips = [readout(animate(r.audio, model))[: len(r.lips), 0] for r in recordings]
    values = [correlation(lip, r.lips[:, 0]) for lip, r in zip(lips, recordings, strict=True)]
    assert np.mean(values) >= 0.44


def unfilmed_line(sound: np.ndarray, phones: np.ndarray) -> Utterance:
    """Speech ``int16 [N]`` of someone whose face nobody filmed, with its phones ``int [4 T]``."""
    nobody = np.zeros((0, C), np.float32)
    return Utterance(
        "a line", "a voice", "en", "held", sound, mel=np.zeros((0, 80), np.float16), channels=nobody,
        gap=nobody[:, :2], phones=phones, measured=np.zeros(C, np.float32),
    )  # fmt: skip


def test_lips_meet_in_a_voice_that_nobody_filmed_and_part_in_its_vowels(
    model: Model, readout: LipReadout
) -> None:
    audio = load_audio(DEMO / "dialogue" / "dialogue.flac")
    with open(DEMO / "dialogue" / "dialogue_phones.csv", newline="", encoding="utf-8") as file:
        rows = [(float(r["start"]), float(r["end"]), r["phone"]) for r in csv.DictReader(file)]
    segments = [part for row in rows for part in expand(*row, "festival")]
    phones = hops_from_segments(segments, 4 * (len(audio) // 640))
    line = unfilmed_line((32767 * audio).astype(np.int16), phones)
    met, wrong = unfilmed(model, readout, {"the demo": [line]})
    assert met.value > 0.85
    assert wrong.value == 0


def test_a_broad_manner_shuts_as_many_as_none(model: Model, readout: LipReadout) -> None:
    """In a voice that no training heard."""
    source = SPEECH_SETS["dc_tts_ljtext"]
    lines = []
    for clip in source.clips(DATA / source.folder)[::10]:
        sound = decode(clip.sound)
        lines.append(unfilmed_line(sound, clip_hops(clip, len(sound), source.shift)))
    (without, _), (broad, wrong) = (
        unfilmed(model, readout, {"a stranger": lines}, takes) for takes in manners("broad").values()
    )
    assert without.value > 0.9
    assert broad.value > without.value - 0.03
    assert wrong.value < 0.05


def test_coughs_and_sneezes_of_strangers_squeeze_the_eyes_and_speech_does_not(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And all of it is the answer to what is heard: without it, the eyes stay as open as in speech."""
    with open(DATA / "events" / "MANIFEST.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["class"] in ("cough", "sneeze")]
    held = [row["file"] for row in rows if split_of_voice(row["speaker"], len(rows)) == "held"]
    events = [load_audio(DATA / "events" / name) for name in held]
    speech = [load_audio(p) for p in sorted((DATA / "eval_grid_dev" / "audio").glob("*.opus"))]
    squeezed = [INDEX["eyeSquintLeft"], INDEX["browDownLeft"]]

    def peaks(sounds: list[np.ndarray]) -> np.ndarray:
        return np.array([animate(sound, model)[:, squeezed].sum(1).max() for sound in sounds])

    answered, spoken = peaks(events), peaks(speech)
    monkeypatch.setattr(vocalisations, "REACTIONS", {})
    unanswered, unchanged = peaks(events), peaks(speech)
    assert len(events) > 10
    assert (answered > unanswered + 0.2).mean() > 0.7
    np.testing.assert_allclose(spoken, unchanged, atol=0.02)


def test_a_long_line_leaves_brows_and_hidden_channels_where_captures_have_them(model: Model) -> None:
    """Half a minute of the performer whose brows once rose and stayed; no camera saw jaw thrust or tongue."""
    names = sorted((DATA / "grid_s1" / "audio").glob("*.opus"))[:10]
    line = np.concatenate([load_audio(path) for path in names])
    motion = animate(line, model)[10 * TICK_RATE :]
    brows = [i for name, i in INDEX.items() if name.startswith("brow")]
    assert motion[:, brows].mean(0).max() < 0.12
    assert motion[:, brows].std(0).mean() > 0.01
    assert motion[:, [INDEX[name] for name in UNSEEN]].max() < 0.15
