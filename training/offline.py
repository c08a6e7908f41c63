"""What hearing the future would be worth: a network that hears sound as it comes, its twin all of it.

Both know one performer and nobody else, start from the spectrum and are trained alike on lips in time, so
that they also tell how much of these recordings' lips any network could foretell.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..inference.features import HOPS
from .augment import roughen
from .dataset import Sampler, Utterance
from .losses import lip_loss
from .material import Material, for_training
from .model.config import Config
from .prediction import Predictor
from .run import Recipe, Run, Terms, restore
from .sync import in_time

PERFORMER = "grid_s1/"
NAMES = {
    "causal": "a recurrent network of GRID s1 alone, causal",
    "offline": "its twin that hears all the clip",
}
UNITS = {False: 320, True: 192}
"""Width of the recurrent layers, by whether they also hear the future: both networks are of one size."""
DROPPED = 0.3
ROWS = 32


class Listener(nn.Module):
    """Log-mel ``[B, 4 T, 80]`` → lip gap and mouth width ``[B, T, 2]``, in outer eye corner distances."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        units, sides = UNITS[config.offline], 1 + config.offline
        self.register_buffer("usual", torch.zeros(2, config.mels))
        self.register_buffer("lips", torch.zeros(2, 2))
        self.enter = nn.Linear(HOPS * config.mels, 256)
        self.recurrent = nn.GRU(
            256, units, 2, batch_first=True, dropout=DROPPED, bidirectional=config.offline
        )
        self.leave = nn.Linear(sides * units, 2)

    def normal(self, mel: Tensor) -> Tensor:
        """``mel`` about the usual spectrum, in its deviations."""
        mean, deviation = self.usual
        return (mel - mean) / deviation

    def forward(self, mel: Tensor) -> Tensor:
        return self.read(self.normal(mel))

    def read(self, normal: Tensor) -> Tensor:
        x = functional.relu(self.enter(normal.unflatten(1, (-1, HOPS)).flatten(2)))
        x = self.recurrent(functional.dropout(x, DROPPED, self.training))[0]
        mean, deviation = self.lips
        return mean + deviation * self.leave(functional.dropout(x, DROPPED, self.training))


def train_listener(
    material: Material, utterances: Sequence[Utterance], path: Path, recipe: Recipe, config: Config
) -> None:
    """Trains a twin on the performer's clips; writes the checkpoint ``path``."""
    torch.manual_seed(recipe.seed)
    clips = [u for u in in_time(for_training(list(utterances))) if u.performer.startswith(PERFORMER)]
    model, lips = Listener(config), material.lips
    spectrum = torch.tensor(np.concatenate([np.asarray(u.mel, np.float32) for u in clips]))
    model.usual.copy_(torch.stack([spectrum.mean(0), spectrum.std(0)]))
    model.lips.copy_(torch.stack([lips.mean, lips.deviation]))
    run, sampler = Run(model, recipe, path), Sampler(clips, recipe.ticks)
    run.resume()

    def losses(step: int) -> Terms:
        rng, generator = recipe.randomness(step)
        batch = sampler.draw(rng, ROWS, 1)
        made = model.read(roughen(model.normal(torch.tensor(batch.mel)), generator))
        goal = lips(torch.tensor(batch.channels))
        return {"lips": lip_loss((made - lips.mean) / lips.deviation, goal)}

    run.to_end(losses)


def listeners(folder: Path) -> dict[str, Predictor]:
    """The trained twins in ``folder`` by name; none where they were not trained."""
    paths = {name: folder / f"listener_{kind}.pt" for kind, name in NAMES.items()}
    if not all(path.exists() for path in paths.values()):
        return {}

    def predictor(model: Listener) -> Predictor:
        @torch.no_grad()
        def predict(clip: Utterance) -> np.ndarray:
            return model(torch.tensor(np.asarray(clip.mel, np.float32))[None])[0].numpy()

        return predict

    return {name: predictor(restore(Listener, path)) for name, path in paths.items()}
