"""Baselines see what the model sees: nothing later than the tick, the peer's shapes at the peer's times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mouthpiece.training.baselines import CONTEXT, RHUBARB_OPENNESS, rhubarb_opening, spectra


def test_ridge_features_are_causal_and_reach_back_by_their_context() -> None:
    mel = np.random.default_rng(0).standard_normal((80, 80))
    changed = mel.copy()
    changed[4 * 10 : 4 * 11] += 1
    moved = np.flatnonzero(np.abs(spectra(mel) - spectra(changed)).max(1))
    assert moved.tolist() == list(range(10, 10 + CONTEXT + 1))


def test_a_shape_holds_from_its_start_to_the_next(tmp_path: Path) -> None:
    path = tmp_path / "line.tsv"
    path.write_text("0.00\tX\n0.10\tD\n0.20\tA\n", encoding="utf-8")
    expected = [RHUBARB_OPENNESS[shape] for shape in "XXDDDAA"]
    assert rhubarb_opening(path, 7) == pytest.approx(expected)
