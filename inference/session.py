"""Streaming: samples in, frames out as soon as they are determined; all that it remembers can be saved."""

from __future__ import annotations

import numpy as np

from .expression import express
from .features import TAIL, finite, tick_mel
from .model import Model
from .types import BLENDSHAPES, TICK_SAMPLES, C

Snapshot = dict[str, np.ndarray]
_STATE = "model."


def frame_noise(seed: int, frame: int, size: int) -> np.ndarray:
    """Standard normals ``float32 [size]`` that depend on (seed, frame) alone.

    The frame is the counter's highest word: in the lowest, neighbours would share most of their numbers.
    """
    bits = np.random.Philox(key=seed % 2**64, counter=[0, 0, 0, frame])
    return np.random.Generator(bits).standard_normal(size, np.float32)


class Session:
    """One or more tracks through the step graph, tick by tick.

    Frame t is computed from samples before (t + 1) * 640 at 16 kHz and nothing later; any chunking of the
    same samples gives the same bits. ``style`` is ``[S]`` or ``[B, S]``. ``valence`` and ``arousal`` in
    [-1, 1] may be changed between calls of ``push``. Rows of a batch differ from single tracks by rounding.
    """

    def __init__(
        self,
        model: Model,
        *,
        style: np.ndarray | None = None,
        style_strength: float = 1.0,
        valence: float = 0.0,
        arousal: float = 0.0,
        seed: int = 0,
        batch: int = 1,
    ) -> None:
        self.model, self.seed, self.batch = model, seed, batch
        self.valence, self.arousal = valence, arousal
        style = np.zeros(model.style_size, np.float32) if style is None else np.asarray(style, np.float32)
        self.style = np.broadcast_to(style * np.float32(style_strength), (batch, model.style_size)).copy()
        self.state = model.initial_state(batch)
        self.pending = np.zeros((batch, TAIL), np.float32)
        """The last ``TAIL`` samples of the previous tick and those of the unfinished one."""
        self.frame = 0
        """Frames made so far."""

    def push(self, samples: np.ndarray) -> np.ndarray:
        """``[N]`` (a batch: ``[B, N]``) samples to the frames they complete, ``[T, 55]`` (``[B, T, 55]``).

        Samples that are no numbers count as silence.
        """
        samples = np.atleast_2d(finite(samples))
        if samples.ndim != 2 or samples.shape[0] != self.batch:
            raise ValueError(f"the session has {self.batch} tracks, the samples have shape {samples.shape}")
        samples = np.concatenate([self.pending, samples], axis=1)
        ready = (samples.shape[1] - TAIL) // TICK_SAMPLES
        frames = np.empty((self.batch, ready, C), np.float32)
        for index in range(ready):
            start = index * TICK_SAMPLES
            frames[:, index] = self._tick(samples[:, start : start + TAIL + TICK_SAMPLES])
        self.pending = samples[:, ready * TICK_SAMPLES :].copy()
        return frames[0] if self.batch == 1 else frames

    def flush(self) -> np.ndarray:
        """The frame of an unfinished tick, completed with silence; no frame if none was begun."""
        begun = self.pending.shape[1] - TAIL
        return self.push(np.zeros((self.batch, TICK_SAMPLES - begun if begun else 0), np.float32))

    def save(self) -> Snapshot:
        """Everything that the next frame depends on, settings apart."""
        parts = {"pending": self.pending.copy(), "frame": np.array(self.frame, np.int64)}
        return parts | {_STATE + name: value.copy() for name, value in self.state.items()}

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from ``snapshot`` as if nothing had happened since. ValueError for another session's."""
        shapes = {_STATE + name: value.shape for name, value in self.state.items()}
        given = {name: value.shape for name, value in snapshot.items() if name.startswith(_STATE)}
        if shapes != given or len(snapshot["pending"]) != self.batch:
            raise ValueError("the snapshot is of another model or batch")
        self.pending, self.frame = snapshot["pending"].copy(), int(snapshot["frame"])
        self.state = {name: snapshot[_STATE + name].copy() for name in self.state}

    def _tick(self, samples: np.ndarray) -> np.ndarray:
        """The next frame ``[B, 55]`` from one tick of samples with its tail, ``[B, TAIL + 640]``."""
        mel = np.stack([tick_mel(track) for track in samples])
        noise = np.tile(frame_noise(self.seed, self.frame, self.model.noise_size), (self.batch, 1))
        channels, _, self.state = self.model.step(mel, self.style, noise, self.state)
        self.frame += 1
        channels = express(channels, self.valence, self.arousal)
        faces = channels[:, : len(BLENDSHAPES)]
        np.clip(faces, 0.0, 1.0, out=faces)
        return channels
