"""Once the generator has learned: large layers as products of two, through the dimensions that they fill.

A frame's time is mostly the way of the weights from memory. What a layer puts out while the model hears
speech and moves varies along few directions, so most of its matrix does nothing that is ever seen (Yu and Wu
2023: features are low-rank, weights are not).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor, nn

from .episodes import Rows
from .generate import ROLL_STEPS, roll_out, setting
from .material import Material
from .model.flow import Flow
from .model.narrow import Narrow, replace
from .model.step import Mouthpiece
from .run import Recipe, restore, write

LOST = 0.01
"""Share of a layer's variance that may be lost."""
SMALLEST = 20_000
"""Weights from which on a layer is worth it."""


class Moments:
    """Mean and covariance of what a layer hears."""

    def __init__(self, size: int) -> None:
        self.count = 0
        self.sum = torch.zeros(size, dtype=torch.float64)
        self.product = torch.zeros(size, size, dtype=torch.float64)

    def add(self, x: Tensor) -> None:
        """``x [..., size]``."""
        rows = x.flatten(0, -2).double().cpu()
        self.count += len(rows)
        self.sum += rows.sum(0)
        self.product += rows.T @ rows

    def mean(self) -> Tensor:
        return self.sum / self.count

    def covariance(self) -> Tensor:
        return self.product / self.count - torch.outer(self.mean(), self.mean())


@contextmanager
def observed(layers: Mapping[str, nn.Linear]) -> Iterator[dict[str, Moments]]:
    """The moments of what ``layers`` hear meanwhile."""
    moments = {name: Moments(layer.in_features) for name, layer in layers.items()}
    hooks = [
        layer.register_forward_pre_hook(lambda _, heard, name=name: moments[name].add(heard[0]))
        for name, layer in layers.items()
    ]
    try:
        yield moments
    finally:
        for hook in hooks:
            hook.remove()


def narrow(layer: nn.Linear, moments: Moments, lost: float) -> nn.Module:
    """``layer`` through as few dimensions as lose a share ``lost`` of its output's variance, or itself where
    they would take no fewer weights. What it puts out on average stays as it is."""
    weight, bias = layer.weight.detach().double().cpu(), layer.bias.detach().double().cpu()
    power, axes = torch.linalg.eigh(weight @ moments.covariance() @ weight.T)
    left_out = power.clamp(min=0).cumsum(0) / power.clamp(min=0).sum()  # the least first
    rank = int((left_out > lost).sum())
    if rank * (layer.in_features + layer.out_features) >= weight.numel():
        return layer
    outer = axes[:, -rank:]
    inner = outer.T @ weight
    made = Narrow(layer.in_features, rank, layer.out_features)
    made.load_state_dict(
        {
            "inner.weight": inner,
            "outer.weight": outer,
            "outer.bias": bias + (weight - outer @ inner) @ moments.mean(),
        }
    )
    return made.to(layer.weight)


def worthwhile(model: nn.Module) -> dict[str, nn.Linear]:
    """The large layers of ``model`` but those of its flows, which the student still has to learn."""
    flows = [name for name, part in model.named_modules() if isinstance(part, Flow)]
    return {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear)
        and layer.bias is not None
        and layer.weight.numel() >= SMALLEST
        and not name.startswith(tuple(flows))
    }


def narrow_layers(model: nn.Module, play: Callable[[], None], lost: float = LOST) -> None:
    """Narrows what is worthwhile by what it hears while ``model`` plays. What hears nothing stays."""
    layers = worthwhile(model)
    with observed(layers) as moments:
        play()
    for name, layer in layers.items():
        if moments[name].count:
            replace(model, name, narrow(layer, moments[name], lost))


@torch.no_grad()
def narrow_generator(material: Material, wide: Path, path: Path, recipe: Recipe) -> None:
    """Narrows the model ``wide`` by ``recipe.steps`` steps' episodes, rolled out by its teacher; writes the
    checkpoint ``path``."""
    model = restore(Mouthpiece, wide).to(recipe.device)

    def play() -> None:
        for step in range(recipe.steps):
            roll_out(model, setting(model, material, recipe, Rows(), step), 1, ROLL_STEPS)

    narrow_layers(model, play)
    write({"config": asdict(model.config), "weights": model.state_dict()}, path)
