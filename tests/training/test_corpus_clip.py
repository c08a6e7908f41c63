"""Recordings on the model's clock: frame t shows (t + 0.5) / 25 s."""

from __future__ import annotations

import numpy as np
import pytest

from mouthpiece.inference.types import C
from mouthpiece.training.corpus.clip import at_ticks, make_clip, split_of
from mouthpiece.training.phones import SILENCE, UNLABELLED


def test_a_25_hz_track_passes_unchanged_and_its_edge_is_held():
    values = np.random.default_rng(0).normal(size=(74, 3)).astype(np.float32)
    ticks = at_ticks(values, 25.0, 75)
    np.testing.assert_allclose(ticks[:74], values, atol=1e-6)
    np.testing.assert_array_equal(ticks[74], values[73])


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
def test_a_ramp_in_seconds_stays_the_same_ramp(fps):
    rows = (np.arange(int(2 * fps)) + 0.5)[:, None] / fps
    np.testing.assert_allclose(at_ticks(rows, fps, 50)[1:-1, 0], (np.arange(50)[1:-1] + 0.5) / 25, atol=1e-5)


def test_late_motion_is_read_ahead():
    late = (np.arange(100) + 0.5)[:, None] / 25 - 0.1  # shows what was due 0.1 s before
    np.testing.assert_allclose(
        at_ticks(late, 25.0, 100, lead=0.1)[:90, 0], (np.arange(90) + 0.5) / 25, atol=1e-5
    )


def test_sound_sets_the_length():
    clip = make_clip(
        "a", "p", "en", np.zeros(641, np.int16), np.zeros((9, C)), segments=[(0.0, 0.03, SILENCE)]
    )
    assert len(clip.channels) == len(clip.gap) == 2
    np.testing.assert_array_equal(clip.phones, [SILENCE] * 3 + [UNLABELLED] * 5)
    assert np.isnan(clip.gap).all()


def test_labels_move_by_their_correction():
    clip = make_clip(
        "a", "p", "en", np.zeros(640, np.int16), np.zeros((1, C)), segments=[(0.0, 0.02, SILENCE)], shift=0.01
    )
    np.testing.assert_array_equal(clip.phones, [UNLABELLED, SILENCE, SILENCE, UNLABELLED])


def test_motion_without_sound_keeps_its_seconds():
    clip = make_clip("a", "p", "", np.zeros(0, np.int16), np.zeros((60, C)), fps=30.0)
    assert len(clip.channels) == 50
    assert not len(clip.phones)


def test_about_one_clip_in_ten_is_held_out_for_ever():
    split = [split_of(f"clip{i}") for i in range(1000)]
    assert 60 < split.count("held") < 140
    assert split_of("bbaf2n") == split_of("bbaf2n")
