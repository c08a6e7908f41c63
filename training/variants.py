"""The trained model with one thing changed, exported to a temporary folder: what ablations run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from ..inference.model import Model
from .export import export
from .generate import TEMPERATURE
from .model.flow import TEACHER_STEPS
from .model.step import Mouthpiece, set_temperature
from .run import restore


@dataclass(frozen=True)
class Variant:
    """What is changed: steps of the teacher (0: the student), the levels shown, how much of what is drawn."""

    teacher_steps: int = 0
    shown: str = "both"
    noise: float = 1.0


TEACHER = Variant(teacher_steps=TEACHER_STEPS)
MEAN = Variant(noise=0.0)
"""The regression: no noise, so nothing is sampled."""
SLOW, FAST = Variant(shown="slow"), Variant(shown="fast")


@contextmanager
def changed(checkpoint: Path, variant: Variant, sealed_as: Model) -> Iterator[Model]:
    """The checkpoint with ``variant``, its lip seal set as in ``sealed_as``."""
    model = restore(Mouthpiece, checkpoint)
    model.teacher_steps, model.shown = variant.teacher_steps, variant.shown
    model.seal.reach.fill_(sealed_as.about["seal"]["reach"])
    model.seal.row.copy_(torch.tensor(sealed_as.about["seal"]["row"]))
    set_temperature(model, [[variant.noise * share for share in level] for level in TEMPERATURE])
    with tempfile.TemporaryDirectory() as folder:
        export(model, Path(folder), "variant", sealed_as.about["usual"])
        yield Model.load(folder)
