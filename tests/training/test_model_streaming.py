"""Every stateful layer: causal by gradient, the same in pieces as whole, and restorable."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from mouthpiece.training.model.config import Config  # noqa: E402
from mouthpiece.training.model.layers import CausalConv, Recurrent  # noqa: E402
from mouthpiece.training.model.normalise import CausalNormaliser  # noqa: E402
from mouthpiece.training.model.step import Mouthpiece  # noqa: E402
from mouthpiece.training.model.upper import NOISE, UPPER  # noqa: E402

TICKS = 12


@pytest.fixture(scope="module")
def model() -> Mouthpiece:
    torch.manual_seed(3)
    return Mouthpiece(Config()).eval()


def run_steps(model: Mouthpiece, mel, style, noise, state):
    frames = []
    for tick in range(mel.shape[1] // 4):
        frame, _, state = model.step(mel[:, 4 * tick : 4 * tick + 4], style, noise[:, tick], state)
        frames.append(frame)
    return torch.stack(frames, 1), state


def material(model: Mouthpiece, batch: int = 2):
    generator = torch.Generator().manual_seed(5)
    mel = torch.randn((batch, 4 * TICKS, model.config.mels), generator=generator) * 2 - 8
    style = torch.randn((batch, model.config.style), generator=generator)
    return mel, style, torch.randn((batch, TICKS, NOISE), generator=generator)


torch.manual_seed(11)
LAYERS = [
    (CausalConv(6, 5, 5), 6, 1),
    (CausalConv(6, 5, 4, stride=2), 6, 2),
    (Recurrent(6, 5, layers=2), 6, 1),
    (CausalNormaliser(80), 80, 4),
]


@pytest.mark.parametrize(("layer", "inputs", "unit"), LAYERS, ids=lambda x: getattr(type(x), "__name__", x))
def test_pieces_equal_the_whole(layer, inputs: int, unit: int) -> None:
    x = torch.randn(2, 6 * unit, inputs)
    whole, end = layer(x, layer.initial_state(2))
    state, pieces = layer.initial_state(2), []
    for piece in x.split([unit, 2 * unit, 3 * unit], dim=1):
        y, state = layer(piece, state)
        pieces.append(y)
    torch.testing.assert_close(torch.cat(pieces, 1), whole)
    torch.testing.assert_close(state, end)


@pytest.mark.parametrize(
    ("layer", "inputs", "unit"), LAYERS[:3], ids=lambda x: getattr(type(x), "__name__", x)
)
def test_no_gradient_from_the_future(layer, inputs: int, unit: int) -> None:
    torch.manual_seed(3)
    x = torch.randn(1, 6 * unit, inputs, requires_grad=True)
    y, _ = layer(x, layer.initial_state(1))
    y[:, 2].sum().backward()
    assert x.grad[:, : 3 * unit].abs().sum() > 0
    assert x.grad[:, 3 * unit :].abs().sum() == 0


def test_normaliser_ignores_the_future_and_forgives_gain() -> None:
    layer = CausalNormaliser(80)
    x = torch.randn(1, 400, 80) - 8
    changed = x.clone()
    changed[:, 40:] = 3.0
    assert torch.equal(
        layer(x, layer.initial_state(1))[0][:, :40], layer(changed, layer.initial_state(1))[0][:, :40]
    )
    quiet, _ = layer(x - 2.0, layer.initial_state(1))
    loud, _ = layer(x, layer.initial_state(1))
    shift = (quiet - loud)[:, :, :80].abs().mean((0, 2))
    assert shift[-40:].mean() < 0.25 * shift[:4].mean()


def test_steps_equal_the_training_pass(model: Mouthpiece) -> None:
    mel, style, noise = material(model)
    with torch.no_grad():
        stepped, _ = run_steps(model, mel, style, noise, model.initial_state(2))
        trained = model.hear_and_move(mel, style)["channels"]
    mouth = [i for i in range(model.config.channels) if i not in UPPER]
    torch.testing.assert_close(stepped[..., mouth], trained[..., mouth], atol=1e-5, rtol=1e-4)


def test_steps_do_not_see_the_future(model: Mouthpiece) -> None:
    mel, style, noise = material(model)
    broken = mel.clone()
    broken[:, 4 * 7 :] = torch.nan
    with torch.no_grad():
        clean, _ = run_steps(model, mel, style, noise, model.initial_state(2))
        cut, _ = run_steps(model, broken, style, noise, model.initial_state(2))
    assert torch.equal(clean[:, :7], cut[:, :7])


def test_restored_state_goes_on_alike(model: Mouthpiece) -> None:
    mel, style, noise = material(model)
    with torch.no_grad():
        whole, _ = run_steps(model, mel, style, noise, model.initial_state(2))
        _, state = run_steps(model, mel[:, :20], style, noise, model.initial_state(2))
        state = {name: value.clone() for name, value in state.items()}
        rest, _ = run_steps(model, mel[:, 20:], style, noise[:, 5:], state)
    assert torch.equal(rest, whole[:, 5:])


def test_empty_style_leaves_no_trace_and_a_style_moves_the_mouth(model: Mouthpiece) -> None:
    mel, style, _ = material(model)
    with torch.no_grad():
        none = model.hear_and_move(mel, torch.zeros_like(style))["channels"]
        some = model.hear_and_move(mel, style)["channels"]
    assert (none - some).abs().max() > 1e-3


def test_noise_moves_only_the_upper_face(model: Mouthpiece) -> None:
    mel, style, noise = material(model)
    with torch.no_grad():
        one, _ = run_steps(model, mel, style, noise, model.initial_state(2))
        two, _ = run_steps(model, mel, style, noise.flip(1), model.initial_state(2))
    mouth = [i for i in range(model.config.channels) if i not in UPPER]
    assert torch.equal(one[..., mouth], two[..., mouth])
    assert (one - two)[..., list(UPPER)].abs().max() > 1e-3
