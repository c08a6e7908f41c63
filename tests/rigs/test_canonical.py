"""The canonical landmark table is the demo character's own, and says what its channels are known to do."""

from __future__ import annotations

import numpy as np

from mouthpiece.demo.make_canonical import measure
from mouthpiece.inference.types import INDEX
from mouthpiece.rigs.canonical import LIP_POINTS, SKIN, canonical


def test_the_table_is_up_to_date() -> None:
    """After a change of the character: ``python -m mouthpiece.demo.make_canonical``."""
    np.testing.assert_allclose(canonical().moves, measure(), atol=1e-6)


def test_gaps_have_their_signs() -> None:
    gap = canonical().gap
    assert gap[INDEX["jawOpen"]] > 0.2 and gap[INDEX["mouthClose"]] < -0.2
    assert gap[INDEX["mouthLowerDownLeft"]] > 0.02 < gap[INDEX["mouthUpperUpRight"]]
    assert (
        np.abs(gap[[INDEX[name] for name in ("browInnerUp", "eyeBlinkLeft", "mouthSmileLeft")]]).max() < 0.01
    )


def test_landmarks_move_where_their_names_say() -> None:
    places = {name: LIP_POINTS + i for i, name in enumerate(SKIN)}
    moves = canonical().moves
    assert moves[INDEX["browInnerUp"], places["browInnerLeft"], 1] > 0.1
    assert moves[INDEX["jawOpen"], places["chin"], 1] < -0.2
    assert moves[INDEX["eyeBlinkRight"], places["upperLidRight"], 1] < -0.1
    assert np.abs(moves[INDEX["eyeBlinkRight"], places["upperLidLeft"]]).max() < 1e-6
