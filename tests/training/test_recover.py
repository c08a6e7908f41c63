"""A narrowed ear learns from the wide one, and nothing else changes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from mouthpiece.training import narrowing  # noqa: E402
from mouthpiece.training.model.config import Config  # noqa: E402
from mouthpiece.training.model.step import Mouthpiece  # noqa: E402
from mouthpiece.training.recover import losses, recover  # noqa: E402
from mouthpiece.training.run import Recipe, restore  # noqa: E402

SMALL = Config(conv=16, ear=24, ear_blocks=2, mouth=16, spectrum=16, width=16, layers=1, heads=2, flow=8)
RECIPE = Recipe(steps=150, rate=4e-3, warmup=5, average=0.9, half=False)


class Sounds:
    """Spectra that wander from band to band and never repeat, as many as are asked for."""

    def draw(self, rng: np.random.Generator, rows: int, clips: int) -> SimpleNamespace:
        mel = 0.6 * np.cumsum(rng.standard_normal((rows * clips, 80, 80)), 2) - 8
        return SimpleNamespace(mel=mel.astype(np.float32))


def mel(seed: int) -> torch.Tensor:
    return torch.tensor(Sounds().draw(np.random.default_rng(seed), 8, 1).mel)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A wide model's checkpoint, and that of one that lost a good part of its ear."""
    torch.manual_seed(4)
    model = Mouthpiece(SMALL).eval()
    model.codec.analysis.normal_(std=0.5)
    paths = tmp_path / "wide.pt", tmp_path / "narrow.pt"
    torch.save({"config": asdict(SMALL), "weights": model.state_dict()}, paths[0])
    monkeypatch.setattr(narrowing, "SMALLEST", 500)
    with torch.no_grad():
        narrowing.narrow_layers(model, lambda: model.listen(mel(0), model.ear_state(8)), lost=0.3)
    torch.save({"config": asdict(SMALL), "weights": model.state_dict()}, paths[1])
    return paths


def test_the_narrow_ear_comes_nearer_to_the_wide_one(models: tuple[Path, Path], tmp_path: Path) -> None:
    wide, narrow = models
    material = SimpleNamespace(speaking=Sounds(), voices=Sounds(), events=Sounds())
    recover(material, wide, narrow, tmp_path / "made.pt", RECIPE)
    teacher, before, after = (restore(Mouthpiece, path) for path in (*models, tmp_path / "made.pt"))
    with torch.no_grad():
        itself, lost, left = (losses(model, teacher, mel(1)) for model in (teacher, before, after))
    for name in ("phones", "features", "mouth"):
        assert left[name] - itself[name] < 0.9 * (lost[name] - itself[name])
    for name, value in before.state_dict().items():
        if not name.startswith(("encoder.", "mouth.")):
            assert torch.equal(value, after.state_dict()[name])
