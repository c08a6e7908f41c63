"""The terminal: one line of progress a stage, while Blender's own chatter goes to a log file."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STEP = 0.05
"""Progress is printed in steps of this share."""


class Console:
    """Writes to the real standard output even while file descriptors 1 and 2 lead to the log."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8", errors="replace")
        self._live = self._out.isatty()
        self._started = time.monotonic()
        self._shown = -1.0

    def say(self, text: str) -> None:
        """One line, with the seconds since the start."""
        self._out.write(f"[{time.monotonic() - self._started:5.1f} s] {text}\n")
        self._shown = -1.0

    def progress(self, label: str, share: float) -> None:
        """Share done, 0..1; rewrites its line on a terminal, prints every quarter elsewhere."""
        step = STEP if self._live else 0.25
        if share < 1.0 and share < self._shown + step:
            return
        self._shown = share
        text = f"[{time.monotonic() - self._started:5.1f} s] {label} {share:4.0%}"
        self._out.write(f"\r{text}" + ("\n" if share >= 1.0 else "") if self._live else f"{text}\n")
        self._out.flush()

    @contextmanager
    def quiet(self, log: Path) -> Iterator[None]:
        """Send what Blender and its libraries print to ``log``."""
        sys.stdout.flush()
        sys.stderr.flush()
        kept = os.dup(1), os.dup(2)
        with log.open("ab") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            try:
                yield
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                for descriptor, copy in zip((1, 2), kept, strict=True):
                    os.dup2(copy, descriptor)
                    os.close(copy)
