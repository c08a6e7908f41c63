"""After the first stage: the mouth that hears the spectrum itself, apart from the ear.

The ear hears every filmed sequence in another disguise, so that it knows articulation in any voice. Here half
of them sound as they were recorded: how a voice goes with its lips is what the spectrum tells beyond
articulation. Two mouths that learned apart err at different moments, and their mean errs less than either.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .augment import augment, chosen, roughen
from .ear import mouth_losses
from .material import Material
from .model.ear import Ear, PlainMouth
from .model.encoder import by_ticks
from .run import Recipe, Run, Terms, restore

AS_RECORDED = 0.5
"""Share of sequences that are heard as they were recorded; the others are disguised as for the ear."""


@dataclass(frozen=True)
class Rows:
    """How many sequences of each kind make a step."""

    filmed: int = 32
    voices: int = 24


def hear(ear: Ear, mel: Tensor, generator: torch.Generator) -> Tensor:
    """``mel [B, 4 T, 80]``, some of it disguised, as a normalised spectrum ``[B, T, 4 · 81]``."""
    as_recorded = chosen(AS_RECORDED, len(mel), generator)
    mel = torch.where(as_recorded, mel, augment(mel, generator))
    normaliser = ear.encoder.normalise
    normal = normaliser(mel.to(normaliser.prior.device), normaliser.initial_state(len(mel)))[0].cpu()
    return by_ticks(torch.where(as_recorded, roughen(normal, generator), normal))


def train_spectrum(material: Material, ear: Path, path: Path, recipe: Recipe) -> None:
    """Trains the mouth of the spectrum, from a start by the recipe's seed, beside the ``ear`` of the first
    stage; writes both to ``path``."""
    model = restore(Ear, ear).requires_grad_(False)
    torch.manual_seed(recipe.seed)
    mouth = model.mouth.spectrum = PlainMouth(model.config).spectrum
    model.train()
    run = Run(model, recipe, path)
    run.resume()
    rows = Rows()

    def losses(step: int) -> Terms:
        rng, generator = recipe.randomness(step)
        filmed = material.speaking.draw(rng, rows.filmed, 1)
        voices = material.voices.draw(rng, rows.voices, 1)
        mel = torch.tensor(np.concatenate([filmed.mel, voices.mel]))
        spectrum = hear(model, mel, generator).to(recipe.device)
        channels, _ = mouth(spectrum, mouth.initial_state(len(mel)))
        return mouth_losses(channels, filmed, voices, material)

    run.to_end(losses)
