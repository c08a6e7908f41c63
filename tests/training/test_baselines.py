"""Baselines see what the model sees: nothing later than the tick, the peer's shapes at the peer's times."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mouthpiece.inference.types import TICK_SAMPLES
from mouthpiece.training.baselines import (
    CONTEXT,
    RHUBARB_OPENNESS,
    fit_ridge,
    lagged,
    loudness,
    rhubarb_opening,
    spectrum,
)
from mouthpiece.training.dataset import to_float
from mouthpiece.training.metrics import correlation


def test_what_a_regression_sees_is_causal_and_reaches_back_by_its_context() -> None:
    sound = np.random.default_rng(0).normal(size=20 * TICK_SAMPLES).astype(np.float32) * 0.1
    changed = sound.copy()
    changed[10 * TICK_SAMPLES : 11 * TICK_SAMPLES] *= 3.0
    moved = np.flatnonzero(np.abs(lagged(spectrum(sound)) - lagged(spectrum(changed))).max(1) > 1e-9)
    assert moved[0] == 10 and 10 + CONTEXT in moved and moved[-1] <= 11 + CONTEXT, "a window spans two ticks"


@pytest.mark.parametrize("sense", [spectrum, loudness])
def test_a_regression_finds_what_its_senses_say(sense) -> None:
    rng = np.random.default_rng(0)
    clips = []
    for _ in range(6):
        envelope = np.repeat(rng.uniform(0.0, 0.3, 400), TICK_SAMPLES)
        sound = (rng.normal(size=len(envelope)) * envelope).astype(np.float32)
        gap = loudness(sound) * [0.1, -0.2] + 1.0
        clips.append(SimpleNamespace(audio=np.int16(np.clip(sound, -1, 1) * 32767), gap=gap))
    ridge = fit_ridge(sense, clips[1:], 1e-3)
    made = ridge(to_float(clips[0].audio))
    for column in range(2):
        assert correlation(made[:, column], clips[0].gap[:, column]) > 0.98


def test_a_shape_holds_from_its_start_to_the_next(tmp_path: Path) -> None:
    path = tmp_path / "line.tsv"
    path.write_text("0.00\tX\n0.10\tD\n0.20\tA\n", encoding="utf-8")
    expected = [RHUBARB_OPENNESS[shape] for shape in "XXDDDAA"]
    assert rhubarb_opening(path, 7) == pytest.approx(expected)
