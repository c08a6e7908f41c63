"""Inference in a worker thread, watched from the main thread through a queue."""

from __future__ import annotations

import queue
import threading

import numpy as np

from .request import BakeRequest


class InferenceJob:
    """Runs a request's inference; ``poll`` it from a timer. The thread never touches Blender data."""

    def __init__(self, request: BakeRequest) -> None:
        self.request = request
        self.progress = 0.0
        self._messages: queue.SimpleQueue[float | np.ndarray | Exception] = queue.SimpleQueue()
        self._cancel = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mouthpiece-inference", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def cancel(self) -> None:
        """Ask the thread to stop; ``poll`` then raises Cancelled."""
        self._cancel.set()

    def join(self) -> None:
        self._thread.join()

    def poll(self) -> np.ndarray | None:
        """The channels ``float32 [T, C]`` once they are there, else None. Raises what the thread raised."""
        while not self._messages.empty():
            message = self._messages.get()
            if isinstance(message, Exception):
                raise message
            if isinstance(message, np.ndarray):
                return message
            self.progress = message
        return None

    def _run(self) -> None:
        try:
            self._messages.put(self.request.infer(self._messages.put, self._cancel.is_set))
        except Exception as error:  # handed to the main thread, which raises it
            self._messages.put(error)
