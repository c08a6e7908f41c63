"""Who speaks when: spans of lines and of listening, and characters that do not jump between them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from mouthpiece.inference.types import INDEX, C
from mouthpiece.rigs.dialogue import Clip, Turn, eased, listening_spans, turns

RATE = 25.0


def test_a_character_listens_around_the_others() -> None:
    spans = listening_spans([], [(100, 150)], RATE)
    assert spans == [(75.0, 175.0)]


def test_nobody_listens_to_himself() -> None:
    own, other = (100.0, 150.0), (150.0, 200.0)
    assert listening_spans([own], [own, other], RATE) == [(75.0, 100.0), (150.0, 225.0)]
    assert listening_spans([own], [own], RATE) == [(75.0, 100.0), (150.0, 175.0)]


def test_distant_lines_are_listened_to_apart() -> None:
    assert listening_spans([], [(0, 25), (40, 60), (500, 510)], RATE) == [(-25.0, 85.0), (475.0, 535.0)]


def test_what_is_too_short_is_left_out() -> None:
    assert listening_spans([(0, 100), (103, 200)], [(0, 200)], RATE) == [(-25.0, 0.0), (200.0, 225.0)]


def test_own_lines_that_overlap_leave_no_gap_between_them() -> None:
    assert listening_spans([(0, 60), (50, 100)], [(0, 100)], RATE) == [(-25.0, 0.0), (100.0, 125.0)]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], []),
        ([(0, 10), (10, 20)], [Turn((0, 10)), Turn((10, 20))]),
        ([(0, 12), (10, 20)], [Turn((0, 10), 1), Turn((10, 20))]),
        ([(10, 20), (0, 12)], [Turn((10, 20)), Turn((0, 10), 0)]),
        ([(0, 12), (0, 20)], [Turn(None, 1), Turn((0, 20))]),
        ([(0, 20), (0, 20)], [Turn((0, 20)), Turn(None, 0)]),
        ([(0, 100), (40, 50), (60, 100)], [Turn((0, 100)), Turn(None, 0), Turn(None, 0)]),
        ([(0, 100), (40, 120), (50, 60)], [Turn((0, 40), 1), Turn((40, 120)), Turn(None, 1)]),
        ([(0, 100), (20, 30), (50, 120)], [Turn((0, 50), 2), Turn(None, 0), Turn((50, 120))]),
    ],
)
def test_a_face_says_one_line_at_a_time(spans, expected) -> None:
    assert turns(spans) == expected


def test_what_is_said_never_overlaps() -> None:
    random = np.random.default_rng(0)
    for _ in range(200):
        starts, lengths = random.integers(0, 60, 8), random.integers(1, 40, 8)
        said = sorted(
            turn.span for turn in turns(zip(starts, starts + lengths, strict=True)) if turn.span is not None
        )
        assert all(start < end for start, end in said)
        assert all(one[1] <= other[0] for one, other in pairwise(said))


def clip(name: str, start: float, value: float, count: int = 25) -> Clip:
    return Clip(name, "anna", start, start + count, RATE, np.full((count, C), value, np.float32))


def test_the_upper_face_does_not_jump_and_the_mouth_is_not_held_back() -> None:
    first, second = eased([clip("b", 25, 1.0), clip("a", 0, 0.0)])
    assert (first.id, second.id) == ("a", "b")
    brow, jaw, head = (second.channels[:, INDEX[name]] for name in ("browInnerUp", "jawOpen", "headYaw"))
    assert np.all(jaw == 1.0)
    for curve in (brow, head):
        assert 0 < curve[0] < 0.15 and np.all(np.diff(curve[:6]) > 0) and np.all(curve[6:] == 1.0)


def test_lines_far_apart_start_as_they_are() -> None:
    _, second = eased([clip("a", 0, 0.0), clip("b", 100, 1.0)])
    assert np.all(second.channels == 1.0)
