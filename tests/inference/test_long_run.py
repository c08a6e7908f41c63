"""A long sound: the last minute costs what the first did and moves as it moved."""

from __future__ import annotations

import time

import numpy as np
import pytest

from mouthpiece.inference.bench import voice
from mouthpiece.inference.model import Model
from mouthpiece.inference.session import Session
from mouthpiece.inference.types import CHANNELS, TICK_RATE, TICK_SAMPLES, C

MINUTES = 6
MINUTE = 60 * TICK_RATE
MOUTH = [i for i, name in enumerate(CHANNELS) if name.startswith(("jaw", "mouth"))]


@pytest.fixture(scope="module")
def run(shipped: Model) -> tuple[np.ndarray, np.ndarray]:
    """Channels ``[T, 55]`` and the processor's seconds ``[T]`` of one minute of voice, again and again."""
    session, sound = Session(shipped), voice()
    frames = np.empty((MINUTES * MINUTE, C), np.float32)
    busy = np.empty(len(frames))
    for tick in range(len(frames)):
        start = tick * TICK_SAMPLES % len(sound)
        begun = time.thread_time()
        frames[tick] = session.push(sound[start : start + TICK_SAMPLES])[0]
        busy[tick] = time.thread_time() - begun
    return frames, busy


def test_a_frame_costs_the_same_at_the_end(run: tuple[np.ndarray, np.ndarray]) -> None:
    # The quickest frames: other programs that share the core slow down the rest.
    first, last = (np.percentile(busy, 5) for busy in (run[1][:MINUTE], run[1][-MINUTE:]))
    assert last < 1.5 * first


def test_the_mouth_moves_alike_at_the_end(run: tuple[np.ndarray, np.ndarray]) -> None:
    # The first minute is left out: it holds the start from the zero state. Two minutes each, since what is
    # drawn makes the deviation of a single one vary by some hundredths.
    early, late = run[0][MINUTE : 3 * MINUTE, MOUTH], run[0][-2 * MINUTE :, MOUTH]
    moving = early.std(axis=0) > 0.2 * early.std(axis=0).max()
    assert early.std(axis=0).max() > 0
    np.testing.assert_allclose(late.std(axis=0)[moving], early.std(axis=0)[moving], rtol=0.05)
    np.testing.assert_allclose(late.mean(axis=0), early.mean(axis=0), atol=0.05 * early.std(axis=0).max())
