"""Vocal events reach the face: quickly, in proportion, in pieces as in one."""

from __future__ import annotations

import numpy as np
import pytest

from mouthpiece.inference import vocalisations
from mouthpiece.inference.model import Model
from mouthpiece.inference.session import Session
from mouthpiece.inference.types import INDEX
from mouthpiece.inference.vocalisations import HEARD, REACTIONS, SURE, answer, follow, reactions


def felt(probability: float, ticks: int = 50) -> np.ndarray:
    return follow(np.zeros((1, 1), np.float32), np.full((1, ticks, 1), probability, np.float32))[0, :, 0]


def test_a_sure_event_is_answered_within_a_few_frames_and_a_doubtful_one_not_at_all() -> None:
    assert felt(SURE)[3] > 0.8
    assert not felt(HEARD).any()


def test_more_is_more() -> None:
    ends = [felt(p)[-1] for p in np.linspace(HEARD, SURE, 9)]
    assert (np.diff(ends) > 0.05).all() and ends[-1] == pytest.approx(1, abs=1e-3)


def test_a_reaction_goes_slowly() -> None:
    events = np.zeros((1, 60, 1), np.float32)
    events[:, :20] = 1.0
    strength = follow(np.zeros((1, 1), np.float32), events)[0, :, 0]
    assert 0.3 < strength[20 + 12] < 0.5
    assert strength[-1] < 0.1


def test_pieces_give_what_the_whole_gives() -> None:
    events = np.random.default_rng(0).random((2, 40, 3), np.float32)
    whole, strength, parts = follow(np.zeros((2, 3), np.float32), events), np.zeros((2, 3), np.float32), []
    for part in np.split(events, [1, 5, 17], axis=1):
        parts.append(follow(strength, part))
        strength = parts[-1][:, -1]
    assert np.array_equal(np.concatenate(parts, 1), whole)


def test_a_tick_alone_is_answered_to_the_bits_of_many() -> None:
    strengths = np.random.default_rng(0).random((16, 8, len(REACTIONS)), np.float32)
    offsets = reactions(list(REACTIONS))
    together = answer(strengths, offsets)
    alone = [answer(strengths[3:4, tick : tick + 1], offsets) for tick in range(8)]
    assert np.array_equal(np.concatenate(alone, 1), together[3:4])


def test_a_laugh_smiles_and_a_snore_has_no_face() -> None:
    smile = reactions(["snore", "laugh"])[:, [INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]]
    assert not smile[0].any() and (smile[1] > 0.3).all()


def test_what_is_heard_shows(tiny: Model, speech: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Session(tiny).push(speech)
    monkeypatch.setattr(vocalisations, "REACTIONS", {})
    assert (shown - Session(tiny).push(speech))[:, INDEX["eyeSquintLeft"]].max() > 0.05
