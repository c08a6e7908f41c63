"""Ctrl-C waits for the end of what must not be left half done."""

from __future__ import annotations

import signal

import pytest

from mouthpiece.inference.batch.interrupt import interrupt_later


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_counts_at_the_end(stop: int) -> None:
    done = []
    before = signal.getsignal(stop)
    with pytest.raises(KeyboardInterrupt), interrupt_later():
        signal.raise_signal(stop)
        done.append(1)
    assert done and signal.getsignal(stop) is before


def test_nothing_happens_without_one() -> None:
    with interrupt_later():
        pass
    with pytest.raises(ZeroDivisionError), interrupt_later():
        raise ZeroDivisionError
