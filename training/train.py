"""Trains every stage and exports the result.

``python -m mouthpiece.training.train`` resumes from its own checkpoints, at whatever step it was stopped.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch

from .corpus.lips import LipReadout
from .dataset import load_corpus
from .ear import train_ear
from .material import for_training, prepare
from .run import Recipe


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("build/corpus"))
    parser.add_argument("--out", type=Path, default=Path("build/train"), help="checkpoints and logs")
    parser.add_argument("--weights", type=Path, default=Path("weights"), help="where the export goes")
    parser.add_argument("--ear-steps", type=int, default=4000)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    utterances = load_corpus(options.corpus, options.corpus.parent / "features")
    readout = LipReadout.load(options.corpus / "lips.npz")
    ear = Recipe(steps=options.ear_steps, device=options.device)
    material = prepare(utterances, readout, ear.ticks)
    train_ear(material, for_training(utterances), options.out / "ear.pt", ear)


if __name__ == "__main__":
    main()
