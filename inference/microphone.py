"""A face that speaks with the microphone, where the optional package ``sounddevice`` is installed."""

from __future__ import annotations

import importlib.util
import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .errors import AudioError
from .live import converted
from .types import SAMPLE_RATE, TICK_SAMPLES

if TYPE_CHECKING:
    from .live import Performer


def available() -> bool:
    """Whether this Python can listen at all; nothing is loaded."""
    return importlib.util.find_spec("sounddevice") is not None


class Microphone:
    """Performs what the default microphone hears; ``sample`` gives the newest frame. ``close`` when done."""

    def __init__(self, open_session: Callable[[], Performer]) -> None:
        """Listen. Raises AudioError where nothing can be heard."""
        self._open_session = open_session
        self._heard: queue.SimpleQueue[np.ndarray | None] = queue.SimpleQueue()
        self._newest: np.ndarray | None = None
        self.error: Exception | None = None
        try:
            import sounddevice

            self._input = sounddevice.InputStream(
                samplerate=SAMPLE_RATE,
                channels=1,
                dtype="float32",
                blocksize=TICK_SAMPLES,
                callback=lambda samples, *_: self._heard.put(samples[:, 0].copy()),
            )
            self._thread = threading.Thread(target=self._run, name="mouthpiece-microphone", daemon=True)
            self._thread.start()
            self._input.start()
        except Exception as error:  # PortAudio's errors are many, and missing libraries are OSErrors
            self._heard.put(None)
            raise AudioError(
                f"The microphone cannot be used ({error}): check the sound input, or choose Dialogue."
            ) from error

    def change(self, open_session: Callable[[], Performer]) -> None:
        """Go on in another manner."""
        self._open_session = open_session

    def sample(self, seconds: float, wait: float = 0.0) -> np.ndarray | None:
        """The newest channels ``float32 [55]``, None before the first. Raises what ended the thread."""
        if self.error is not None:
            raise self.error
        return self._newest

    def lead(self) -> int:
        """Frames made beforehand: none, since nobody knows what will be said."""
        return 0

    def close(self) -> None:
        """Stop listening."""
        self._input.close()
        self._heard.put(None)
        self._thread.join()

    def _run(self) -> None:
        opener, session = None, None
        try:
            while (samples := self._heard.get()) is not None:
                if opener is not self._open_session:
                    opener, state = self._open_session, session.save() if session else None
                    session = opener()
                    if state is not None:
                        session.restore(converted(state, session))
                frames = session.push(samples)
                if len(frames):
                    self._newest = frames[-1]
        except Exception as error:  # handed to the main thread, which raises it
            self.error = error
