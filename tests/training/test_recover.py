"""A narrowed ear learns from the wide one, its mouth from several, and nothing else changes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from mouthpiece.inference.types import C  # noqa: E402
from mouthpiece.training import narrowing  # noqa: E402
from mouthpiece.training.losses import Lips  # noqa: E402
from mouthpiece.training.model.config import Config  # noqa: E402
from mouthpiece.training.model.ear import Ear, PlainMouth  # noqa: E402
from mouthpiece.training.model.step import Mouthpiece  # noqa: E402
from mouthpiece.training.phones import PHONES, UNLABELLED  # noqa: E402
from mouthpiece.training.recover import Chorus, as_loud_as_most, losses, recover  # noqa: E402
from mouthpiece.training.run import Recipe, restore  # noqa: E402

SMALL = Config(conv=16, ear=24, ear_blocks=2, mouth=16, spectrum=16, width=16, layers=1, heads=2, flow=8)
RECIPE = Recipe(steps=150, rate=4e-3, warmup=5, average=0.9, half=False)


class Sounds:
    """Spectra that wander from band to band and never repeat, as many as are asked for, all of one phone."""

    def __init__(self, phone: int = UNLABELLED) -> None:
        self.phone = phone

    def draw(self, rng: np.random.Generator, rows: int, clips: int) -> SimpleNamespace:
        mel = 0.6 * np.cumsum(rng.standard_normal((rows * clips, 80, 80)), 2) - 8
        return SimpleNamespace(mel=mel.astype(np.float32), phones=np.full(mel.shape[:2], self.phone))


def material(phone: int = UNLABELLED) -> SimpleNamespace:
    """Sounds, voices of one ``phone``, and lips that every channel parts."""
    matrix = torch.tensor([[0.02], [0.01]]).expand(2, C)
    lips = Lips(matrix, torch.zeros(2), torch.tensor([0.5, 0.2]), torch.tensor([0.05, 0.02]))
    return SimpleNamespace(speaking=Sounds(), voices=Sounds(phone), events=Sounds(), lips=lips)


def mel(seed: int) -> torch.Tensor:
    return torch.tensor(Sounds().draw(np.random.default_rng(seed), 8, 1).mel)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A wide model's checkpoint, and that of one that lost a good part of its ear."""
    torch.manual_seed(4)
    model = Mouthpiece(SMALL).eval()
    model.codec.fit([(np.random.default_rng(4).random((200, C), np.float32), np.ones(C, bool))])
    paths = tmp_path / "wide.pt", tmp_path / "narrow.pt"
    torch.save({"config": asdict(SMALL), "weights": model.state_dict()}, paths[0])
    monkeypatch.setattr(narrowing, "SMALLEST", 500)
    with torch.no_grad():
        narrowing.narrow_layers(model, lambda: model.listen(mel(0), model.ear_state(8)), lost=0.3)
    torch.save({"config": asdict(SMALL), "weights": model.state_dict()}, paths[1])
    return paths


def tutor(path: Path) -> Path:
    """Another mouth of the spectrum, beside some ear."""
    torch.manual_seed(9)
    torch.save({"config": asdict(SMALL), "weights": Ear(SMALL).state_dict()}, path)
    return path


def test_the_narrow_ear_comes_nearer_to_the_wide_one(models: tuple[Path, Path], tmp_path: Path) -> None:
    wide, narrow = models
    recover(material(), wide, [], narrow, tmp_path / "made.pt", RECIPE)
    teacher, before, after = (restore(Mouthpiece, path) for path in (*models, tmp_path / "made.pt"))
    with torch.no_grad():
        itself, lost, left = (
            losses(model, teacher, mel(1), mel(1), material().lips)[0] for model in (teacher, before, after)
        )
    for name, part in (("phones", 0.9), ("features", 0.9), ("mouth", 1.0)):
        assert left[name] - itself[name] < part * (lost[name] - itself[name])
    for name, value in before.state_dict().items():
        if not name.startswith(("encoder.", "mouth.")):
            assert torch.equal(value, after.state_dict()[name])


@torch.no_grad()
def test_quiet_sound_is_raised_to_the_level_of_most_and_loud_sound_stays(models: tuple[Path, Path]) -> None:
    model = restore(Mouthpiece, models[0])
    usual = model.encoder.normalise.prior_peak
    sounds = usual - torch.tensor([3.0, 0.0, -1.0])[:, None, None] - torch.rand(3, 80, 80)
    raised = as_loud_as_most(model, sounds)
    torch.testing.assert_close(raised[0].mean(-1).max(), usual)
    torch.testing.assert_close(raised[2], sounds[2])
    torch.testing.assert_close(raised.diff(dim=1), sounds.diff(dim=1))


def test_a_recording_is_heard_alike_at_any_level(models: tuple[Path, Path], tmp_path: Path) -> None:
    wide, narrow = models
    recover(material(), wide, [], narrow, tmp_path / "made.pt", RECIPE)
    teacher, before, after = (restore(Mouthpiece, path) for path in (*models, tmp_path / "made.pt"))
    sound, lips = mel(1) - 8, material().lips
    with torch.no_grad():
        lost, left = (losses(model, teacher, sound, sound - 4, lips)[0] for model in (before, after))
    for name in ("phones", "mouth"):
        assert left[name] < 0.8 * lost[name]


@torch.no_grad()
def test_a_chorus_moves_as_its_mouths_do_on_average() -> None:
    mouths = [PlainMouth(SMALL).eval().spectrum for _ in range(3)]
    heard = torch.randn(2, 7, 4 * 81)
    made, _ = Chorus(mouths)(heard, {})
    alone = [mouth(heard, mouth.initial_state(2))[0] for mouth in mouths]
    torch.testing.assert_close(made, sum(alone) / 3)


def test_what_it_learns_lies_between_the_tutors(models: tuple[Path, Path], tmp_path: Path) -> None:
    wide, narrow = models
    made = [tmp_path / f"{name}.pt" for name in ("alone", "taught")]
    for path, tutors in zip(made, ([], [tutor(tmp_path / "tutor.pt")]), strict=True):
        recover(material(), wide, tutors, narrow, path, RECIPE)
    other = restore(Mouthpiece, wide)
    other.mouth.spectrum = restore(Ear, tmp_path / "tutor.pt").mouth.spectrum
    with torch.no_grad():
        alone, taught = (
            losses(restore(Mouthpiece, path), other, mel(1), mel(1), material().lips)[0]["mouth"]
            for path in made
        )
    assert taught < 0.6 * alone


def test_lips_are_asked_to_touch_where_a_p_sounds(models: tuple[Path, Path], tmp_path: Path) -> None:
    wide, narrow = models
    gaps = []
    for phone in (UNLABELLED, PHONES.index("p")):
        given, path = material(phone), tmp_path / f"{phone}.pt"
        recover(given, wide, [], narrow, path, RECIPE)
        model = restore(Mouthpiece, path)
        with torch.no_grad():
            gaps.append(losses(model, model, mel(1), mel(1), given.lips)[1][..., 0])
    free, asked = (gap.amin(1).mean() for gap in gaps)
    assert asked < free - 0.2
