"""Blinks: found in captures, taken out, and drawn again as events."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from mouthpiece.inference.blinks import BLINK, find_blinks, habit, separate, without_blinks  # noqa: E402
from mouthpiece.inference.types import INDEX, C  # noqa: E402
from mouthpiece.training.model.config import Config  # noqa: E402
from mouthpiece.training.model.lids import CHANCES, LASTS, Lids  # noqa: E402

COURSE = np.array([0.6, 0.95, 0.9, 0.6, 0.3, 0.1])
SMALL = Config(width=8, blink=8)


def face(starts: tuple[int, ...], ticks: int = 100, course: np.ndarray = COURSE) -> np.ndarray:
    channels = np.zeros((ticks, C), np.float32)
    channels[:, INDEX["browInnerUp"]] = np.linspace(0, 1, ticks)
    for start in starts:
        channels[start : start + len(course), BLINK] = course[:, None]
    return channels


def test_blinks_are_found_where_they_are() -> None:
    blinks = find_blinks(face((20, 50)))
    assert [blink.start for blink in blinks] == [19, 49]
    assert all(blink.depth == pytest.approx(0.95) and 6 <= blink.stop - blink.start <= 7 for blink in blinks)


def test_a_blink_ends_when_the_lids_are_back_or_fall_again() -> None:
    slow = face((20,), course=np.array([0.8, 0.9, 0.5, 0.4, 0.32, 0.25, 0.2, 0.15, 0.1, 0.05]))
    (blink,) = find_blinks(slow)
    assert 28 <= blink.stop <= 30
    assert without_blinks(slow, [blink])[:, BLINK].max() < 0.03
    again = face((20, 25))  # while three tenths of the first are left
    first, second = find_blinks(again)
    assert (first.start, first.stop, second.start) == (19, 24, 24)
    assert without_blinks(again, [first, second])[:, BLINK].max() == 0


def test_eyes_shut_for_half_a_second_are_a_long_blink() -> None:
    held = face((20,), course=np.array([0.7, *[0.95] * 10, 0.5, 0.2]))
    (blink,) = find_blinks(held)
    assert (blink.start, blink.depth) == (19, pytest.approx(0.95)) and blink.stop >= 33


@pytest.mark.parametrize("side", ["eyeBlinkLeft", "eyeBlinkRight"])
def test_a_wink_is_no_blink(side: str) -> None:
    channels = face((30,))
    channels[:, INDEX[side]] = 0
    assert find_blinks(channels) == []


def test_shut_eyes_and_sinking_lids_are_postures() -> None:
    shut, sinking = face(()), face(())
    shut[40:, BLINK] = 1.0
    sinking[40:70, BLINK] = np.concatenate([np.linspace(0, 1, 15), np.linspace(1, 0, 15)])[:, None]
    assert find_blinks(shut) == [] == find_blinks(sinking)


def test_what_is_left_has_no_blink_and_the_same_brows() -> None:
    channels = face((20, 50))
    still = without_blinks(channels, find_blinks(channels))
    assert still[:, BLINK].max() < 0.11
    np.testing.assert_array_equal(still[:, INDEX["browInnerUp"]], channels[:, INDEX["browInnerUp"]])
    np.testing.assert_array_equal(still[:15], channels[:15])


def test_rows_are_parted_each_for_itself() -> None:
    still, onsets = separate(np.stack([face((20, 50)), face(())]))
    assert np.flatnonzero(onsets[0]).tolist() == [20, 50]
    assert not onsets[1].any()
    assert still.shape == (2, 100, C)


@pytest.fixture
def lids() -> Lids:
    torch.manual_seed(0)
    made = Lids(SMALL)
    made.fit([face((10, 40, 70))])
    return made


def draw(lids: Lids, ticks: int, seed: int = 0, inclined: float = 0.0) -> np.ndarray:
    generator, state, frames = torch.Generator().manual_seed(seed), lids.initial_state(1), []
    for _ in range(ticks):
        chances = torch.randn((1, CHANCES), generator=generator)
        frame, state = lids.step(torch.zeros(1, SMALL.speech), torch.full((1, 1), inclined), chances, state)
        frames.append(frame[0].detach().numpy())
    return np.stack(frames)


def test_a_drawn_blink_takes_the_captured_course(lids: Lids) -> None:
    assert (lids.courses.amax((1, 2)) == 1.0).all()
    motion = draw(lids, 2000)
    blinks = find_blinks(motion)
    assert len(blinks) > 15
    first = next(blink for blink in blinks if blink.start + LASTS < len(motion))
    drawn = motion[first.start + 1 : first.start + 1 + LASTS, INDEX["eyeBlinkLeft"]]
    assert np.corrcoef(drawn[: len(COURSE)], COURSE)[0, 1] > 0.98
    assert not motion[:, INDEX["jawOpen"]].any()


def test_the_next_begins_when_the_lids_have_come_back_most_of_the_way(lids: Lids) -> None:
    with torch.no_grad():
        lids.leave.bias.fill_(9.0)
    motion = draw(lids, 10 * LASTS)[:, INDEX["eyeBlinkLeft"]]
    lowest = np.flatnonzero((np.diff(motion[:-1]) < 0) & (np.diff(motion[1:]) > 0))
    assert set(np.diff(lowest)) == {np.flatnonzero(COURSE > 0.45)[-1] + 2}
    assert motion.max() <= 1.0


def test_quick_and_slow_blinks_are_drawn_as_often_as_captured() -> None:
    slow = np.interp(np.arange(10), np.linspace(0, 9, len(COURSE)), COURSE)
    lids = Lids(SMALL)
    lids.fit([face((10, 30, 50, 70)), face((10,), course=slow)])
    lasts = [blink.stop - blink.start for blink in find_blinks(draw(lids, 6000))]
    share = np.mean(np.array(lasts) > 8)
    assert len(lasts) > 50 and 0.1 < share < 0.3


def test_the_likelihood_learns_rate_and_pause() -> None:
    """Blinks every 25 ticks exactly: after training, one is expected then and hardly before."""
    torch.manual_seed(0)
    lids = Lids(SMALL)
    onsets = torch.zeros(4, 200)
    onsets[:, ::25] = 1.0
    speech, mask = torch.zeros(4, 200, SMALL.speech), torch.ones(4, 200)
    optimiser = torch.optim.Adam(lids.parameters(), 0.03)
    for _ in range(150):
        optimiser.zero_grad()
        lids.loss(speech, onsets, mask).backward()
        optimiser.step()
    with torch.no_grad():
        expected = torch.special.ndtr(lids.score(speech, lids.traces(onsets)))[0, :, 0]
    assert expected[50] > 0.3
    assert expected[30:40].max() < 0.05


def test_a_habit_makes_blinks_rarer_or_more_frequent(lids: Lids) -> None:
    rare, usual, often = (np.zeros(1000, bool) for _ in range(3))
    usual[: 24 * 41 : 41] = True  # 24 in a thousand ticks
    often[::20] = True
    assert habit(usual) == pytest.approx(0.0, abs=1e-6)
    assert habit(rare) < -0.5 and habit(often) > 0.25
    assert -0.5 < habit(rare[:50]) < 0, "a short take without a blink tells little"
    found = [len(find_blinks(draw(lids, 3000, inclined=habit(take)))) for take in (rare, usual, often)]
    assert 2 * found[0] < found[1] and 1.3 * found[1] < found[2]


def test_traces_know_the_past_only(lids: Lids) -> None:
    onsets = torch.zeros(1, 30)
    onsets[0, 12] = 1.0
    traces = lids.traces(onsets)
    assert not traces[0, :13].any()
    torch.testing.assert_close(traces[0, 13], lids.fading)
