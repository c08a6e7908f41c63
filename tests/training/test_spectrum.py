"""The mouth that hears the spectrum: half of the plain mouth, trained beside an ear that stays as it is."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from mouthpiece.inference.types import INDEX, C  # noqa: E402
from mouthpiece.training import generate, halves, spectrum  # noqa: E402
from mouthpiece.training.corpus.lips import LipReadout  # noqa: E402
from mouthpiece.training.dataset import Sampler, Utterance  # noqa: E402
from mouthpiece.training.generate import adopt_ear, settle  # noqa: E402
from mouthpiece.training.losses import Lips  # noqa: E402
from mouthpiece.training.model.config import Config  # noqa: E402
from mouthpiece.training.model.ear import Ear, PlainMouth  # noqa: E402
from mouthpiece.training.model.encoder import by_ticks  # noqa: E402
from mouthpiece.training.model.step import Mouthpiece  # noqa: E402
from mouthpiece.training.phones import PHONES  # noqa: E402
from mouthpiece.training.run import Recipe, Run, restore  # noqa: E402

SMALL = Config(conv=16, ear=16, ear_blocks=1, mouth=16, spectrum=32, spectrum_blocks=1)
JAW = INDEX["jawOpen"]


def hearing(rows: int, ticks: int) -> tuple[PlainMouth, torch.Tensor, torch.Tensor]:
    """A plain mouth, and the code and the spectrum that it hears."""
    torch.manual_seed(2)
    mouth = PlainMouth(SMALL).eval()
    return mouth, torch.randn(rows, ticks, SMALL.code), torch.randn(rows, ticks, 4 * 81)


@torch.no_grad()
def test_the_plain_mouth_is_the_mean_of_both() -> None:
    mouth, code, sound = hearing(2, 9)
    both, state = mouth(code, sound, mouth.initial_state(2))
    one, _ = mouth.articulation(code, mouth.articulation.initial_state(2))
    other, _ = mouth.spectrum(sound, mouth.spectrum.initial_state(2))
    torch.testing.assert_close(both, (one + other) / 2)
    assert state.keys() == mouth.initial_state(2).keys()


@torch.no_grad()
def test_pieces_equal_the_whole_and_a_restored_state_goes_on() -> None:
    mouth, code, sound = hearing(2, 12)
    whole, end = mouth(code, sound, mouth.initial_state(2))
    state, pieces = mouth.initial_state(2), []
    for here in (slice(0, 1), slice(1, 5), slice(5, 12)):
        state = {name: value.clone() for name, value in state.items()}
        piece, state = mouth(code[:, here], sound[:, here], state)
        pieces.append(piece)
    torch.testing.assert_close(torch.cat(pieces, 1), whole)
    for name, value in end.items():
        torch.testing.assert_close(state[name], value)


def test_it_does_not_hear_the_future() -> None:
    mouth, code, sound = hearing(1, 9)
    sound.requires_grad_()
    mouth(code, sound, mouth.initial_state(1))[0][:, 4].sum().backward()
    assert sound.grad[:, 4].any()
    assert not sound.grad[:, 5:].any()


@torch.no_grad()
def test_some_sequences_sound_as_recorded_and_others_are_disguised(monkeypatch) -> None:
    monkeypatch.setattr(spectrum, "roughen", lambda normal, generator: normal)
    ear, mel = Ear(SMALL), torch.randn(200, 16, 80) - 8
    heard = spectrum.hear(ear, mel, torch.Generator().manual_seed(1))
    normal, _ = ear.encoder.normalise(mel, ear.encoder.normalise.initial_state(200))
    alike = (heard == by_ticks(normal)).flatten(1).all(1)
    assert float(alike.float().mean()) == pytest.approx(spectrum.AS_RECORDED, abs=0.1)


def recording(index: int, filmed: bool) -> Utterance:
    """Loud and at another pitch where the jaw is open; labelled throughout where nobody filmed it."""
    rng, ticks = np.random.default_rng(index), 60
    jaw = np.repeat(rng.random(ticks // 6), 6).astype(np.float32)
    channels = np.zeros((ticks if filmed else 0, C), np.float32)
    if filmed:
        channels[:, JAW] = jaw
    colour = np.where(np.arange(80) < 40, 1.0, -1.0)
    mel = np.repeat(jaw, 4)[:, None] * 4 * colour - 8 + 0.1 * rng.standard_normal((4 * ticks, 80))
    phones = np.full(4 * ticks, -1 if filmed else PHONES.index("a"))
    return Utterance(
        str(index), "set/voice", "en", "train", np.zeros(0, np.int16), mel.astype(np.float16), channels,
        np.full((ticks, 2), np.nan), phones, np.ones(C, np.float32),
    )  # fmt: skip


def test_it_learns_from_filmed_voices_and_the_ear_stays_as_it_is(tmp_path: Path) -> None:
    matrix = torch.zeros(2, C)
    matrix[:, JAW] = torch.tensor([0.2, 0.1])
    material = SimpleNamespace(
        speaking=Sampler([recording(i, True) for i in range(8)], 50),
        voices=Sampler([recording(i, False) for i in range(8, 12)], 50),
        lips=Lips(matrix, torch.zeros(2), torch.tensor([0.1, 0.05]), torch.full((2,), 0.06)),
        channel_weight=torch.ones(C),
        phone_to_lips=lambda phones: torch.full((len(phones), phones.shape[1] // 4, 2), torch.nan),
    )
    torch.manual_seed(4)
    Run(Ear(SMALL), Recipe(steps=1), tmp_path / "ear.pt").save()
    recipe = Recipe(steps=120, ticks=50, warmup=5, rate=1e-2, average=0.8, half=False)
    spectrum.train_spectrum(material, tmp_path / "ear.pt", tmp_path / "mouths.pt", recipe)
    before, after = (restore(Ear, tmp_path / f"{name}.pt") for name in ("ear", "mouths"))
    for name, value in before.state_dict().items():
        assert torch.equal(value, after.state_dict()[name]) == ("spectrum" not in name), name
    clip = recording(99, True)
    mel = torch.tensor(clip.mel.astype(np.float32))[None]
    heard, _ = after.encoder(mel, after.encoder.initial_state(1))
    with torch.no_grad():
        made, _ = after.mouth.spectrum(heard.spectrum, after.mouth.spectrum.initial_state(1))
    assert np.corrcoef(made[0, :, JAW], clip.channels[:, JAW])[0, 1] > 0.8


def test_each_half_is_judged_on_its_own(tmp_path: Path) -> None:
    """Lips that move as one half does are met by it, by the other not, and by the mean in part."""
    torch.manual_seed(6)
    Run(Mouthpiece(SMALL), Recipe(steps=1), tmp_path / "student.pt").save()
    readout = LipReadout(np.eye(2, C, JAW).astype(np.float32), np.zeros(2, np.float32))
    mel = np.random.default_rng(3).standard_normal((160, 80)).astype(np.float32) - 8
    model = restore(Mouthpiece, tmp_path / "student.pt")
    one, other = (readout(half)[:, 0] for half in halves.channels(model, mel))
    rows = halves.figures(tmp_path / "student.pt", readout, {"one": [(mel, one)], "other": [(mel, other)]})
    found = {(row.metric, row.who): row.value for row in rows}
    reads, hears, mean = halves.SHARES
    assert found["one", reads] == pytest.approx(1) == found["other", hears]
    for name, stranger in (("one", hears), ("other", reads)):
        assert found[name, stranger] < found[name, mean] < 1


def test_the_generator_learns_from_the_whole_plain_mouth(tmp_path: Path) -> None:
    """Units are dropped in the second mouth's own training only; the generator hears all of it."""
    Run(Ear(SMALL), Recipe(steps=1), tmp_path / "mouths.pt").save()
    model = Mouthpiece(SMALL).train()
    adopt_ear(model, tmp_path / "mouths.pt")
    mel = torch.randn(1, 16, 80) - 8
    speech = [model.listen(mel, model.ear_state(1))[1] for _ in range(2)]
    assert torch.equal(*speech)
    assert not any(p.requires_grad for part in (model.encoder, model.mouth) for p in part.parameters())


def test_settling_goes_on_from_the_average_and_leaves_the_ear_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(Mouthpiece(SMALL), Recipe(steps=1), tmp_path / "generator.pt")
    run.average = {name: value * 0.5 for name, value in run.average.items()}
    run.save()
    before = restore(Mouthpiece, tmp_path / "generator.pt").state_dict()

    def pull(model: Mouthpiece, *_: object) -> dict[str, torch.Tensor]:
        assert model.training and not (model.encoder.training or model.mouth.training)
        return {"size": sum(p.square().sum() for p in model.parameters())}

    monkeypatch.setattr(generate, "losses", pull)
    material = SimpleNamespace(channel_weight=torch.ones(C))
    settle(
        material, tmp_path / "generator.pt", tmp_path / "settled.pt", Recipe(steps=2, warmup=1, half=False)
    )
    after = restore(Mouthpiece, tmp_path / "settled.pt").state_dict()
    for name, value in before.items():
        if name.startswith(("encoder.", "mouth.")):
            assert torch.equal(after[name], value), name
    moved = (after["retriever.key.0.weight"] - before["retriever.key.0.weight"]).abs()
    assert 0 < moved.max() < 0.01
