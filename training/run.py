"""One training run: model, running average and optimiser in one resumable file."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from .model.config import Config
from .model.narrow import make_room

Terms = dict[str, Tensor]


@dataclass(frozen=True)
class Recipe:
    """Hyper-parameters of one training run."""

    steps: int
    ticks: int = 100
    rate: float = 2e-3
    warmup: int = 150
    decay: float = 0.01
    average: float = 0.997
    seed: int = 1
    half: bool = True
    """bfloat16 matrix products (about four times as fast where the processor has them)."""
    device: str = "cpu"

    def randomness(self, step: int) -> tuple[np.random.Generator, torch.Generator]:
        """Generators keyed by (seed, step): a resumed run draws what an unbroken one would."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        return np.random.default_rng([self.seed, step]), generator


def learning_rate(recipe: Recipe, step: int) -> float:
    """Linear warm-up, then a half cosine to a fiftieth."""
    if step < recipe.warmup:
        return recipe.rate * (step + 1) / recipe.warmup
    part = (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup)
    return recipe.rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * part)))


class Run:
    """Model, running average and optimiser of one training run, saved and restored as one file."""

    def __init__(self, model: nn.Module, recipe: Recipe, path: Path) -> None:
        self.recipe, self.path = recipe, path
        self.model = model.to(recipe.device)
        trained = [p for p in model.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(trained, recipe.rate, weight_decay=recipe.decay)
        self.average = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.step = 0

    def save(self) -> None:
        saved = {
            "step": self.step,
            "config": asdict(self.model.config),
            "weights": self.average,
            "raw": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        write(saved, self.path)

    def resume(self) -> bool:
        if not self.path.exists():
            return False
        saved = torch.load(self.path, weights_only=True, map_location=self.recipe.device)
        self.model.load_state_dict(saved["raw"])
        self.average = saved["weights"]
        self.optimiser.load_state_dict(saved["optimiser"])
        self.step = saved["step"]
        return True

    def advance(self, losses: Callable[[int], Terms]) -> dict[str, float]:
        """One optimiser step on ``losses(step)``; returns the terms."""
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.recipe, self.step)
        device = torch.device(self.recipe.device).type
        torch.manual_seed(self.recipe.seed * 5_000_011 + self.step)  # units are dropped alike after a resume
        with torch.autocast(device, torch.bfloat16, enabled=self.recipe.half):
            terms = losses(self.step)
        self.optimiser.zero_grad()
        sum(terms.values()).backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        keep = min(self.recipe.average, self.step / (self.step + 10))
        for name, value in self.model.state_dict().items():
            self.average[name].lerp_(value, 1 - keep)
        return {name: float(value.detach()) for name, value in terms.items()}

    def to_end(self, losses: Callable[[int], Terms], save_every: int = 50) -> None:
        """Runs the remaining steps; every ``save_every`` a checkpoint and a line in ``PATH.jsonl``."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        started, terms = time.time(), []
        while self.step < self.recipe.steps:
            terms.append(self.advance(losses))
            if self.step % save_every == 0 or self.step == self.recipe.steps:
                self.save()
                line = {name: round(float(np.mean([t[name] for t in terms])), 4) for name in terms[0]}
                line |= {"step": self.step, "seconds": round(time.time() - started, 1)}
                with open(self.path.with_suffix(".jsonl"), "a", encoding="utf-8") as log:
                    log.write(json.dumps(line) + "\n")
                terms = []


def write(saved: dict, path: Path) -> None:
    """Writes a checkpoint; one that is there stays whole until the new one is."""
    partial = path.with_suffix(".part")
    torch.save(saved, partial)
    os.replace(partial, path)


def restore(model_class: type[nn.Module], path: Path) -> nn.Module:
    """The averaged model of a checkpoint, for evaluation and export."""
    saved = torch.load(path, weights_only=True, map_location="cpu")
    model = model_class(Config(**saved["config"]))
    make_room(model, saved["weights"])
    model.load_state_dict(saved["weights"])
    return model.eval()


def restore_part(module: nn.Module, path: Path, prefix: str) -> nn.Module:
    """``module`` with the averaged weights that a checkpoint keeps under ``prefix``."""
    saved = torch.load(path, weights_only=True, map_location="cpu")["weights"]
    module.load_state_dict(
        {name.removeprefix(prefix): value for name, value in saved.items() if name.startswith(prefix)}
    )
    return module
