"""Trains every stage and exports the result: ear, generator with its teachers, narrowed, one-step student.

``python -m mouthpiece.training.train`` resumes from its own checkpoints, at whatever step it was stopped.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

import torch

from .corpus.lips import LipReadout
from .dataset import load_corpus
from .ear import train_ear
from .export import export_checkpoint
from .generate import distil, settle, train_generator
from .material import for_training, prepare
from .model.config import Config
from .narrowing import narrow_generator
from .offline import train_listener
from .recover import recover
from .run import Recipe
from .spectrum import train_spectrum

EAR = Recipe(steps=3400)
SPECTRUM = Recipe(steps=1400, warmup=50, average=0.99, seed=5)
TUTORS = (6, 7)
"""Seeds of other mouths that hear the spectrum, of which the narrow one learns, too."""
GENERATOR = Recipe(steps=2500, seed=4)
NARROW = Recipe(steps=12, seed=13)
RECOVER = Recipe(steps=500, rate=4e-4, warmup=20, average=0.98, seed=17)
SETTLE = Recipe(steps=500, rate=5e-4, warmup=20, average=0.98, seed=11)
STUDENT = Recipe(steps=200, rate=1e-3, warmup=20, average=0.98)
"""What `make train` does; the notebook says how the shipped weights came about."""
LISTENER = Recipe(steps=1000, average=0.995, half=False)
"""How both networks are that tell what hearing the future would be worth; minutes on the processor."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("build/corpus"))
    parser.add_argument("--out", type=Path, default=Path("build/train"), help="checkpoints and logs")
    parser.add_argument("--weights", type=Path, default=Path("weights"), help="where the export goes")
    parser.add_argument("--ear-steps", type=int, default=EAR.steps)
    parser.add_argument(
        "--spectrum-steps", type=int, default=SPECTRUM.steps, help="of each mouth of the spectrum"
    )
    parser.add_argument("--steps", type=int, default=GENERATOR.steps, help="of the generator")
    parser.add_argument("--narrow-steps", type=int, default=NARROW.steps, help="that layers are observed in")
    parser.add_argument("--recover-steps", type=int, default=RECOVER.steps, help="of the narrowed ear")
    parser.add_argument(
        "--settle-steps", type=int, default=SETTLE.steps, help="of the generator at a lower rate"
    )
    parser.add_argument("--distil-steps", type=int, default=STUDENT.steps)
    parser.add_argument(
        "--offline", action="store_true", help="also train an offline baseline and its causal twin"
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    utterances = load_corpus(options.corpus, options.corpus.parent / "features")
    readout = LipReadout.load(options.corpus / "lips.npz")
    ear, spectrum, generator, narrow, recovered, settled, student = (
        replace(recipe, steps=steps, device=options.device)
        for recipe, steps in (
            (EAR, options.ear_steps),
            (SPECTRUM, options.spectrum_steps),
            (GENERATOR, options.steps),
            (NARROW, options.narrow_steps),
            (RECOVER, options.recover_steps),
            (SETTLE, options.settle_steps),
            (STUDENT, options.distil_steps),
        )
    )
    material, out = prepare(utterances, readout, ear.ticks), options.out
    utterances = for_training(utterances)
    train_ear(material, utterances, out / "ear.pt", ear)
    train_spectrum(material, out / "ear.pt", out / "mouths.pt", spectrum)
    tutors = {out / f"mouths_{seed}.pt": replace(spectrum, seed=seed) for seed in TUTORS}
    for path, recipe in tutors.items():
        train_spectrum(material, out / "ear.pt", path, recipe)
    train_generator(material, utterances, out / "mouths.pt", out / "generator.pt", generator)
    narrow_generator(material, out / "generator.pt", out / "narrow.pt", narrow)
    recover(material, out / "generator.pt", list(tutors), out / "narrow.pt", out / "recovered.pt", recovered)
    settle(material, out / "recovered.pt", out / "settled.pt", settled)
    distil(material, out / "settled.pt", out / "student.pt", student)
    export_checkpoint(out / "student.pt", options.corpus, options.weights)
    if options.offline:
        for name, config in (("causal", Config()), ("offline", Config(offline=True))):
            train_listener(material, utterances, out / f"listener_{name}.pt", LISTENER, config)


if __name__ == "__main__":
    main()
