"""Lines in one batched step: nobody's bits depend on who else is in it, in what order, or in which row."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from mouthpiece.inference.animate import animate
from mouthpiece.inference.bank import Bank
from mouthpiece.inference.batch.line import Line
from mouthpiece.inference.batch.packing import WIDTH, Job, animate_lines
from mouthpiece.inference.errors import Cancelled
from mouthpiece.inference.types import frame_count


@pytest.fixture(scope="module")
def jobs(shipped) -> list[Job]:
    """Three times as many lines as rows, of 1 sample to 1.6 s, some with references."""
    from mouthpiece.inference.types import C, Take

    rng = np.random.default_rng(0)
    bank = Bank(shipped)
    bank.add(Take(rng.random((75, C), np.float32) * 0.5, 25.0, "take"))
    made = []
    for index in range(3 * WIDTH):
        length = [1, 640, 641, 25_600][index] if index < 4 else int(rng.integers(1000, 16_000))
        sound = (0.2 * rng.standard_normal(length)).astype(np.float32)
        line = Line(index, f"line {index}", "", valence=0.1 * (index % 3), seed=index)
        made.append(Job(line, sound, bank if index % 2 else Bank(shipped)))
    return made


def packed(model, jobs: list[Job], width: int = WIDTH) -> dict[str, np.ndarray]:
    return {job.line.id: channels for job, channels in animate_lines(model, jobs, width)}


def test_a_line_has_its_bits_whoever_shares_the_step(shipped, jobs) -> None:
    together = packed(shipped, jobs)
    shuffled = random.Random(1).sample(jobs, len(jobs))
    other = packed(shipped, shuffled)
    assert set(together) == set(other) == {job.line.id for job in jobs}
    for name, channels in together.items():
        np.testing.assert_array_equal(other[name], channels)
    for job in (*jobs[:5], jobs[-1]):
        (alone,) = packed(shipped, [job]).values()
        np.testing.assert_array_equal(alone, together[job.line.id])
        assert len(alone) == frame_count(len(job.audio))


def test_a_line_is_that_of_a_single_bake_but_for_rounding(shipped, jobs) -> None:
    together = packed(shipped, jobs[:6])
    for job in (job for job in jobs[:6] if not len(job.bank)):
        line = job.line
        single = animate(job.audio, shipped, valence=line.valence, seed=line.seed)
        np.testing.assert_allclose(together[line.id], single, atol=1e-4)


def test_a_keyed_mood_is_that_of_a_single_bake(shipped, jobs) -> None:
    """Also beside lines with constant moods, and in a row that another line had before."""
    job = jobs[3]
    frames = frame_count(len(job.audio))
    curve = tuple(np.linspace(-1, 1, frames, dtype=np.float32).tolist())
    keyed = replace(job, bank=Bank(shipped), line=replace(job.line, valence=curve, arousal=curve[::-1]))
    expected = animate(job.audio, shipped, valence=curve, arousal=curve[::-1], seed=job.line.seed)
    (alone,) = packed(shipped, [keyed], width=1).values()
    np.testing.assert_array_equal(alone, expected)
    np.testing.assert_allclose(packed(shipped, [*jobs[:20], keyed])[job.line.id], expected, atol=1e-4)
    flat = animate(job.audio, shipped, seed=job.line.seed)
    assert np.abs(flat - expected).max() > 0.01


def test_jobs_are_drawn_as_rows_become_free(shipped, jobs) -> None:
    drawn = []

    def source():
        for job in jobs:
            drawn.append(job.line.id)
            yield job

    done = 0
    for _ in animate_lines(shipped, source()):
        done += 1
        assert len(drawn) <= done - 1 + WIDTH
    assert done == len(jobs)


def test_nothing_to_do_and_cancelled(shipped, jobs) -> None:
    assert packed(shipped, []) == {}
    with pytest.raises(Cancelled):
        list(animate_lines(shipped, jobs, cancelled=lambda: True))
