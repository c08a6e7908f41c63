"""A performance that is made while it plays: a thread keeps the model some frames ahead of the playhead.

The model is causal and its state is explicit, so a jump or a changed setting costs no more than the frames
since the last snapshot: the thread goes back to it and on from there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .bank import Bank
from .entry_cache import EntryCache
from .expression import moods
from .model import Model
from .regional_session import PLAIN, STYLED, RegionalSession
from .regions import Influence
from .session import Session, Snapshot
from .types import TICK_RATE, TICK_SAMPLES, Take, frame_count

Performer = Session | RegionalSession
"""What makes the frames."""
AHEAD = TICK_RATE
"""Frames that are made before they are needed (one second)."""
WARM_UP = 2 * TICK_RATE
"""Frames that the model hears before the first one that is shown after a jump."""
SNAPSHOT_STEP = 5
"""Frames between two states that are kept to go back to."""
KEPT = 10 * TICK_RATE
"""Frames behind the playhead that are remembered."""
TINY = 1e-6
"""Part of a frame that counts as none."""


@dataclass(frozen=True)
class Score:
    """What is performed: ``audio float32 [N]`` at 16 kHz, valence and arousal ``mood [T, 2]``, and the way it
    is done.

    ``open_session`` makes a session with the wanted references and seed; it is called in the thread.
    """

    audio: np.ndarray
    mood: np.ndarray
    open_session: Callable[[], Performer]

    @property
    def frames(self) -> int:
        return frame_count(len(self.audio))


class LiveStream:
    """Frames of a score around a playhead, made in a thread of its own."""

    def __init__(self, score: Score) -> None:
        self._score, self._changed = score, True
        self._playhead = 0
        self._made: dict[int, np.ndarray] = {}
        self._snapshots: dict[int, Snapshot] = {}
        self._wake = threading.Condition()
        self._closed = False
        self.error: Exception | None = None
        """What ended the thread, if anything did."""
        self._thread = threading.Thread(target=self._run, name="mouthpiece-live", daemon=True)
        self._thread.start()

    def change(self, score: Score) -> None:
        """Go on with other settings: no frame of the old ones is shown again. Another sound starts anew."""
        with self._wake:
            if len(score.audio) != len(self._score.audio) or score.audio is not self._score.audio:
                self._made.clear()
                self._snapshots.clear()
            self._score, self._changed = score, True
            self._wake.notify_all()

    def frame(self, index: int, wait: float = 0.0) -> np.ndarray | None:
        """Channels ``float32 [55]`` of frame ``index`` and move the playhead there; None while not made yet.

        ``wait`` seconds at most are spent waiting. Raises what ended the thread.
        """
        until = time.monotonic() + wait
        with self._wake:
            if index != self._playhead:
                self._playhead = index
                self._wake.notify_all()
            while True:
                if self.error is not None:
                    raise self.error
                # After a change, what was made before it is stale.
                found = None if self._changed else self._made.get(index)
                rest = until - time.monotonic()
                if found is not None or rest <= 0 or not 0 <= index < self._score.frames:
                    return found
                self._wake.wait(rest)

    def sample(self, seconds: float, wait: float = 0.0) -> np.ndarray | None:
        """Channels ``float32 [55]`` at a time of the sound, linear between frames; None while not made yet.

        Before the sound and after it, the first and last frame hold.
        """
        last = self._score.frames - 1
        position = min(max(seconds * TICK_RATE - 0.5, 0.0), float(last))
        below = int(position + TINY)
        first = self.frame(below, wait)
        if first is None or position - below < TINY:
            return first
        second = self.frame(below + 1, wait)
        part = np.float32(position - below)
        return first if second is None else (1 - part) * first + part * second

    def lead(self) -> int:
        """Frames that are made beyond the playhead."""
        with self._wake:
            index = self._playhead
            while index in self._made and not self._changed:
                index += 1
            return index - self._playhead

    def close(self) -> None:
        """End the thread."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        self._thread.join()

    def _run(self) -> None:
        try:
            session, score = None, self._score
            while True:
                with self._wake:
                    while not self._closed and not self._changed and self._next(session) is None:
                        self._wake.wait()
                    if self._closed:
                        return
                    changed, score, self._changed = self._changed, self._score, False
                    playhead = self._playhead
                    if changed:
                        self._made = {}
                        self._snapshots = {i: s for i, s in self._snapshots.items() if i <= playhead}
                if changed or session is None:
                    session = self._at(score, playhead)
                with self._wake:
                    target = self._next(session)
                if target is not None and not self._is_next(session, target):
                    session = self._at(score, target)
                if session.frame < score.frames:
                    self._step(session, score)
        except Exception as error:  # handed to the main thread, which raises it
            with self._wake:
                self.error = error
                self._wake.notify_all()

    def _next(self, session: Performer | None) -> int | None:
        """The first missing frame from the playhead on, None when there are enough. Called under the lock."""
        low = min(max(self._playhead, 0), self._score.frames)
        high = min(low + AHEAD, self._score.frames)
        return next((index for index in range(low, high) if index not in self._made), None)

    def _is_next(self, session: Performer, target: int) -> bool:
        """Whether a session will come to ``target`` soon, warmed up."""
        return target - max(WARM_UP, SNAPSHOT_STEP) <= session.frame <= target

    def _at(self, score: Score, target: int) -> Performer:
        """A session at the last snapshot before ``target``, or at ``target`` itself, warmed up."""
        session = score.open_session()
        near = [index for index in self._snapshots if target - WARM_UP <= index <= target]
        if near:
            session.restore(converted(self._snapshots[max(near)], session))
        else:
            stop = min(max(target, 0), len(score.audio) // TICK_SAMPLES)
            session.frame = start = max(0, stop - WARM_UP)
            session.push(score.audio[start * TICK_SAMPLES : stop * TICK_SAMPLES])
        return session

    def _step(self, session: Performer, score: Score) -> None:
        """Make one frame, keep it, and forget those far from the playhead."""
        index = session.frame
        snapshot = session.save() if index % SNAPSHOT_STEP == 0 else None
        mood = score.mood[index : index + 1]
        made = session.push(score.audio[index * TICK_SAMPLES : (index + 1) * TICK_SAMPLES], mood)
        frame = made[0] if len(made) else session.flush(mood)[0]
        with self._wake:
            if score is not self._score:
                return
            if snapshot is not None:
                self._snapshots[index] = snapshot
            self._made[index] = frame
            kept = range(self._playhead - KEPT, self._playhead + AHEAD + KEPT)
            for store in (self._made, self._snapshots):
                for far in [i for i in store if i not in kept]:
                    del store[far]
            self._wake.notify_all()


def score_for(
    audio: np.ndarray,
    open_session: Callable[[], Performer],
    valence: float | np.ndarray,
    arousal: float | np.ndarray,
) -> Score:
    """A score with constant or keyed mood."""
    return Score(audio, moods(valence, arousal, frame_count(len(audio))), open_session)


def converted(snapshot: Snapshot, session: Performer) -> Snapshot:
    """A snapshot for ``session``: of one session for each side of two, or of the styled side for one."""
    both = any(name.startswith(STYLED) for name in snapshot)
    if isinstance(session, RegionalSession) and not both:
        return {prefix + name: value for prefix in (PLAIN, STYLED) for name, value in snapshot.items()}
    if not isinstance(session, RegionalSession) and both:
        return {n.removeprefix(STYLED): value for n, value in snapshot.items() if n.startswith(STYLED)}
    return snapshot


def opener(
    model: Callable[[], Model],
    references: Sequence[tuple[Take, float]],
    style_strength: float,
    seed: int,
    influence: Influence,
    cache: EntryCache,
) -> Callable[[], Performer]:
    """What opens a session in one manner: ``model`` is asked for then, and the references are read once."""
    bank: Bank | None = None

    def open_session() -> Performer:
        nonlocal bank
        opened = model()
        if bank is None:
            bank = Bank(opened)
            for take, weight in references:
                bank.add_entries(take.content_hash, cache.embed(opened, take), weight)
        styled = Session(opened, bank=bank, style_strength=style_strength, seed=seed)
        if influence.full or not references:
            return styled
        return RegionalSession(Session(opened, seed=seed), styled, influence)

    return open_session
