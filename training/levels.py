"""What the two levels carry, and what the codec costs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ..inference.animate import animate
from ..inference.model import Model
from ..inference.types import TICK_RATE
from .dataset import Utterance, to_float
from .figures import Figure
from .model.codec import MotionCodec
from .regions import MOUTH
from .run import restore_part
from .variants import FAST, SLOW, changed

GROUP = "The levels: error by frequency band of mouth channels when one is dropped"
CODEC_GROUP = "The codec: reconstruction on held-out clips, mouth channels"
SPLIT = 1.25
"""Hz up to which keyframes at 2.5 Hz can carry motion."""


def band_errors(made: np.ndarray, captured: np.ndarray) -> tuple[float, float]:
    """Root mean square error of ``[T, C]`` below and above ``SPLIT``."""
    spectrum = np.fft.rfft(made - captured, axis=0)
    frequency = np.fft.rfftfreq(len(made), 1 / TICK_RATE)
    errors = []
    for band in (frequency <= SPLIT, frequency > SPLIT):
        part = np.fft.irfft(np.where(band[:, None], spectrum, 0), len(made), axis=0)
        errors.append(float(np.sqrt(np.mean(part**2))))
    return errors[0], errors[1]


def figures(model: Model, checkpoint: Path, clips: Sequence[Utterance]) -> list[Figure]:
    """Errors in both bands with both levels and without either."""
    rows, mouth = [], list(MOUTH)
    with changed(checkpoint, FAST, model) as fast, changed(checkpoint, SLOW, model) as slow:
        for who, shown in (
            ("both levels", model),
            ("without the slow level", fast),
            ("without the fast level", slow),
        ):
            errors = []
            for clip in clips:
                captured = np.asarray(clip.channels, np.float32)
                made = animate(to_float(clip.audio), shown)[: len(captured)]
                errors.append(band_errors(made[:, mouth], captured[:, mouth]))
            for name, values in zip(("below", "above"), np.array(errors).T, strict=True):
                rows.append(Figure.of_mean(GROUP, who, f"error {name} {SPLIT} Hz", values))
    return rows


def codec(model: Model, checkpoint: Path, cast: dict[str, list[Utterance]]) -> list[Figure]:
    """Error of encoding and decoding against the generator's own, by performer."""
    codec = restore_part(MotionCodec(), checkpoint, "codec.").eval()
    rows = []
    for who, clips in cast.items():
        rebuilt, generated = [], []
        for clip in clips:
            captured = np.asarray(clip.channels, np.float32)
            mouth = [channel for channel in MOUTH if clip.measured[channel]]
            measured = torch.tensor(clip.measured)[None]
            latents = codec.encode(torch.tensor(captured)[None], measured)
            back = codec.decode(latents)[0].numpy()
            made = animate(to_float(clip.audio), model)[: len(captured)]
            rebuilt.append(np.mean((back[:, mouth] - captured[:, mouth]) ** 2))
            generated.append(np.mean((made[:, mouth] - captured[:, mouth]) ** 2))
        share = np.array(rebuilt) / np.array(generated)
        rows.append(Figure.of_mean(CODEC_GROUP, who, "share of the generator's squared error", share))
    return rows
