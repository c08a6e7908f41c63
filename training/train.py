"""Trains the first model and exports it: the ear first, then ear, mouth and upper face together.

``python -m mouthpiece.training.train`` resumes from its own checkpoints, at whatever step it was stopped.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .augment import augment
from .corpus.lips import LipReadout
from .dataset import Sampler, Sequence, Utterance, by_performer, load_corpus
from .ear import has_phones, train_ear
from .export import export_checkpoint
from .losses import Lips, articulation_loss, channel_loss, lip_loss, upper_loss, weak_lip_loss
from .model.step import Mouthpiece
from .model.upper import UPPER
from .performers import perform
from .phones import FEATURE_TABLE
from .run import Recipe, Run
from .weak import PhoneToLips, fit

MUTE = -17.0
"""Mean log-mel below which a sequence has no sound (digital silence is -18.4)."""
MIN_CLIPS = 4
"""Filmed speakers with fewer clips do not shape the phone-to-lips targets."""


@dataclass(frozen=True)
class Material:
    """Everything that a step draws from."""

    filmed: Sampler
    voices: Sampler
    lips: Lips
    channel_weight: Tensor
    phone_to_lips: PhoneToLips


def is_filmed(utterance: Utterance) -> bool:
    return len(utterance.channels) > 0


def prepare(utterances: list[Utterance], readout: LipReadout, recipe: Recipe) -> Material:
    """Samplers, statistics and the phone-to-lips targets from the training split."""
    utterances = [u for u in utterances if u.split == "train"]
    filmed = [u for u in utterances if is_filmed(u)]
    voices = [u for u in utterances if has_phones(u)]
    heard = [u for u in filmed if len(u.mel)]
    rebuilt = np.concatenate([readout(np.asarray(u.channels, np.float32)) for u in heard])
    lips = Lips(*(torch.tensor(x, dtype=torch.float32)
                  for x in (readout.matrix, readout.offset, rebuilt.mean(0), rebuilt.std(0))))  # fmt: skip
    variance = np.concatenate([u.channels.astype(np.float32) for u in heard]).var(0)
    labelled = by_performer([u for u in heard if has_phones(u) and np.isfinite(u.gap).any()])
    return Material(
        Sampler(filmed, recipe.ticks),
        Sampler(voices, recipe.ticks),
        lips,
        torch.tensor(0.3 / (variance + 0.03**2), dtype=torch.float32).clamp(max=150.0),
        fit([group for group in labelled.values() if len(group) > MIN_CLIPS]),
    )


def set_face_scale(model: Mouthpiece, utterances: list[Utterance]) -> None:
    """Mean and deviation of the upper face's coordinates over the clips that measured them."""
    filmed = [u for u in utterances if is_filmed(u)]
    face = np.concatenate([u.channels[:, list(UPPER)] for u in filmed]).astype(np.float32)
    face = face @ model.upper.basis.numpy().T
    mask = np.concatenate([np.tile(u.measured[list(UPPER)], (len(u.channels), 1)) for u in filmed])
    mean = (face * mask).sum(0) / mask.sum(0)
    deviation = np.sqrt(((face - mean) ** 2 * mask).sum(0) / mask.sum(0))
    model.upper.mean.copy_(torch.tensor(mean))
    model.upper.deviation.copy_(torch.tensor(np.maximum(deviation, 0.01)))


def adopt_ear(run: Run, ear: Path) -> None:
    """Starts from the encoder of the first stage."""
    saved = torch.load(ear, weights_only=True)["model"]["weights"]
    encoder = {name: value for name, value in saved.items() if name.startswith("encoder.")}
    run.model.load_state_dict(run.model.state_dict() | encoder)
    run.average = {name: value.clone() for name, value in run.model.state_dict().items()}


