"""The microphone, played by a stand-in for the optional package: blocks of samples become frames."""

from __future__ import annotations

import sys
import time
import types
from collections.abc import Callable

import numpy as np
import pytest

from mouthpiece.inference import microphone
from mouthpiece.inference.errors import AudioError
from mouthpiece.inference.microphone import Microphone
from mouthpiece.inference.regional_session import RegionalSession
from mouthpiece.inference.regions import Influence
from mouthpiece.inference.session import Session
from mouthpiece.inference.types import SAMPLE_RATE, TICK_SAMPLES


class Device:
    """What ``sounddevice.InputStream`` does: calls back with blocks ``[N, 1]`` until it is closed."""

    opened: Device | None = None

    def __init__(
        self, *, samplerate: int, channels: int, dtype: str, blocksize: int, callback: Callable
    ) -> None:
        assert (samplerate, channels, dtype, blocksize) == (SAMPLE_RATE, 1, "float32", TICK_SAMPLES)
        self.callback, self.running = callback, False
        Device.opened = self

    def start(self) -> None:
        self.running = True

    def close(self) -> None:
        self.running = False

    def hear(self, samples: np.ndarray) -> None:
        block = samples[:, None].copy()
        self.callback(block, len(block), None, None)
        block[:] = 9.9  # PortAudio reuses its memory


@pytest.fixture
def device(monkeypatch) -> type[Device]:
    module = types.ModuleType("sounddevice")
    module.InputStream = Device
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    return Device


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.005)


def test_what_is_heard_is_performed(device, tiny, speech) -> None:
    listening = Microphone(lambda: Session(tiny, seed=3))
    assert listening.sample(0.0) is None and device.opened.running
    expected = Session(tiny, seed=3).push(speech[: 20 * TICK_SAMPLES])
    for tick in range(20):
        before = listening.sample(0.0)
        device.opened.hear(speech[tick * TICK_SAMPLES : (tick + 1) * TICK_SAMPLES])
        until(lambda before=before: listening.sample(0.0) is not before)
        np.testing.assert_array_equal(listening.sample(0.0), expected[tick])
    listening.close()
    assert not device.opened.running and not listening._thread.is_alive()


def test_a_change_goes_on_from_the_same_state(device, tiny, speech) -> None:
    listening = Microphone(lambda: Session(tiny, seed=3))
    device.opened.hear(speech[:TICK_SAMPLES])
    until(lambda: listening.sample(0.0) is not None)
    before = listening.sample(0.0)
    listening.change(lambda: Session(tiny, seed=4))
    device.opened.hear(speech[TICK_SAMPLES : 2 * TICK_SAMPLES])
    until(lambda: listening.sample(0.0) is not before)
    other = Session(tiny, seed=3)
    other.push(speech[:TICK_SAMPLES])
    changed = Session(tiny, seed=4)
    changed.restore(other.save())
    expected = changed.push(speech[TICK_SAMPLES : 2 * TICK_SAMPLES])[0]
    np.testing.assert_array_equal(listening.sample(0.0), expected)
    listening.close()


def test_regions_may_follow_less_while_it_listens(device, tiny, speech) -> None:
    """One session becomes two, and one again, from the same state."""
    openers = [
        lambda: Session(tiny),
        lambda: RegionalSession(Session(tiny), Session(tiny), Influence(mouth=0.5)),
        lambda: Session(tiny),
    ]
    listening, newest = Microphone(openers[0]), None
    expected = Session(tiny).push(speech[: 3 * TICK_SAMPLES])
    for tick, opener in enumerate(openers):
        listening.change(opener)
        device.opened.hear(speech[tick * TICK_SAMPLES : (tick + 1) * TICK_SAMPLES])
        until(lambda newest=newest: listening.sample(0.0) is not newest)
        newest = listening.sample(0.0)
        np.testing.assert_allclose(newest, expected[tick], atol=1e-6)
    listening.close()


def test_a_device_that_refuses_is_named(device, tiny, monkeypatch) -> None:
    def refuses(self) -> None:
        raise OSError("no default input device")

    monkeypatch.setattr(Device, "start", refuses)
    with pytest.raises(AudioError, match="no default input device"):
        Microphone(lambda: Session(tiny))


def test_what_goes_wrong_in_the_thread_is_raised(device, speech) -> None:
    def broken() -> Session:
        raise ValueError("no such model")

    listening = Microphone(broken)
    device.opened.hear(speech[:TICK_SAMPLES])
    until(lambda: listening.error is not None)
    with pytest.raises(ValueError, match="no such model"):
        listening.sample(0.0)
    listening.close()


def test_absence_is_known_without_loading_anything(monkeypatch) -> None:
    monkeypatch.setattr(microphone.importlib.util, "find_spec", lambda name: None)
    assert not microphone.available()
