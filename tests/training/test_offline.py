"""The baseline that hears the future: it does, its twin does not, and both are of one size."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from mouthpiece.inference.types import C  # noqa: E402
from mouthpiece.training.dataset import Utterance  # noqa: E402
from mouthpiece.training.losses import Lips  # noqa: E402
from mouthpiece.training.model.config import Config  # noqa: E402
from mouthpiece.training.offline import NAMES, PERFORMER, Listener, listeners, train_listener  # noqa: E402
from mouthpiece.training.run import Recipe  # noqa: E402


@pytest.mark.parametrize("offline", [False, True])
def test_only_the_offline_one_hears_what_comes_later(offline: bool) -> None:
    model = Listener(Config(offline=offline)).eval()
    model.usual[1], model.lips[1] = 1.0, 1.0
    mel = torch.randn(1, 80, 80, requires_grad=True)
    model(mel)[0, 9].sum().backward()
    assert mel.grad[0, :40].any()
    assert bool(mel.grad[0, 40:].any()) == offline


def test_both_are_of_one_size() -> None:
    causal, offline = (
        sum(p.numel() for p in Listener(Config(offline=which)).parameters()) for which in (False, True)
    )
    assert causal == pytest.approx(offline, rel=0.02)


def recording(index: int) -> Utterance:
    """Loud where the jaw is open."""
    rng, ticks = np.random.default_rng(index), 60
    jaw = np.repeat(rng.random(ticks // 6), 6).astype(np.float32)
    channels = np.zeros((ticks, C), np.float32)
    channels[:, 0] = jaw
    mel = (np.repeat(jaw, 4)[:, None] * 6 - 8 + 0.1 * rng.standard_normal((4 * ticks, 80))).astype(np.float16)
    return Utterance(
        str(index), PERFORMER + "s1", "en", "train", np.zeros(0, np.int16), mel, channels,
        np.full((ticks, 2), np.nan), np.full(4 * ticks, -1), np.ones(C, np.float32),
    )  # fmt: skip


def test_they_learn_from_one_performers_clips_and_are_found_again(tmp_path: Path) -> None:
    matrix = torch.zeros(2, C)
    matrix[:, 0] = torch.tensor([0.2, 0.1])
    material = SimpleNamespace(
        lips=Lips(matrix, torch.zeros(2), torch.tensor([0.1, 0.05]), torch.full((2,), 0.06))
    )
    clips = [recording(i) for i in range(8)]
    assert listeners(tmp_path) == {}
    for name in ("causal", "offline"):
        recipe = Recipe(steps=40, ticks=50, warmup=5, average=0.8, half=False)
        config = Config(offline=name == "offline")
        train_listener(material, clips, tmp_path / f"listener_{name}.pt", recipe, config)
    made = listeners(tmp_path)
    assert list(made) == list(NAMES.values())
    clip = recording(99)
    for predict in made.values():
        lips = predict(clip)
        assert lips.shape == (60, 2)
        assert np.corrcoef(lips[:, 0], clip.channels[:, 0])[0, 1] > 0.8
