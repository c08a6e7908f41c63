"""Fits the reach of the lip seal on training clips: true closures made, lips otherwise kept."""

from __future__ import annotations

import numpy as np
import torch

from .closure import Spoken, closure_counts, shut_threshold, spoken
from .corpus.lips import LipReadout
from .dataset import Utterance
from .metrics import correlation
from .model.step import Mouthpiece

REACHES = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1)
"""Candidate gaps that even odds close, in outer eye corner distances."""
CLIPS = 60
BETA = 2.0
"""A missed closure is seen at once, an early one hardly: recall counts twice."""


def calibrate_seal(model: Mouthpiece, clips: list[Utterance], readout: LipReadout) -> float:
    """Sets ``model.seal`` to the reach with the best sum of closures and gap correlation; returns it.

    The prediction must come twice as close as the capture, whose tracked lips never quite touch: contact is
    what an animator sees.
    """
    chosen = clips[:: max(1, len(clips) // CLIPS)]
    model.seal.row.copy_(torch.tensor(readout.matrix[0]))
    scores = [score(model, reach, chosen, readout) for reach in REACHES]
    reach = REACHES[int(np.argmax(scores))]
    model.seal.reach.fill_(reach)
    return reach


@torch.no_grad()
def score(model: Mouthpiece, reach: float, clips: list[Utterance], readout: LipReadout) -> float:
    """F-measure of closures at contact plus mean gap correlation of ``clips`` with this reach."""
    model.seal.reach.fill_(reach)
    spoken_clips: list[Spoken] = []
    for clip in clips:
        style = torch.zeros(1, model.config.style)
        out = model.hear_and_move(torch.tensor(np.asarray(clip.mel, np.float32))[None], style)
        features = out["features"].sigmoid().reshape(1, -1, 4, model.config.features)
        sealed = model.seal(out["channels"], features)[0].numpy()
        spoken_clips.append(spoken(clip, readout(sealed)[:, 0] - readout.offset[0]))
    contact = shut_threshold(spoken_clips, predicted=False)
    closures = closure_counts(spoken_clips, (contact / 2, contact))
    return closures.f(BETA) + float(np.nanmean([correlation(c.predicted, c.measured) for c in spoken_clips]))
