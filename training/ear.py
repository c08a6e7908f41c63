"""First stage: the ear alone, on every voice, filmed or not, and on sounds that are no speech."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .augment import augment
from .dataset import Sequence, Utterance
from .losses import articulation_loss, channel_loss, lip_loss, rest_loss, shape_loss
from .material import Material
from .model.config import Config
from .model.ear import Ear
from .model.encoder import Heard
from .phones import FEATURE_TABLE
from .run import Recipe, Run, Terms
from .unfilmed import unfilmed_losses

EVENT_WEIGHT = 0.5
"""Most ticks hold no event: how much those count."""


@dataclass(frozen=True)
class Rows:
    """How many sequences of each kind make a step."""

    filmed: int = 24
    voices: int = 34
    events: int = 6


def set_spectrum(ear: Ear, utterances: list[Utterance]) -> None:
    """Mean spectrum of speech and median peak level, the normaliser's prior."""
    mels = [np.asarray(u.mel, np.float32) for u in utterances[::5] if len(u.mel)]
    level = [mel.mean(1) for mel in mels]
    loud = np.concatenate([mel[e > e.max() - 4] for mel, e in zip(mels, level, strict=True)])
    ear.encoder.normalise.prior.copy_(torch.tensor(loud.mean(0)))
    ear.encoder.normalise.prior_peak.fill_(float(np.median([e.max() for e in level])))


def stack(batches: list[Sequence], name: str) -> Tensor:
    return torch.tensor(np.concatenate([getattr(batch, name) for batch in batches]))


def sound_losses(heard: Heard, events: Tensor, affect: Tensor) -> Terms:
    """Cross-entropy of vocal events, squared error of valence and arousal where they are known."""
    weight = torch.ones(heard.events.shape[-1], device=events.device)
    weight[-1] = EVENT_WEIGHT
    event = functional.cross_entropy(heard.events.float().flatten(0, 1), events.flatten(), weight)
    known = torch.isfinite(affect)
    error = torch.where(known, heard.affect.float() - torch.where(known, affect, 0.0), 0.0)
    return {"events": event, "affect": error.square().sum() / known.sum().clamp(min=1)}


def mouth_losses(channels: Tensor, filmed: Sequence, voices: Sequence, material: Material) -> Terms:
    """The terms of a mouth's ``channels [B + V, T, C]``: of the filmed sequences, then of other voices."""
    place, count = channels.device, len(filmed.mel)
    moved, spoken = channels[:count], channels[count : count + len(voices.mel)]
    target, measured = (torch.tensor(x, device=place) for x in (filmed.channels, filmed.measured))
    lips = material.lips.to(place)
    shown, filmed_lips = lips(moved), lips(target)
    return {
        "channels": channel_loss(moved, target, measured, material.channel_weight.to(place)),
        "lips": lip_loss(shown, filmed_lips),
        "shape": shape_loss(shown, filmed_lips),
        **unfilmed_losses(lips(spoken), voices.phones, material),
        "rest": rest_loss(channels),
    }


def train_ear(material: Material, utterances: list[Utterance], path: Path, recipe: Recipe) -> None:
    """Trains the audio encoder and the mouth that reads it; writes the checkpoint ``path``."""
    torch.manual_seed(recipe.seed)
    ear = Ear(Config())
    ear.mouth.spectrum.requires_grad_(False)
    run = Run(ear, recipe, path)
    if not run.resume():
        set_spectrum(run.model, utterances)
    rows, place = Rows(), recipe.device
    table = torch.tensor(FEATURE_TABLE, device=place)

    def losses(step: int) -> Terms:
        rng, generator = recipe.randomness(step)
        filmed = material.speaking.draw(rng, rows.filmed, 1)
        voices = material.voices.draw(rng, rows.voices, 1)
        events = material.events.draw(rng, rows.events, 1)
        batches = [filmed, voices, events]
        clean = stack(batches, "mel")
        labels = stack(batches, "phones").to(place)
        keep = (torch.rand((len(clean), 1, 1), generator=generator) < 0.6).float().to(place)
        heard, channels = run.model(augment(clean, generator).to(place), keep)
        affect = stack(batches, "affect").to(place)
        return {
            "phones": articulation_loss(heard.phones, heard.features, labels, table),
            **mouth_losses(channels, filmed, voices, material),
            **sound_losses(heard, stack(batches, "events").to(place), affect),
        }

    run.to_end(losses)
