"""The lip seal closes what the ear hears closed, and the losses ask for what they claim."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from mouthpiece.inference.types import INDEX, C  # noqa: E402
from mouthpiece.training.closure import numbered, vowels  # noqa: E402
from mouthpiece.training.losses import (  # noqa: E402
    Lips,
    calm,
    contact_loss,
    lip_loss,
    parted_loss,
    rest_loss,
    shape_loss,
    weak_lip_loss,
)
from mouthpiece.training.model.seal import (  # noqa: E402
    CLOSURE,
    LEAST,
    SHOWN_HOPS,
    SILENCE,
    SLACK,
    LipSeal,
)
from mouthpiece.training.phones import FEATURES, PHONES  # noqa: E402
from mouthpiece.training.regions import UNSEEN  # noqa: E402
from mouthpiece.training.unfilmed import lent_losses  # noqa: E402


@pytest.fixture
def seal() -> LipSeal:
    layer = LipSeal()
    layer.row[INDEX["jawOpen"]] = 0.35
    layer.row[INDEX["mouthClose"]] = -0.43
    layer.reach.fill_(0.05)
    return layer


def mouth(jaw: float, close: float = 0.0) -> torch.Tensor:
    channels = torch.full((1, C), 0.2)
    channels[:, INDEX["jawOpen"]], channels[:, INDEX["mouthClose"]] = jaw, close
    return channels


def heard(closure: float) -> torch.Tensor:
    features = torch.zeros(1, 4, len(FEATURES))
    features[..., CLOSURE] = closure
    return features


def gap(layer: LipSeal, channels: torch.Tensor) -> float:
    return float((channels * layer.row).sum())


def sealed(layer: LipSeal, channels: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
    """One tick with nothing sealed before it."""
    return layer(channels, features, torch.zeros(1, 1))[0]


def test_a_small_gap_closes_on_a_heard_closure_even_over_an_open_jaw(seal: LipSeal) -> None:
    for channels in (mouth(0.08), mouth(0.4, 0.28)):
        assert gap(seal, channels) > 0.015
        assert gap(seal, sealed(seal, channels, heard(1.0))) < 0.003


def test_without_evidence_nothing_moves(seal: LipSeal) -> None:
    assert torch.equal(sealed(seal, mouth(0.05), heard(0.0)), mouth(0.05))


def test_a_closure_after_the_instant_that_a_frame_shows_is_for_the_next(seal: LipSeal) -> None:
    features = heard(1.0)
    features[:, :SHOWN_HOPS] = 0.0
    assert torch.equal(sealed(seal, mouth(0.05), features), mouth(0.05))
    features[:, SHOWN_HOPS - 1, CLOSURE] = 1.0
    assert gap(seal, sealed(seal, mouth(0.05), features)) < 0.003


def test_only_sure_evidence_closes_a_wide_gap_and_other_channels_are_not_touched(seal: LipSeal) -> None:
    wide = mouth(0.6)
    torch.testing.assert_close(sealed(seal, wide, heard(0.5)), wide, atol=1e-4, rtol=0)
    assert gap(seal, sealed(seal, wide, heard(1.0))) < 0.003
    closed = sealed(seal, mouth(0.08), heard(1.0))
    assert float(closed[0, INDEX["mouthSmileLeft"]]) == pytest.approx(0.2)


def test_more_evidence_never_opens(seal: LipSeal) -> None:
    gaps = [gap(seal, sealed(seal, mouth(0.1), heard(e))) for e in (0.0, 0.25, 0.5, 0.75, 0.9)]
    assert gaps == sorted(gaps, reverse=True)


def test_a_broad_manner_touches_where_the_plain_mouth_does_and_opens_as_it_likes_elsewhere(
    seal: LipSeal,
) -> None:
    speaking, broad = torch.zeros(1, 4, len(FEATURES)), mouth(0.5)
    gaps = [gap(seal, seal.touch(broad, mouth(jaw), speaking)) for jaw in (0.0, 0.03, 0.06, 0.1, 0.4)]
    assert gaps == sorted(gaps)
    assert abs(gaps[0]) < 1e-6 and gap(seal, mouth(0.03)) < gaps[2] < 0.05
    assert torch.equal(seal.touch(broad, mouth(0.4), speaking), broad)
    others = [i for i in range(C) if not seal.opening[i]]
    assert torch.equal(seal.touch(broad, mouth(0.0), speaking)[:, others], broad[:, others])


def test_lips_that_are_as_close_as_the_plain_mouths_stay_as_they_are(seal: LipSeal) -> None:
    speaking, close = torch.zeros(1, 4, len(FEATURES)), mouth(0.2)
    plain = close.clone()
    plain[:, INDEX["jawOpen"]] += 1.1 * SLACK / 0.35
    assert torch.equal(seal.touch(close, plain, speaking), close)


def test_how_a_mouth_rests_is_the_manners(seal: LipSeal) -> None:
    silent, parted = torch.zeros(1, 4, len(FEATURES)), mouth(0.3)
    silent[..., SILENCE] = 1.0
    assert torch.equal(seal.touch(parted, mouth(0.0), silent), parted)
    silent[:, 2, SILENCE] = 0.1  # a sound within the tick
    assert abs(gap(seal, seal.touch(parted, mouth(0.0), silent))) < 1e-6


def test_sealed_lips_part_more_slowly_than_they_meet(seal: LipSeal) -> None:
    wide, share, gaps = mouth(0.4), torch.zeros(1, 1), []
    for closure in (0.0, 1.0, 0.0, 0.0, 0.0, 0.0):
        channels, share = seal(wide, heard(closure), share)
        gaps.append(gap(seal, channels))
    assert gaps[0] == pytest.approx(gap(seal, wide)) and gaps[1] < 0.003
    assert gaps[1:] == sorted(gaps[1:])
    assert 0.5 * gaps[0] < gaps[2] < 0.8 * gaps[0] < gaps[3]
    assert gaps[-1] == pytest.approx(gaps[0], rel=0.02)


def test_lips_press_most_where_they_were_closest(seal: LipSeal) -> None:
    gaps = [gap(seal, sealed(seal, mouth(jaw, 0.28), heard(1.0))) for jaw in (0.36, 0.39, 0.42, 0.8)]
    assert gaps[0] < gaps[1] < gaps[2] < 0
    assert gaps[3] == pytest.approx(-LEAST, abs=1e-4)


def test_lip_loss_weighs_shut_lips_more_and_skips_the_unknown() -> None:
    target = torch.zeros(1, 10, 2)
    shut = target.clone()
    shut[..., 0] = -1.2
    assert lip_loss(shut + 0.3, shut) > lip_loss(target + 0.3, target)
    unknown = torch.full((1, 10, 2), torch.nan)
    assert lip_loss(target, unknown) == 0


def test_weak_loss_wants_timing_not_amount() -> None:
    target = torch.sin(torch.arange(60.0))[None, :, None].expand(1, 60, 2)
    later = torch.roll(target, 3, dims=1)
    assert weak_lip_loss(0.5 * target, target) < 0.1
    assert weak_lip_loss(later, target) > 0.5
    assert shape_loss(0.5 * target + 2, target) < 0.01
    assert shape_loss(later, target) > 0.5


def test_lips_must_touch_at_some_moment_of_every_closure_and_nowhere_else() -> None:
    a, m, b = (PHONES.index(phone) for phone in ("a", "m", "b"))
    phones = torch.full((2, 40), a).numpy()
    phones[0, 4:13], phones[0, 24:30], phones[1, 6:10] = m, b, m
    closures = torch.from_numpy(numbered(phones))
    assert closures[0].tolist() == [-1, 0, 0, 0, -1, -1, 1, 1, -1, -1]
    assert closures[1].tolist() == [-1, 2, 2, -1, -1, -1, -1, -1, -1, -1]
    open_lips, contact = torch.ones(2, 10), torch.tensor(-1.0)
    touching = open_lips.clone()
    touching[0, 2] = touching[0, 7] = touching[1, 1] = -1.2
    assert contact_loss(touching, closures, contact) == 0
    assert contact_loss(open_lips, closures, contact) > 0
    once = touching.clone().requires_grad_()
    once.data[0, 7] = 0.5
    contact_loss(once, closures, contact).backward()
    assert once.grad.nonzero().tolist() == [[0, 7]]
    assert contact_loss(open_lips, torch.full((2, 10), -1), contact) == 0


def test_lips_that_come_near_in_a_vowel_cost_and_those_apart_do_not() -> None:
    a, m = (PHONES.index(phone) for phone in ("a", "m"))
    phones = torch.full((1, 24), a).numpy()
    phones[0, 6:9], phones[0, 20] = m, -1
    mask = torch.from_numpy(vowels(phones))
    assert mask[0].tolist() == [True, False, False, True, True, False]
    contact, gap = torch.tensor(-1.0), torch.ones(1, 6)
    gap[~mask] = -2.0
    assert parted_loss(gap, mask, contact) == 0
    gap[0, 0] = -0.9
    assert parted_loss(gap, mask, contact) > 0
    assert parted_loss(gap, torch.zeros_like(mask), contact) == 0


def test_a_lent_manner_is_followed_and_closures_asked_for_beside_it() -> None:
    matrix = torch.zeros(2, C)
    matrix[0, INDEX["jawOpen"]], matrix[1, INDEX["mouthStretchLeft"]] = 1.0, 1.0
    lips = Lips(matrix, torch.zeros(2), torch.full((2,), 0.2), torch.full((2,), 0.1))
    material, weights = SimpleNamespace(lips=lips), torch.ones(C)
    phones = torch.full((1, 24), PHONES.index("a")).numpy()
    manner = torch.full((1, 6, C), 0.3)
    same = lent_losses(manner, manner, phones, material, weights)
    assert same["lent"] == same["lent contact"] == 0
    assert lent_losses(manner, 2 * manner, phones, material, weights)["lent"] > 0
    hidden = manner.clone()
    hidden[..., INDEX[UNSEEN[0]]] = 0.9
    assert lent_losses(hidden, manner, phones, material, weights)["lent"] == 0
    phones[0, 8:11] = PHONES.index("m")
    assert lent_losses(manner, manner, phones, material, weights)["lent contact"] > 0


def test_what_nobody_measured_costs_unless_it_rests() -> None:
    channels = torch.rand(1, 10, C)
    unseen = [INDEX[name] for name in UNSEEN]
    channels[..., unseen] = 0.0
    assert rest_loss(channels) == 0
    for index in unseen:
        moving = channels.clone()
        moving[..., index] = 0.3
        assert rest_loss(moving) > 0.1


def test_calming_smooths_the_head_and_keeps_the_lids() -> None:
    channels = torch.rand(1, 50, C)
    calmed = calm(channels)
    yaw, lid = INDEX["headYaw"], INDEX["eyeBlinkLeft"]
    assert calmed[..., yaw].diff().abs().mean() < 0.5 * channels[..., yaw].diff().abs().mean()
    assert torch.equal(calmed[..., lid], channels[..., lid])
