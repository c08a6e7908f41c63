"""Layers as products of two: what is heard decides what may be left out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch trains only and is not in this environment")
from torch import nn  # noqa: E402

from mouthpiece.training import narrowing  # noqa: E402
from mouthpiece.training.model.config import Config  # noqa: E402
from mouthpiece.training.model.ear import Mouth  # noqa: E402
from mouthpiece.training.model.narrow import Narrow  # noqa: E402
from mouthpiece.training.narrowing import Moments, narrow, narrow_layers  # noqa: E402
from mouthpiece.training.run import restore  # noqa: E402


def heard(rows: int, size: int, dimensions: int) -> torch.Tensor:
    """What fills ``dimensions`` of ``size``, about a mean."""
    generator = torch.Generator().manual_seed(dimensions)
    axes = torch.randn((dimensions, size), generator=generator)
    return torch.randn((rows, dimensions), generator=generator) @ axes + 3


def moments_of(x: torch.Tensor) -> Moments:
    moments = Moments(x.shape[-1])
    for part in x.split(100):
        moments.add(part.unsqueeze(0))
    return moments


def test_moments_are_mean_and_covariance() -> None:
    x = heard(500, 6, 4)
    moments = moments_of(x)
    torch.testing.assert_close(moments.mean().float(), x.mean(0))
    torch.testing.assert_close(
        moments.covariance().float(), torch.cov(x.T, correction=0), atol=1e-4, rtol=1e-4
    )


def test_a_layer_that_hears_few_dimensions_needs_no_more() -> None:
    torch.manual_seed(0)
    layer, x = nn.Linear(40, 60), heard(400, 40, 5)
    made = narrow(layer, moments_of(x), 0.01)
    assert isinstance(made, Narrow) and made.inner.out_features <= 5
    y, expected = made(x), layer(x)
    torch.testing.assert_close(y.mean(0), expected.mean(0), atol=1e-3, rtol=1e-3)
    lost = (y - expected).square().sum() / (expected - expected.mean(0)).square().sum()
    assert lost <= 0.01


@pytest.mark.parametrize("lost", [0.01, 0.1])
def test_it_loses_as_much_as_it_may_and_no_more(lost: float) -> None:
    torch.manual_seed(1)
    layer, x = nn.Linear(64, 96), heard(2000, 64, 50) * torch.logspace(0, -2, 64)
    made = narrow(layer, moments_of(x), lost)
    expected = layer(x)
    share = (made(x) - expected).square().sum() / (expected - expected.mean(0)).square().sum()
    assert lost / 5 < share <= lost


def test_a_layer_that_hears_all_of_its_dimensions_stays() -> None:
    layer = nn.Linear(30, 30)
    assert narrow(layer, moments_of(torch.randn(2000, 30)), 0.01) is layer


class Mouths(nn.Module):
    """One that plays and one that does not."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.used, self.unused = (Mouth(name, 40, 32, 1, 55) for name in ("used", "unused"))


def test_a_narrow_model_is_restored_from_its_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What hears nothing, or is small, stays as it is."""
    monkeypatch.setattr(narrowing, "SMALLEST", 1500)
    torch.manual_seed(2)
    model, x = Mouths(Config()).eval(), heard(300, 40, 3).unsqueeze(0)
    state = model.used.initial_state(1)
    with torch.no_grad():
        before, _ = model.used(x, state)
        narrow_layers(model, lambda: model.used(x, state))
        after, _ = model.used(x, state)
    torch.testing.assert_close(after, before, atol=0.05, rtol=0.05)
    narrowed = {name for name, part in model.named_modules() if isinstance(part, Narrow)}
    assert narrowed and all(name.startswith("used.") for name in narrowed)
    assert isinstance(model.used.enter, nn.Linear)
    torch.save({"config": asdict(model.config), "weights": model.state_dict()}, tmp_path / "narrow.pt")
    again = restore(Mouths, tmp_path / "narrow.pt")
    assert torch.equal(again.used(x, state)[0], after)
