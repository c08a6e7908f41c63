"""Augmentation keeps time, virtual performers keep closures."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from mouthpiece.inference.types import CHANNELS, INDEX  # noqa: E402
from mouthpiece.training.augment import augment  # noqa: E402
from mouthpiece.training.performers import perform  # noqa: E402


def test_augmentation_is_causal_and_keyed_by_its_generator() -> None:
    mel = torch.randn(4, 80, 80) - 8
    later = mel.clone()
    later[:, 40:] += 0.01
    first = augment(mel, torch.Generator().manual_seed(1))
    assert torch.equal(first, augment(mel, torch.Generator().manual_seed(1)))
    assert not torch.equal(first, augment(mel, torch.Generator().manual_seed(2)))
    assert first.shape == mel.shape
    assert torch.isfinite(first).all()


def test_a_group_shares_one_manner_and_groups_differ() -> None:
    still = torch.full((8, 10, len(CHANNELS)), 0.3)
    moved = perform(still, clips=4, generator=torch.Generator().manual_seed(4))
    for start in (0, 4):
        torch.testing.assert_close(moved[start : start + 1].expand(4, -1, -1), moved[start : start + 4])
    assert not torch.equal(moved[0], moved[4])


def test_a_closed_jaw_stays_closed_and_head_is_untouched() -> None:
    channels = torch.rand(16, 20, len(CHANNELS))
    channels[:, 5:9, INDEX["jawOpen"]] = 0
    moved = perform(channels, clips=2, generator=torch.Generator().manual_seed(9))
    assert (moved[:, 5:9, INDEX["jawOpen"]] == 0).all()
    assert torch.equal(moved[..., -3:], channels[..., -3:])
    assert ((moved[..., :-3] >= 0) & (moved[..., :-3] <= 1)).all()
