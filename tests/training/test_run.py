"""A run that was stopped and resumed ends where an unbroken one does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from mouthpiece.training.model.step import Mouthpiece  # noqa: E402
from mouthpiece.training.run import Recipe, Run, learning_rate  # noqa: E402

RECIPE = Recipe(steps=6, warmup=2)


def losses(model: Mouthpiece, step: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(step)
    x = torch.randn((2, 8, model.config.decoder), generator=generator)
    return {"size": (model.decoder.leave[0](torch.cat([x, x], -1)) - 1).square().mean()}


def test_a_resumed_run_equals_an_unbroken_one(tmp_path: Path) -> None:
    whole = Run(RECIPE, tmp_path / "whole.pt")
    whole.to_end(losses, save_every=3)
    for _ in range(2):
        broken = Run(RECIPE, tmp_path / "parts.pt")
        broken.resume()
        for _ in range(3):
            broken.advance(losses)
        broken.save()
    resumed = Run(RECIPE, tmp_path / "parts.pt")
    assert resumed.resume()
    assert resumed.step == RECIPE.steps
    for name, value in whole.average.items():
        torch.testing.assert_close(resumed.average[name], value, rtol=0, atol=0)
    lines = (tmp_path / "whole.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["step"] for line in lines] == [3, 6]


def test_nothing_to_resume_is_no_error(tmp_path: Path) -> None:
    assert not Run(RECIPE, tmp_path / "none.pt").resume()


def test_the_rate_warms_up_and_fades() -> None:
    recipe = replace(RECIPE, steps=100, warmup=10)
    rates = [learning_rate(recipe, step) for step in range(100)]
    assert rates[0] < rates[5] < rates[10]
    assert rates[10] == max(rates)
    assert rates[-1] < 0.05 * rates[10]
