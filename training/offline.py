"""What the future would be worth: a causal generator against its twin that attends to both sides.

Both are trained alike, hear through the same ear and run over whole recordings; nothing is sampled, nothing
sealed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from .corpus.lips import LipReadout
from .dataset import Utterance
from .episodes import listen
from .figures import Figure
from .generate import no_guide
from .metrics import correlation
from .model.codec import BLOCK, LATENT, slow_path
from .model.generator import HISTORY
from .model.step import Mouthpiece
from .run import restore

GROUP = "Causal against offline (same size, same ear, no references)"


@torch.no_grad()
def regress(model: Mouthpiece, mel: np.ndarray) -> np.ndarray:
    """Mean channels ``[T, C]`` of log-mel ``[4 T, 80]``."""
    ticks = len(mel) // 4
    whole = -(-ticks // BLOCK) * BLOCK
    speech, _, _ = listen(model, torch.tensor(np.asarray(mel, np.float32))[None])
    speech = torch.nn.functional.pad(speech, (0, 0, 0, whole - ticks))
    guide = no_guide(model, 1, whole, "cpu")
    h = model.generator(speech, speech.new_zeros(1, whole, HISTORY * LATENT), guide)
    path = slow_path(model.generator.plan(h[:, ::BLOCK]), speech.new_zeros(1, LATENT))
    motion = path + model.generator.refine(h, path, speech, guide)[0]
    return model.codec.decode(motion)[0, :ticks].numpy()


def figures(
    checkpoint: Path, readout: LipReadout, seen: list[Utterance], strangers: list[Utterance]
) -> list[Figure]:
    """Lip-gap correlation of both; nothing when they were not trained."""
    twins = {who: checkpoint.with_name(f"twin_{who}.pt") for who in ("causal", "offline")}
    if not all(path.exists() for path in twins.values()):
        return []
    rows = []
    for who, path in twins.items():
        model = restore(Mouthpiece, path)
        for where, clips in (("seen performer", seen), ("GRID strangers", strangers)):
            values = [
                correlation(readout(regress(model, clip.mel))[: len(clip.gap), 0], np.asarray(clip.gap[:, 0]))
                for clip in clips
            ]
            rows.append(Figure.of_mean(GROUP, who, f"lip-gap correlation, {where}", np.array(values)))
    return rows
