"""The articulograph test: measured lips of a speaker, language and emotions that no training saw."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..inference.animate import animate
from ..inference.decode import load_audio
from ..inference.model import Model
from ..inference.types import TICK_RATE, frame_count, frame_times
from .baselines import Baseline, rhubarb_opening
from .corpus.lips import LipReadout
from .figures import Figure
from .metrics import correlation
from .prediction import QUIETER, quieter

GROUP = "A stranger's lips by articulography (Mandarin, seven emotions), no references"


@dataclass(frozen=True)
class Articulogram:
    """``audio float32 [N]``; ``lips [T, 2]`` aperture and width in mm at the model's ticks."""

    name: str
    audio: np.ndarray
    lips: np.ndarray


def load(folder: Path) -> list[Articulogram]:
    """Reads ``lips.npz`` (frame t at (t + 1) / 25 s) and resamples it to the ticks' times."""
    recordings = []
    with np.load(folder / "lips.npz", allow_pickle=False) as stored:
        for name in stored["names"].tolist():
            audio = load_audio(folder / "audio" / f"{name}.opus")
            lips = np.stack([stored[f"a_{name}"], stored[f"w_{name}"]], 1)
            times = (np.arange(len(lips)) + 1) / TICK_RATE
            ticks = frame_times(min(len(lips), frame_count(len(audio))))
            resampled = np.stack([np.interp(ticks, times, column) for column in lips.T], 1)
            recordings.append(Articulogram(name, audio, resampled))
    return recordings


def articulograph(
    model: Model, readout: LipReadout, baselines: dict[str, Baseline], data: Path
) -> list[Figure]:
    """Mean per-utterance correlation of aperture and width: the model, the ``baselines`` and the peer."""
    recordings = load(data / "eval_ema_dev")
    peers = data / "peers" / "eval_ema_dev"
    cast = {
        "Mouthpiece": [readout(animate(one.audio, model)) for one in recordings],
        f"Mouthpiece, sound {QUIETER} dB quieter": [
            readout(animate(quieter(one.audio), model)) for one in recordings
        ],
        **{who: [predict(one.audio) for one in recordings] for who, predict in baselines.items()},
        "Rhubarb 1.14": [
            rhubarb_opening(peers / f"{one.name}.tsv", len(one.lips))[:, None] for one in recordings
        ],
    }
    figures = []
    for who, lips in cast.items():
        metrics = ("lip-aperture correlation", "mouth-width correlation")[: lips[0].shape[1]]
        for column, metric in enumerate(metrics):
            pairs = zip(lips, recordings, strict=True)
            values = np.array(
                [correlation(lip[: len(r.lips), column], r.lips[:, column]) for lip, r in pairs]
            )
            figures.append(Figure.of_mean(GROUP, who, metric, values))
    return figures
