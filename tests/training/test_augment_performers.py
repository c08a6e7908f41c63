"""Augmentation keeps time, virtual performers keep closures."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from mouthpiece.inference.types import CHANNELS, INDEX  # noqa: E402
from mouthpiece.training.augment import augment  # noqa: E402
from mouthpiece.training.model.seal import OPENING  # noqa: E402
from mouthpiece.training.performers import (  # noqa: E402
    HELD,
    Manner,
    habits,
    perform,
    posture,
    static_manner,
    touching,
)
from mouthpiece.training.phones import FEATURES  # noqa: E402


def test_augmentation_is_causal_and_keyed_by_its_generator() -> None:
    mel = torch.randn(4, 80, 80) - 8
    later = mel.clone()
    later[:, 40:] += 0.01
    first = augment(mel, torch.Generator().manual_seed(1))
    assert torch.equal(first, augment(mel, torch.Generator().manual_seed(1)))
    assert not torch.equal(first, augment(mel, torch.Generator().manual_seed(2)))
    assert first.shape == mel.shape
    assert torch.isfinite(first).all()


def heard(rows: int, ticks: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Feature probabilities and a level that rise and fall, alike in every row."""
    time = torch.arange(ticks) / 4
    phase = torch.arange(len(FEATURES))
    features = torch.sigmoid(6 * torch.sin(time[:, None] + phase)).expand(rows, -1, -1)
    return features, torch.sin(time)[None, :, None].expand(rows, -1, -1)


def test_a_group_shares_one_manner_and_groups_differ() -> None:
    still = torch.full((8, 30, len(CHANNELS)), 0.3)
    moved = perform(still, *heard(8, 30), 4, torch.Generator().manual_seed(4), always=True)
    for start in (0, 4):
        torch.testing.assert_close(moved[start : start + 1].expand(4, -1, -1), moved[start : start + 4])
    assert not torch.equal(moved[0], moved[4])


def test_shapes_stay_shapes_and_the_head_is_untouched() -> None:
    channels = torch.rand(16, 40, len(CHANNELS))
    moved = perform(channels, *heard(16, 40), 2, torch.Generator().manual_seed(9), always=True)
    assert torch.equal(moved[..., -3:], channels[..., -3:])
    assert ((moved[..., :-3] >= 0) & (moved[..., :-3] <= 1)).all()


def test_a_static_manner_keeps_closed_lips_closed() -> None:
    channels = torch.rand(16, 20, len(CHANNELS))
    channels[:, 5:9, INDEX["jawOpen"]] = 0
    moved = static_manner(channels, Manner(16, 2, torch.Generator().manual_seed(9)))
    assert (moved[:, 5:9, INDEX["jawOpen"]] == 0).all()


def test_some_performers_hold_brows_and_lids_all_the_time() -> None:
    channels = torch.zeros(200, 3, len(CHANNELS))
    moved = static_manner(channels, Manner(200, 2, torch.Generator().manual_seed(5)))
    assert torch.equal(moved[:, 0], moved[:, -1]) and torch.equal(moved[::2], moved[1::2])
    for name in ("browDown", "browOuterUp", "eyeSquint", "eyeBlink"):
        left, right = (moved[::2, 0, INDEX[name + side]] for side in ("Left", "Right"))
        assert torch.equal(left, right)
        assert 0.3 < (left > 0).float().mean() < 0.7 and 0.2 < left.max() < 0.6


def test_a_performer_who_opens_wide_still_touches_where_lips_touched() -> None:
    row = torch.zeros(len(CHANNELS))
    row[INDEX["jawOpen"]], row[INDEX["mouthClose"]] = 0.35, -0.43
    captured = torch.full((1, 3, len(CHANNELS)), 0.2)
    captured[0, :, INDEX["jawOpen"]] = torch.tensor([0.1, 0.3, 0.8])  # shut, narrow, open
    broad = captured.clone()
    broad[..., INDEX["jawOpen"]] += 0.2
    made = touching(broad, captured, row)
    before, asked, after = ((x @ row)[0] for x in (captured, broad, made))
    assert before[0] < 0 < asked[0] and after[0] == pytest.approx(0, abs=1e-6)
    assert before[1] < after[1] < asked[1]
    assert torch.equal(made[0, 2], broad[0, 2])
    untouched = [i for i in range(len(CHANNELS)) if i not in OPENING]
    assert torch.equal(made[..., untouched], broad[..., untouched])


def test_habits_happen_at_their_sound_and_spare_closures() -> None:
    """What a static average cannot tell: the same channels move at one articulation and not at another."""
    features = torch.zeros(4, 60, len(FEATURES))
    features[:, 10:20, FEATURES.index("rounding")] = 1
    features[:, 40:50, FEATURES.index("rounding")] = 1
    features[:, 40:50, FEATURES.index("lipClosure")] = 1
    channels = torch.full((4, 60, len(CHANNELS)), 0.4)
    moved = habits(channels, features, torch.zeros(4, 60, 1), Manner(4, 2, torch.Generator().manual_seed(2)))
    changed = (moved - channels)[..., INDEX["mouthPucker"]].abs()
    assert changed[:, 12:18].min() > 0.01
    assert changed[:, 25:35].max() < 1e-3
    offset = (moved - channels * (moved / channels)[:, :1])[..., INDEX["jawOpen"]]
    assert offset.abs().max() < 1e-3


def test_a_posture_holds_some_channels_far_out_and_neither_parts_nor_shuts_the_lips() -> None:
    held = posture(Manner(400, 2, torch.Generator().manual_seed(3)))[:, 0]
    assert torch.equal(held[::2] > 0, held[1::2] > 0)
    assert 0.2 < (held[:, list(HELD)] > 0).float().mean() < 0.4
    assert 0.1 < held[held > 0].mean() < 0.4
    assert not held[:, [i for i in range(len(CHANNELS)) if i not in HELD]].any()
    assert not {*OPENING, INDEX["mouthClose"], INDEX["cheekPuff"]} & set(HELD)
