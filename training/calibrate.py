"""Fits the reach of the lip seal on training clips: true closures made, lips otherwise kept."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .closure import Spoken, closure_counts, shut_threshold, spoken
from .corpus.lips import LipReadout
from .dataset import SILENCE, Utterance
from .metrics import correlation
from .model.seal import LipSeal
from .model.step import NOISE, Mouthpiece
from .references import no_guide

REACHES = (0.04, 0.05)
"""Candidate gaps that even odds close, in outer eye corner distances. Training clips hardly tell reaches
apart; lips that were asked to touch need no wider one (see the notebook)."""
CLIPS = 60
BETA = 2.0
"""A missed closure is seen at once, an early one hardly: recall counts twice."""


@torch.no_grad()
def play(model: Mouthpiece, mel: Tensor) -> tuple[Tensor, Tensor]:
    """Streams ``mel [B, 4 T, 80]`` without references or noise → channels ``[B, T, C]`` and feature
    probabilities ``[B, T, 4, F]``."""
    batch, guide = len(mel), no_guide(model, len(mel), 1, "cpu")
    state, frames = model.initial_state(batch), []
    heard, speech, _ = model.listen(mel, state)
    features = heard.features.sigmoid().unflatten(1, (-1, 4))
    for tick in range(speech.shape[1]):
        channels, new = model.move(
            speech[:, tick], features[:, tick], guide, torch.zeros(batch, NOISE), state
        )
        state = state | new
        frames.append(channels)
    return torch.stack(frames, 1), features


def sealed(seal: LipSeal, channels: Tensor, features: Tensor) -> Tensor:
    """``channels [B, T, C]`` under the ``seal``, by feature probabilities ``[B, T, 4, F]``."""
    share, frames = channels.new_zeros(len(channels), 1), []
    for frame, heard in zip(channels.unbind(1), features.unbind(1), strict=True):
        frame, share = seal(frame, heard, share)
        frames.append(frame)
    return torch.stack(frames, 1)


def calibrate_seal(model: Mouthpiece, clips: list[Utterance], readout: LipReadout) -> float:
    """Sets ``model.seal`` to the reach with the best sum of closures and gap correlation; returns it.

    The prediction must come twice as close as the capture, whose tracked lips never quite touch: contact is
    what an animator sees.
    """
    chosen = clips[:: max(1, len(clips) // CLIPS)]
    ticks = max(len(clip.mel) // 4 for clip in chosen)
    mel = np.full((len(chosen), 4 * ticks, model.config.mels), SILENCE, np.float32)
    for row, clip in zip(mel, chosen, strict=True):
        row[: len(clip.mel)] = clip.mel
    model.seal.row.copy_(torch.tensor(readout.matrix[0]))
    model.seal.reach.fill_(0.0)
    channels, features = play(model, torch.tensor(mel))
    scores = []
    for reach in REACHES:
        model.seal.reach.fill_(reach)
        gaps = readout(sealed(model.seal, channels, features).numpy())[..., 0] - readout.offset[0]
        scores.append(score([spoken(c, gap[: len(c.gap)]) for c, gap in zip(chosen, gaps, strict=True)]))
    reach = REACHES[int(np.argmax(scores))]
    model.seal.reach.fill_(reach)
    return reach


def score(clips: list[Spoken]) -> float:
    """F-measure of closures at contact plus mean gap correlation."""
    contact = shut_threshold(clips, predicted=False)
    closures = closure_counts(clips, (contact / 2, contact))
    return closures.f(BETA) + float(np.nanmean([correlation(c.predicted, c.measured) for c in clips]))
