"""After narrowing: the narrow ear and its mouths learn from wide ones what they have lost.

The mouth of the spectrum learns from the mean of several that learned apart, which errs less than any of them
and costs nothing where it is shown. A mean closes its lips seldom, so that they are also asked to touch.
The wide ones hear each sound at least as loud as most recordings are, the narrow ones at any level.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from .augment import at_any_level, augment, chosen
from .ear import Rows, stack
from .losses import Lips, lip_loss
from .material import Material
from .model.codec import MOUTH_LATENT
from .model.ear import Ear, Mouth
from .model.step import Mouthpiece
from .run import Recipe, Run, Terms, restore
from .spectrum import AS_RECORDED
from .unfilmed import contact_losses

ROWS = Rows(filmed=12, voices=24, events=4)
LIPS_WEIGHT = 0.5
"""How much lips count beside all else that the wide model hears."""


def divergence(logits: Tensor, goal: Tensor) -> Tensor:
    """Mean Kullback-Leibler divergence of ``logits [..., K]`` from the ``goal``'s."""
    logits, goal = (x.float().log_softmax(-1).flatten(0, -2) for x in (logits, goal))
    return functional.kl_div(logits, goal, reduction="batchmean", log_target=True)


class Chorus(nn.Module):
    """What several mouths do on average, each from its initial state; it keeps none."""

    def __init__(self, mouths: Sequence[Mouth]) -> None:
        super().__init__()
        self.mouths = nn.ModuleList(mouths)

    def initial_state(self, batch: int) -> dict[str, Tensor]:
        return {}

    def forward(self, x: Tensor, state: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """``x [B, T, inputs]`` → channels ``[B, T, C]`` and no state."""
        return torch.stack([mouth(x, mouth.initial_state(len(x)))[0] for mouth in self.mouths]).mean(0), {}


def as_loud_as_most(model: Mouthpiece, mel: Tensor) -> Tensor:
    """``mel [B, 4 T, 80]``, whatever is quieter than most recordings raised to their level."""
    usual = model.encoder.normalise.prior_peak
    return mel + (usual - mel.mean(-1).amax(1)).clamp(min=0)[:, None, None]


def losses(
    narrow: Mouthpiece, wide: Mouthpiece, mel: Tensor, shifted: Tensor, lips: Lips
) -> tuple[Terms, Tensor]:
    """How ``narrow`` hears ``shifted [B, 4 T, 80]``, and moves the plain mouth, otherwise than ``wide`` at
    ``mel``, the same at its own level; and its standardised gap and width ``[B, T, 2]``."""
    with torch.no_grad():
        mel = as_loud_as_most(wide, mel)
        goal, speech, _ = wide.listen(mel, wide.ear_state(len(mel)))
        shown = lips(wide.plain(speech))
    heard, own, _ = narrow.listen(shifted, narrow.ear_state(len(mel)))
    moved = lips(narrow.plain(own))
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
        "lips": LIPS_WEIGHT * lip_loss(moved, shown),
    }, moved


def recover(
    material: Material, wide: Path, tutors: Sequence[Path], start: Path, path: Path, recipe: Recipe
) -> None:
    """Trains the ear and the plain mouth of the narrow model ``start`` after the ``wide`` one, whose mouth of
    the spectrum the ``tutors``' join; writes the checkpoint ``path``."""
    teacher = restore(Mouthpiece, wide)
    mouths = [restore(Ear, tutor).mouth.spectrum for tutor in tutors]
    teacher.mouth.spectrum = Chorus([teacher.mouth.spectrum, *mouths])
    teacher.to(recipe.device).requires_grad_(False)
    model = restore(Mouthpiece, start).requires_grad_(False)
    for part in (model.encoder, model.mouth):
        part.requires_grad_(True)
    run = Run(model, recipe, path)
    run.resume()
    lips = material.lips.to(recipe.device)
    spoken = slice(ROWS.filmed, ROWS.filmed + ROWS.voices)

    def step_losses(step: int) -> Terms:
        rng, generator = recipe.randomness(step)
        filmed = material.speaking.draw(rng, ROWS.filmed, 1)
        voices = material.voices.draw(rng, ROWS.voices, 1)
        mel = stack([filmed, voices, material.events.draw(rng, ROWS.events, 1)], "mel")
        mel = torch.where(chosen(AS_RECORDED, len(mel), generator), mel, augment(mel, generator))
        shifted = at_any_level(mel, generator)
        terms, moved = losses(model, teacher, mel.to(recipe.device), shifted.to(recipe.device), lips)
        contacts = contact_losses(moved[spoken, :, 0], voices.phones, lips)
        return terms | {name: LIPS_WEIGHT * term for name, term in contacts.items()}

    run.to_end(step_losses)
