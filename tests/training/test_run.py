"""A run that was stopped and resumed ends where an unbroken one does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")
from torch.nn import functional  # noqa: E402

from mouthpiece.training.model.config import Config  # noqa: E402
from mouthpiece.training.model.ear import Ear  # noqa: E402
from mouthpiece.training.run import Recipe, Run, learning_rate  # noqa: E402

RECIPE = Recipe(steps=6, warmup=2)


def start(path: Path) -> tuple[Run, Callable[[int], dict[str, torch.Tensor]]]:
    """A run of a small ear, and its losses."""
    torch.manual_seed(0)
    run = Run(Ear(Config(conv=16, ear=16, ear_blocks=1, mouth=16, mouth_blocks=1)), RECIPE, path)

    def losses(step: int) -> dict[str, torch.Tensor]:
        mel = torch.randn((2, 32, 80), generator=torch.Generator().manual_seed(step)) - 8
        return {"size": (functional.dropout(run.model(mel)[1]) - 0.5).square().mean()}

    return run, losses


def test_a_resumed_run_equals_an_unbroken_one(tmp_path: Path) -> None:
    whole, losses = start(tmp_path / "whole.pt")
    whole.to_end(losses, save_every=3)
    for _ in range(2):
        broken, losses = start(tmp_path / "parts.pt")
        broken.resume()
        for _ in range(3):
            broken.advance(losses)
        broken.save()
    resumed, _ = start(tmp_path / "parts.pt")
    assert resumed.resume()
    assert resumed.step == RECIPE.steps
    for name, value in whole.average.items():
        torch.testing.assert_close(resumed.average[name], value, rtol=0, atol=0)
    lines = (tmp_path / "whole.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["step"] for line in lines] == [3, 6]


def test_nothing_to_resume_is_no_error(tmp_path: Path) -> None:
    assert not start(tmp_path / "none.pt")[0].resume()


def test_the_rate_warms_up_and_fades() -> None:
    recipe = replace(RECIPE, steps=100, warmup=10)
    rates = [learning_rate(recipe, step) for step in range(100)]
    assert rates[0] < rates[5] < rates[10]
    assert rates[10] == max(rates)
    assert rates[-1] < 0.05 * rates[10]
