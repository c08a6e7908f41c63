"""What style is judged by."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch")

from mouthpiece.inference.types import INDEX, TICK_RATE, C, Take
from mouthpiece.training.styles import error, resting_error


def test_rest_is_judged_by_measured_brows_and_lids_and_knows_no_blink() -> None:
    measured = np.ones(C, bool)
    measured[INDEX["browInnerUp"]] = False
    target = Take(np.full((50, C), 0.2, np.float32), TICK_RATE, "take", None, measured)
    made = target.channels.copy()
    made[10:14, INDEX["eyeBlinkLeft"]] = 1.0
    for name in ("browInnerUp", "jawOpen", "eyeLookUpLeft", "headYaw"):
        made[:, INDEX[name]] = 0.9
    assert resting_error(made, target) == 0
    made[:, INDEX["eyeBlinkRight"]] = 0.7
    assert resting_error(made, target) == pytest.approx(0.5 / 10)


def test_error_is_that_of_the_measured_mouth() -> None:
    measured = np.zeros(C, bool)
    measured[[INDEX["jawOpen"], INDEX["mouthPucker"], INDEX["browInnerUp"]]] = True
    target = Take(np.full((50, C), 0.2, np.float32), TICK_RATE, "take", None, measured)
    made = np.full((50, C), 0.9, np.float32)
    made[:, INDEX["mouthPucker"]] = 0.2
    assert error(made, target) == pytest.approx(0.7 / 2**0.5)
