"""After narrowing: the narrow ear and its mouths learn from the wide ones what they have lost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from .augment import augment, chosen
from .ear import stack
from .material import Material
from .model.codec import MOUTH_LATENT
from .model.step import Mouthpiece
from .run import Recipe, Run, Terms, restore
from .spectrum import AS_RECORDED


@dataclass(frozen=True)
class Rows:
    """How many sequences of each kind make a step."""

    filmed: int = 12
    voices: int = 24
    events: int = 4


def divergence(logits: Tensor, goal: Tensor) -> Tensor:
    """Mean Kullback-Leibler divergence of ``logits [..., K]`` from the ``goal``'s."""
    logits, goal = (x.float().log_softmax(-1).flatten(0, -2) for x in (logits, goal))
    return functional.kl_div(logits, goal, reduction="batchmean", log_target=True)


def losses(narrow: Mouthpiece, wide: Mouthpiece, mel: Tensor) -> Terms:
    """How ``narrow`` hears ``mel [B, 4 T, 80]``, and moves the plain mouth, otherwise than ``wide``."""
    with torch.no_grad():
        goal, speech, _ = wide.listen(mel, wide.ear_state(len(mel)))
    heard, own, _ = narrow.listen(mel, narrow.ear_state(len(mel)))
    features = functional.binary_cross_entropy_with_logits(
        heard.features.float(), goal.features.float().sigmoid()
    )
    return {
        "phones": divergence(heard.phones, goal.phones),
        "features": 2 * features,
        "bottleneck": functional.mse_loss(heard.bottleneck.float(), goal.bottleneck.float()),
        "events": 0.5 * divergence(heard.events, goal.events),
        "affect": functional.mse_loss(heard.affect.float(), goal.affect.float()),
        "mouth": 0.5 * functional.mse_loss(own[..., :MOUTH_LATENT], speech[..., :MOUTH_LATENT]),
    }


def recover(material: Material, wide: Path, start: Path, path: Path, recipe: Recipe) -> None:
    """Trains the ear and the plain mouth of the narrow model ``start``; writes the checkpoint ``path``."""
    teacher = restore(Mouthpiece, wide).to(recipe.device).requires_grad_(False)
    model = restore(Mouthpiece, start).requires_grad_(False)
    for part in (model.encoder, model.mouth):
        part.requires_grad_(True)
    run = Run(model, recipe, path)
    run.resume()
    rows = Rows()

    def step_losses(step: int) -> Terms:
        rng, generator = recipe.randomness(step)
        drawn = [
            material.speaking.draw(rng, rows.filmed, 1),
            material.voices.draw(rng, rows.voices, 1),
            material.events.draw(rng, rows.events, 1),
        ]
        mel = stack(drawn, "mel")
        mel = torch.where(chosen(AS_RECORDED, len(mel), generator), mel, augment(mel, generator))
        return losses(model, teacher, mel.to(recipe.device))

    run.to_end(step_losses)
