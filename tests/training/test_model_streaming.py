"""Every stateful layer: causal by gradient, the same in pieces as whole, and restorable."""

from __future__ import annotations

from copy import deepcopy

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from torch.nn import functional  # noqa: E402

from mouthpiece.inference.types import INDEX, C  # noqa: E402
from mouthpiece.training.generate import history_of  # noqa: E402
from mouthpiece.training.model.codec import BLOCK, LATENT, MOUTH_LATENT, resting, slow_path  # noqa: E402
from mouthpiece.training.model.config import Config  # noqa: E402
from mouthpiece.training.model.generator import Guide  # noqa: E402
from mouthpiece.training.model.layers import CausalConv, GatedBlock  # noqa: E402
from mouthpiece.training.model.lids import CHANCES  # noqa: E402
from mouthpiece.training.model.normalise import CausalNormaliser  # noqa: E402
from mouthpiece.training.model.step import NOISE, Mouthpiece, past_asked_by, set_temperature  # noqa: E402

TICKS = 20
SMALL = Config(
    conv=32, ear=24, ear_blocks=2, mouth=24, width=32, layers=3, heads=2, window=6, flow=16, style=8
)


@pytest.fixture(scope="module")
def model() -> Mouthpiece:
    torch.manual_seed(3)
    model = Mouthpiece(SMALL).eval()
    model.codec.mean.fill_(0.4)
    model.codec.synthesis.normal_(std=0.02)
    model.codec.analysis.normal_(std=0.5)
    return model


def material(model: Mouthpiece, batch: int = 2):
    generator = torch.Generator().manual_seed(5)
    mel = torch.randn((batch, 4 * TICKS, model.config.mels), generator=generator) * 2 - 8
    noise = torch.randn((batch, TICKS, NOISE), generator=generator)
    values = torch.randn((batch, 5, model.config.value + model.config.deviation), generator=generator)
    guide = Guide(
        torch.randn((batch, model.config.manner), generator=generator), values, torch.zeros(batch, 1, 5)
    )
    return mel, noise, guide


