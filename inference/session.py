"""Streaming: samples in, frames out as soon as they are determined; all that it remembers can be saved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .bank import Bank
from .expression import express
from .features import TAIL, finite, whole_mel
from .model import NOT_FOUND, Model
from .types import BLENDSHAPES, TICK_SAMPLES, C
from .vocalisations import answer, follow, reactions

Snapshot = dict[str, np.ndarray]
_STATE = "model."
_FELT = "felt"


@dataclass
class Track:
    """What one row of a session is asked for; may be changed between calls of ``push``."""

    bank: Bank | None = None
    style_strength: float = 1.0
    valence: float = 0.0
    arousal: float = 0.0
    seed: int = 0


def frame_noise(seed: int, frame: int, size: int) -> np.ndarray:
    """Standard normals ``float32 [size]`` that depend on (seed, frame) alone.

    The frame is the counter's highest word: in the lowest, neighbours would share most of their numbers.
    """
    bits = np.random.Philox(key=seed % 2**64, counter=[0, 0, 0, frame])
    return np.random.Generator(bits).standard_normal(size, np.float32)


class Session:
    """One or more tracks through the networks.

    Frame t is computed from samples before (t + 1) * 640 at 16 kHz and nothing later; any chunking of the
    same samples gives the same bits. Rows of a batch are independent: they differ from single tracks by
    rounding, and for one width of the batch not at all, whatever the other rows hold.
    """

    def __init__(self, model: Model, *, batch: int = 1, **track: object) -> None:
        """``track`` are the fields of ``Track`` for every row."""
        self.model, self.batch = model, batch
        self.tracks = [Track(**track) for _ in range(batch)]
        self._reactions = reactions(model.about["events"])
        self.state = model.initial_state(batch) | {_FELT: np.zeros((batch, len(self._reactions)), np.float32)}
        self.pending = np.zeros((batch, TAIL), np.float32)
        """The last ``TAIL`` samples of the previous tick and those of the unfinished one."""
        self.frames = np.zeros(batch, np.int64)
        """Frames that each row has made so far."""
        self._found = model.nothing_found(batch)
        self._shares: list[dict[str, float]] = [{} for _ in range(batch)]

    @property
    def frame(self) -> int:
        """Frames that the first row has made so far; setting it moves every row's noise."""
        return int(self.frames[0])

    @frame.setter
    def frame(self, frame: int) -> None:
        self.frames[:] = frame

    def push(self, samples: np.ndarray, mood: np.ndarray | None = None) -> np.ndarray:
        """``[N]`` (a batch: ``[B, N]``) samples to the frames they complete, ``[T, 55]`` (``[B, T, 55]``).

        Samples that are no numbers count as silence. ``mood`` is valence and arousal, ``[T, 2]`` (``[B, T,
        2]``) for these frames or more (ValueError for fewer); the tracks' own where none is given.
        """
        samples = np.atleast_2d(finite(samples))
        if samples.ndim != 2 or samples.shape[0] != self.batch:
            raise ValueError(f"the session has {self.batch} tracks, the samples have shape {samples.shape}")
        samples = np.concatenate([self.pending, samples], axis=1)
        ready = (samples.shape[1] - TAIL) // TICK_SAMPLES
        if mood is None:
            own = np.array([[(track.valence, track.arousal)] for track in self.tracks])
            mood = np.broadcast_to(own, (self.batch, ready, 2))
        if mood.shape[-2] < ready:
            raise ValueError(f"{ready} frames need their moods, not {mood.shape[-2]}")
        frames = np.empty((self.batch, ready, C), np.float32)
        for part in self.model.strides(ready):
            span = slice(part.start * TICK_SAMPLES, part.stop * TICK_SAMPLES + TAIL)
            frames[:, part] = self._stride(samples[:, span])
        self.pending = samples[:, ready * TICK_SAMPLES :].copy()
        frames = express(frames, mood[..., :ready, 0], mood[..., :ready, 1])
        faces = frames[..., : len(BLENDSHAPES)]
        np.clip(faces, 0.0, 1.0, out=faces)
        return frames[0] if self.batch == 1 else frames

    def flush(self, mood: np.ndarray | None = None) -> np.ndarray:
        """The frame of an unfinished tick, completed with silence; no frame if none was begun."""
        begun = self.pending.shape[1] - TAIL
        rest = np.zeros((self.batch, TICK_SAMPLES - begun if begun else 0), np.float32)
        return self.push(rest, mood)

    def reset(self, row: int, track: Track) -> None:
        """Begin another track in ``row`` from its first frame; between whole ticks only (ValueError)."""
        if self.pending.shape[1] != TAIL:
            raise ValueError("a row can only begin anew between whole ticks")
        self.tracks[row], self.frames[row], self._shares[row] = track, 0, {}
        self.pending[row] = 0.0
        for value in self.state.values():
            value[row] = 0.0

    def shares(self, row: int = 0) -> dict[str, float]:
        """How much each reference, by content hash, has contributed to the frames so far; sums to 1."""
        total = sum(self._shares[row].values()) or 1.0
        return {key: value / total for key, value in self._shares[row].items()}

    def save(self) -> Snapshot:
        """Everything that the next frame depends on, settings apart."""
        parts = {"pending": self.pending.copy(), "frames": self.frames.copy()}
        return parts | {_STATE + name: value.copy() for name, value in self.state.items()}

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from ``snapshot`` as if nothing had happened since. ValueError for another session's."""
        shapes = {_STATE + name: value.shape for name, value in self.state.items()}
        given = {name: value.shape for name, value in snapshot.items() if name.startswith(_STATE)}
        if shapes != given or len(snapshot["pending"]) != self.batch:
            raise ValueError("the snapshot is of another model or batch")
        self.pending, self.frames = snapshot["pending"].copy(), snapshot["frames"].copy()
        self.state = {name: snapshot[_STATE + name].copy() for name in self.state}

    def _stride(self, samples: np.ndarray) -> np.ndarray:
        """The next frames ``[B, T, 55]`` from ticks with the tail before them, ``[B, TAIL + 640 T]``."""
        mel = np.stack([whole_mel(track) for track in samples])
        heard, self.state = self.model.listen(mel, self.state)
        frames = np.empty((self.batch, heard.speech.shape[1], C), np.float32)
        for tick in range(frames.shape[1]):
            frames[:, tick] = self._move(heard.speech[:, tick], heard.articulation[:, tick])
        felt = follow(self.state[_FELT], heard.events)
        self.state[_FELT] = felt[:, -1]
        return frames + answer(felt, self._reactions)

    def _move(self, speech: np.ndarray, articulation: np.ndarray) -> np.ndarray:
        """The next frame ``[B, 55]`` from what is heard in its tick."""
        query, self.state = self.model.ask(speech, self.state)
        for row, track in enumerate(self.tracks):
            self._retrieve(row, track, query[row])
        noise = np.stack(
            [
                frame_noise(track.seed, int(frame), self.model.noise_size)
                for track, frame in zip(self.tracks, self.frames, strict=True)
            ]
        )
        channels, self.state = self.model.move(speech, articulation, self._found, noise, self.state)
        self.frames += 1
        return channels

    def _retrieve(self, row: int, track: Track, query: np.ndarray) -> None:
        """Looks up what ``row``'s references offer, and counts which of them did."""
        if track.bank is None:
            self._found.style[row], self._found.biases[row] = 0.0, NOT_FOUND
            return
        parts = track.bank.offer(query, self._found, row, track.style_strength)
        for key, part in zip(track.bank.shelf.hashes if len(parts) else (), parts, strict=True):
            self._shares[row][key] = self._shares[row].get(key, 0.0) + float(part)