def leave_one_out_style(
    model: Mouthpiece, batch: Sequence, clips: int, channels: Tensor, mel: Tensor, generator: torch.Generator
) -> Tensor:
    """Style of each row from a random subset of the *other* clips of its group, ``[B, S]``; zero for none."""
    measured = torch.tensor(batch.measured)
    size = len(channels)
    has_audio = (torch.rand((size, 1), generator=generator) < 0.8).float()
    styles = model.style(channels, measured, mel, has_audio).reshape(-1, clips, 1, model.config.style)
    pick = torch.rand((size // clips, clips, clips), generator=generator) < 0.6
    pick &= ~torch.eye(clips, dtype=torch.bool)
    pick &= torch.rand((size // clips, 1, clips), generator=generator) < 0.9
    pick = pick.float()
    count = pick.sum(1).clamp(min=1).unsqueeze(-1)
    return ((styles * pick.unsqueeze(-1)).sum(1) / count).reshape(size, -1)


def losses(model: Mouthpiece, material: Material, recipe: Recipe, step: int) -> dict[str, Tensor]:
    """The weighted terms of step ``step``; everything random is keyed by (seed, step)."""
    rng, generator = recipe.randomness(step)
    filmed = material.filmed.draw(rng, recipe.groups, recipe.clips)
    voices = material.voices.draw(rng, recipe.voices, 1)
    table = torch.tensor(FEATURE_TABLE)
    target = perform(torch.tensor(filmed.channels), recipe.clips, generator)
    clean = torch.tensor(filmed.mel)
    style = leave_one_out_style(model, filmed, recipe.clips, target, clean, generator)
    mel = augment(torch.cat([clean, torch.tensor(voices.mel)]), generator)
    count, total = len(clean), len(mel)
    style = torch.cat([style, style.new_zeros(total - count, style.shape[1])])
    keep = (torch.rand((total, 1, 1), generator=generator) < 0.6).float()
    out = model.hear_and_move(mel, style, keep)
    labels = torch.tensor(np.concatenate([filmed.phones, voices.phones]))
    moved, heard = out["channels"][:count], out["channels"][count:]
    measured = torch.tensor(filmed.measured)
    weak = torch.tensor(np.stack([material.phone_to_lips(row) for row in voices.phones]))
    blur = 0.1 * torch.randn((count, recipe.ticks, len(UPPER)), generator=generator)
    alive = upper_loss(
        model.upper, out["hidden"][:count], target, measured, style[:count], blur,
        torch.tensor(filmed.continuous),
    )  # fmt: skip
    spoken = clean.mean((1, 2))[:, None, None] > MUTE
    lips_target = torch.where(spoken, material.lips(target), torch.nan)
    has_sound = measured * spoken[:, 0]
    return {
        "phones": articulation_loss(out["phones"], out["features"], labels, table),
        "channels": channel_loss(moved, target, has_sound, material.channel_weight),
        "lips": lip_loss(material.lips(moved), lips_target),
        "weak": weak_lip_loss(material.lips(heard), weak),
        "upper": 0.2 * alive,
    }


def train(utterances: list[Utterance], readout: LipReadout, folder: Path, recipe: Recipe) -> None:
    """The joint stage; starts from the ear of the first stage."""
    material = prepare(utterances, readout, recipe)
    run = Run(recipe, folder / "last.pt")
    if not run.resume():
        set_face_scale(run.model, [u for u in utterances if u.split == "train"])
        adopt_ear(run, folder / "ear.pt")
    run.to_end(lambda model, step: losses(model, material, recipe, step))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("build/corpus"))
    parser.add_argument("--out", type=Path, default=Path("build/train"), help="checkpoints and logs")
    parser.add_argument("--weights", type=Path, default=Path("weights"), help="where the export goes")
    parser.add_argument("--ear-steps", type=int, default=1900)
    parser.add_argument("--steps", type=int, default=2700)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    utterances = load_corpus(options.corpus, options.corpus.parent / "features")
    readout = LipReadout.load(options.corpus / "lips.npz")
    train_ear(utterances, options.out, Recipe(steps=options.ear_steps, voices=64))
    train(utterances, readout, options.out, Recipe(steps=options.steps))
    export_checkpoint(options.out / "last.pt", options.corpus, options.weights)


if __name__ == "__main__":
    main()
