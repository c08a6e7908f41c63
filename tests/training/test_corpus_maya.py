"""The hand-made map of Maya controls: complete, one-sided where it must be, loud when a name is missing."""

from __future__ import annotations

import numpy as np
import pytest

from mouthpiece.inference.errors import TakeError
from mouthpiece.inference.types import INDEX
from mouthpiece.training.corpus.maya import CENTRAL, HALVES, MEASURED, SIDED, mapping, read_maya

NAMES = [
    *CENTRAL,
    *(f"{name}_{side}" for name in SIDED for side in "lr"),
    *(f"{name}{side}" for name in HALVES for side in "lr"),
    "tongue_u",
]


def played(**controls: float) -> np.ndarray:
    return np.array([controls.get(name, 0.0) for name in NAMES], np.float32) @ mapping(NAMES)


def test_sides_stay_apart_and_halves_join():
    smile = played(mouth_lipCornerPull_l=0.4)
    assert smile[INDEX["mouthSmileLeft"]] == pytest.approx(0.4)
    assert smile[INDEX["mouthSmileRight"]] == 0
    pucker = played(mouth_pucker_l=1.0, mouth_pucker_r=1.0)
    assert pucker[INDEX["mouthPucker"]] == pytest.approx(1.0)


def test_opening_opens_and_pressing_does_not():
    assert played(mouth_stretch_c=0.5)[INDEX["jawOpen"]] > 0.4
    assert played(mouth_press_l=1, mouth_press_r=1)[INDEX["jawOpen"]] == 0


def test_only_measured_channels_are_driven():
    driven = mapping(NAMES).any(axis=0)
    assert not [name for name, i in INDEX.items() if driven[i] and name not in MEASURED]


def test_a_missing_control_is_named():
    with pytest.raises(TakeError, match="mouth_press_r"):
        mapping([name for name in NAMES if name != "mouth_press_r"])


def test_sums_are_kept_in_range(tmp_path):
    np.savez(tmp_path / "take.npz", controls=np.ones((3, len(NAMES)), np.float32), fps=np.float32(30))
    channels, fps = read_maya(tmp_path / "take.npz", NAMES)
    assert fps == 30
    assert channels.max() == 1
    assert channels.shape == (3, 55)
