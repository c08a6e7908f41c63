"""First stage: the ear alone, on every phone-labelled voice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .augment import augment
from .dataset import Sampler, Utterance
from .losses import articulation_loss
from .model.step import Mouthpiece
from .phones import FEATURE_TABLE
from .run import Recipe, Run


def has_phones(utterance: Utterance) -> bool:
    return bool(len(utterance.mel)) and bool((utterance.phones >= 0).any())


def set_spectrum(model: Mouthpiece, utterances: list[Utterance]) -> None:
    """Mean spectrum of speech and median peak level, the normaliser's prior."""
    mels = [np.asarray(u.mel, np.float32) for u in utterances[::5] if len(u.mel)]
    level = [mel.mean(1) for mel in mels]
    loud = np.concatenate([mel[e > e.max() - 4] for mel, e in zip(mels, level, strict=True)])
    model.encoder.normalise.prior.copy_(torch.tensor(loud.mean(0)))
    model.encoder.normalise.prior_peak.fill_(float(np.median([e.max() for e in level])))


def train_ear(utterances: list[Utterance], folder: Path, recipe: Recipe) -> None:
    """Trains the audio encoder to hear phones and features; writes ``folder/ear.pt``."""
    folder.mkdir(parents=True, exist_ok=True)
    voices = [u for u in utterances if u.split == "train" and has_phones(u)]
    sampler = Sampler(voices, recipe.ticks)
    table = torch.tensor(FEATURE_TABLE)
    run = Run(recipe, folder / "ear.pt")
    if not run.resume():
        set_spectrum(run.model, voices)

    def losses(model: Mouthpiece, step: int) -> dict[str, Tensor]:
        rng, generator = recipe.randomness(step)
        batch = sampler.draw(rng, recipe.voices, 1)
        mel = augment(torch.tensor(batch.mel), generator)
        phones, features, _, _ = model.encoder(mel, model.initial_state(len(mel)))
        return {"phones": articulation_loss(phones, features, torch.tensor(batch.phones), table)}

    run.to_end(losses)