@torch.no_grad()
def run_steps(model: Mouthpiece, mel, noise, guide, state):
    frames, speeches, queries, motions = [], [], [], []
    for tick in range(mel.shape[1] // 4):
        heard, speech, new = model.listen(mel[:, 4 * tick : 4 * tick + 4], state)
        speech = speech[:, 0]
        state = state | new
        query, new = model.ask(speech, state)
        state = state | new
        frame, new = model.move(speech, heard.features.sigmoid(), guide, noise[:, tick], state)
        state = state | new
        made = (frame, speech, query, state["motion"][:, 0])
        for kept, one in zip((frames, speeches, queries, motions), made, strict=True):
            kept.append(one)
    return [torch.stack(kept, 1) for kept in (frames, speeches, queries, motions)], state


torch.manual_seed(11)
LAYERS = [
    (CausalConv(6, 5, 5), 6, 1),
    (CausalConv(6, 5, 4, stride=2), 6, 2),
    (GatedBlock(6), 6, 1),
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


def test_the_scan_has_the_gradient_of_its_loop() -> None:
    from mouthpiece.training.model.layers import LinearScan

    torch.manual_seed(0)
    a, b, h0 = torch.rand(2, 7, 3).double(), torch.randn(2, 7, 3).double(), torch.randn(2, 3).double()
    assert torch.autograd.gradcheck(LinearScan.apply, [x.requires_grad_() for x in (a, b, h0)])


def test_normaliser_ignores_the_future_and_forgives_gain() -> None:
    layer = CausalNormaliser(80)
    x = torch.randn(1, 400, 80) - 8
    changed = x.clone()
    changed[:, 40:] = 3.0
    assert torch.equal(
        layer(x, layer.initial_state(1))[0][:, :40], layer(changed, layer.initial_state(1))[0][:, :40]
    )
    louder, _ = layer(x + 5.0, layer.initial_state(1))
    loud, _ = layer(x + 3.0, layer.initial_state(1))
    shift = (louder - loud)[:, :, :80].abs().mean((0, 2))
    assert shift[-40:].mean() < 0.25 * shift[:4].mean()


def test_normaliser_knows_at_the_first_sound_that_a_recording_is_quiet() -> None:
    layer = CausalNormaliser(80)
    x = torch.cat([torch.full((1, 40, 80), -16.0), torch.randn(1, 80, 80) - 5.3], 1)
    loud, quiet = (layer(x - down, layer.initial_state(1))[0][:, 40:] for down in (0.0, 1.5))
    assert (quiet - loud).abs().mean() < 0.02


def test_normaliser_does_not_take_the_noise_of_a_pause_for_speech() -> None:
    layer = CausalNormaliser(80)
    speech, pause = torch.randn(1, 400, 80) - 6, torch.randn(1, 24_000, 80) - 14
    normal, _ = layer(torch.cat([speech, pause], 1), layer.initial_state(1))
    assert normal[:, -400:, 80].max() < -1


@torch.no_grad()
def test_steps_equal_the_training_pass(model: Mouthpiece) -> None:
    """Given the history that the steps made, whole sequences give the same motion, speech and queries."""
    mel, noise, guide = material(model)
    (_, speeches, queries, motion), _ = run_steps(model, mel, noise, guide, model.initial_state(2))
    _, speech, _ = model.listen(mel, model.ear_state(2))
    torch.testing.assert_close(speech, speeches, atol=1e-5, rtol=1e-4)
    history = history_of(motion, torch.zeros(2, LATENT))
    past = past_asked_by(speeches, history[..., :LATENT])
    asked = model.retriever.keys(speeches, past, torch.ones(2, 4))
    torch.testing.assert_close(asked, queries, atol=1e-5, rtol=1e-4)
    wide = Guide(guide.style, guide.values, guide.biases.expand(-1, TICKS, -1))
    views = tuple(model.generator(speeches, past, wide) for past in (0 * history, history))
    slow, fast, _ = noise.split((LATENT, LATENT, CHANCES), -1)
    before, temperature = torch.zeros(2, LATENT), model.temperature
    rolled = model.generator.roll(views, speech, wide, (slow[:, ::BLOCK], fast), 0, before, temperature)
    torch.testing.assert_close(rolled, motion, atol=1e-4, rtol=1e-4)


def test_steps_do_not_see_the_future(model: Mouthpiece) -> None:
    mel, noise, guide = material(model)
    broken = mel.clone()
    broken[:, 4 * 7 :] = torch.nan
    (clean, *_), _ = run_steps(model, mel, noise, guide, model.initial_state(2))
    (cut, *_), _ = run_steps(model, broken, noise, guide, model.initial_state(2))
    assert torch.equal(clean[:, :7], cut[:, :7])


def test_each_part_of_the_face_shows_its_own_share_of_what_is_drawn() -> None:
    model = Mouthpiece(SMALL)
    model.codec.synthesis.copy_(torch.eye(LATENT, C))
    model.seal.row[3] = 0.4
    set_temperature(model, [[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8]])
    slow = model.temperature[0].tolist()
    assert slow[3] == pytest.approx(0.1)
    assert slow[:3] + slow[4:MOUTH_LATENT] == pytest.approx([0.2] * (MOUTH_LATENT - 1))
    assert slow[MOUTH_LATENT:-3] == pytest.approx([0.3] * (LATENT - MOUTH_LATENT - 3))
    assert model.temperature[1, -3:].tolist() == pytest.approx([0.8] * 3)


def test_the_generator_forgets_what_left_its_window(model: Mouthpiece) -> None:
    """One layer sees `window` ticks; what is older than all layers' windows has no way in."""
    x = torch.randn(1, 40, SMALL.width, requires_grad=True)
    attention = model.generator.layers[0].attention
    attention(x)[:, 30].sum().backward()
    reached = x.grad.abs().sum(-1)[0] > 0
    assert reached[30 - SMALL.window + 1 : 31].all()
    assert not reached[: 30 - SMALL.window + 1].any()
    assert not reached[31:].any()


def test_restored_state_goes_on_alike(model: Mouthpiece) -> None:
    mel, noise, guide = material(model)
    (whole, *_), _ = run_steps(model, mel, noise, guide, model.initial_state(2))
    _, state = run_steps(model, mel[:, :20], noise, guide, model.initial_state(2))
    state = {name: value.clone() for name, value in state.items()}
    (rest, *_), _ = run_steps(model, mel[:, 20:], noise[:, 5:], guide, state)
    assert torch.equal(rest, whole[:, 5:])


def test_style_values_and_noise_each_move_the_face(model: Mouthpiece) -> None:
    mel, noise, guide = material(model)
    frames = run_steps(model, mel, noise, guide, model.initial_state(2))[0][0]
    others = (
        (noise, Guide(0 * guide.style, guide.values, guide.biases)),
        (noise, Guide(guide.style, guide.values.flip(0), guide.biases)),
        (noise.flip(1), guide),
    )
    for changed in others:
        assert not torch.equal(run_steps(model, mel, *changed, model.initial_state(2))[0][0], frames)


def test_keyframes_are_met_and_never_peeked() -> None:
    keyframes = torch.randn(1, 3, LATENT)
    path = slow_path(keyframes, torch.zeros(1, LATENT))
    torch.testing.assert_close(path[:, BLOCK - 1 :: BLOCK], keyframes)
    later = keyframes.clone()
    later[:, 2] += 1
    assert torch.equal(slow_path(later, torch.zeros(1, LATENT))[:, : 2 * BLOCK], path[:, : 2 * BLOCK])


def test_a_seal_lingers_into_the_next_tick(model: Mouthpiece) -> None:
    own = deepcopy(model)
    own.seal.row[INDEX["jawOpen"]] = 0.1
    own.seal.reach.fill_(0.05)
    mel, noise, guide = material(own)
    _, state = run_steps(own, mel[:, :20], noise, guide, own.initial_state(2))
    assert state["sealed"].max() > 0
    rest = (mel[:, 20:24], noise[:, 5:], guide)
    shut, free = (
        run_steps(own, *rest, state | {"sealed": torch.full((2, 1), share)})[0][0] for share in (9.0, 0.0)
    )
    changed = (shut != free).any(0)[0]
    assert changed[INDEX["jawOpen"]] and (shut <= free).all()
    assert not changed[own.seal.opening == 0].any()


@torch.no_grad()
def test_the_mouth_leaves_the_plain_one_as_far_as_references_are_given(model: Mouthpiece) -> None:
    mel, noise, guide = material(model)
    own = deepcopy(model)
    own.generator.detail[-1].weight.normal_()
    set_temperature(own, [[0.0, 0.0, 1.0, 1.0]] * 2)
    _, speech, _ = own.listen(mel, own.ear_state(2))
    nothing_found = torch.full_like(guide.biases, -1e9)
    distances = []
    for given in (0.0, 0.5, 1.0, 2.0):
        style = guide.style.clone()
        style[:, -1] = given
        with_them = Guide(style, guide.values, nothing_found)
        motion = run_steps(own, mel, noise, with_them, own.initial_state(2))[0][-1]
        distances.append((motion - speech[..., : motion.shape[-1]])[..., :MOUTH_LATENT].abs().mean())
    assert distances[0] < 1e-5 < 0.01 < distances[1]
    torch.testing.assert_close(distances[2], 2 * distances[1], rtol=1e-3, atol=0)
    assert distances[3] == distances[2]


@torch.no_grad()
def test_brows_and_eyes_move_about_where_those_of_the_references_rest(model: Mouthpiece) -> None:
    """Nothing else changes where that is elsewhere, in takes as in what is made."""
    mel, noise, guide = material(model)
    moved = guide.style.clone()
    offset = 0.1 * torch.randn(SMALL.rest)
    moved[:, -1 - SMALL.rest : -1] += offset
    (frames, _, queries, motion), _ = run_steps(model, mel, noise, guide, model.initial_state(2))
    (others, *same), _ = run_steps(
        model, mel, noise, Guide(moved, guide.values, guide.biases), model.initial_state(2)
    )
    assert torch.equal(same[1], queries) and torch.equal(same[2], motion)
    inside = (frames > 1e-3) & (frames < 1 - 1e-3) & (others > 1e-3) & (others < 1 - 1e-3)
    expected = (resting(offset) @ model.codec.synthesis).expand_as(frames)
    torch.testing.assert_close((others - frames)[inside], expected[inside], atol=1e-5, rtol=1e-4)

    speech, flags = torch.randn(1, 40, model.config.speech), torch.ones(1, 4)
    take, blinking = torch.randn(1, 40, LATENT), torch.zeros(1, 1)
    low, high = (
        model.retriever(speech, motion, flags, blinking) for motion in (take, take + resting(offset))
    )
    torch.testing.assert_close(high.keys, low.keys)
    torch.testing.assert_close(high.values, low.values)
    told = functional.pad(offset, (SMALL.style + 1, 1)).expand_as(low.styles)
    torch.testing.assert_close(high.styles - low.styles, told, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_imitation_adds_what_the_found_moments_add_and_nothing_without_them(model: Mouthpiece) -> None:
    config, imitation = model.config, model.generator.imitation
    h, style = torch.zeros(1, 3, config.width), torch.zeros(1, config.style)
    values = torch.zeros(1, 4, config.value + config.deviation)
    values[:, 2, config.value :] = 1.0
    sure = torch.full((1, 3, 4), -1e9)
    nothing = imitation(h, Guide(style, values, sure))
    assert not nothing.any()
    sure[..., 2] = 0.0
    added = imitation(h, Guide(style, values, sure))
    assert (added[..., : config.deviation] > 0).all()
    assert not added[..., config.deviation :].any()
