"""Linear layers as products of two, through fewer dimensions than either side has."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

INNER = ".inner.weight"


class Narrow(nn.Module):
    """``x [..., inputs]`` → ``[..., outputs]`` by way of ``[..., rank]``."""

    def __init__(self, inputs: int, rank: int, outputs: int) -> None:
        super().__init__()
        self.inner = nn.Linear(inputs, rank, bias=False)
        self.outer = nn.Linear(rank, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.outer(self.inner(x))


def replace(model: nn.Module, name: str, layer: nn.Module) -> None:
    """Puts ``layer`` in the place of the one that ``model`` calls ``name``."""
    owner, _, last = name.rpartition(".")
    setattr(model.get_submodule(owner), last, layer)


def make_room(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Makes those layers of ``model`` narrow of which ``weights`` has the parts."""
    for name in [key.removesuffix(INNER) for key in weights if key.endswith(INNER)]:
        wide, rank = model.get_submodule(name), len(weights[name + INNER])
        replace(model, name, Narrow(wide.in_features, rank, wide.out_features))
