"""Ctrl-C at a moment of our choosing."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_STOPS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interrupt_later() -> Iterator[None]:
    """Ctrl-C and SIGTERM count at the end of the block, which would leave something half done before.

    What else goes wrong in the block after one of them gives way to it. Raises KeyboardInterrupt.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []
    # A handler that is None is not Python's, and could not be put back.
    heard = [kind for kind in _STOPS if signal.getsignal(kind) not in (None, signal.SIG_IGN)]
    former = {kind: signal.signal(kind, lambda *_: pressed.append(1)) for kind in heard}
    try:
        yield
    except Exception:
        if not pressed:  # a terminal sends Ctrl-C to our workers as well
            raise
    finally:
        for kind, handler in former.items():
            signal.signal(kind, handler)
    if pressed:
        raise KeyboardInterrupt
