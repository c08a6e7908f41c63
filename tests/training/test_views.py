"""Which rows teach what: disturbed pasts come back, and each view of the trunk answers for its own part."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from mouthpiece.inference.blinks import LIDS  # noqa: E402
from mouthpiece.inference.types import C  # noqa: E402
from mouthpiece.training.episodes import Episode, Rows, unmannered  # noqa: E402
from mouthpiece.training.generate import (  # noqa: E402
    MOUTH_BLUR,
    RECOVERY,
    STRAY,
    UPPER_BLUR,
    blurred_history,
    disturbance,
    history_of,
    rest_elsewhere,
    taught,
    upper_only,
    usual_rest,
)
from mouthpiece.training.model.codec import LATENT, MOUTH_LATENT, MotionCodec  # noqa: E402
from mouthpiece.training.model.generator import HISTORY  # noqa: E402
from mouthpiece.training.model.retrieval import Entries  # noqa: E402
from mouthpiece.training.performers import HELD  # noqa: E402
from mouthpiece.training.references import (  # noqa: E402
    Bank,
    choose,
    estranged,
    gather,
    offered,
    reference_flags,
)
from mouthpiece.training.regions import FACE, HEAD, MOUTH  # noqa: E402


class Plain:
    """A model whose latents are the first channels."""

    def latents(self, speech: torch.Tensor, channels: torch.Tensor, measured: torch.Tensor) -> torch.Tensor:
        return channels[..., :LATENT]


def test_history_is_what_was_before_newest_first() -> None:
    motion = torch.arange(6.0).reshape(1, 6, 1).expand(1, 6, LATENT)
    history = history_of(motion, torch.full((1, LATENT), -1.0)).reshape(1, 6, HISTORY, LATENT)[0, :, :, 0]
    assert history[:, 0].tolist() == [-1, 0, 1, 2, 3, 4]
    assert history[:, 1].tolist() == [-1, -1, 0, 1, 2, 3]


def test_a_disturbed_face_comes_back_and_the_mouth_is_left_alone() -> None:
    offset = disturbance(torch.zeros(4, 100, LATENT), torch.Generator().manual_seed(0))
    assert not offset[..., :MOUTH_LATENT].any()
    upper = offset[..., MOUTH_LATENT:]
    assert upper[:, 0].abs().max() > 0.5
    torch.testing.assert_close(upper[:, RECOVERY], upper[:, 0] * torch.tensor(-1.0).exp())
    assert upper[:, -1].abs().max() < 0.02 * upper[:, 0].abs().max()
    assert not torch.equal(upper[0], upper[1])


def test_the_past_that_queries_hold_has_its_mouth_elsewhere_all_along() -> None:
    scene = SimpleNamespace(truth=torch.zeros(60, 200, LATENT), start=torch.zeros(60, LATENT))
    past = blurred_history(scene, torch.Generator().manual_seed(0)).reshape(60, 200, HISTORY, LATENT)
    steady = past.mean(1)
    mouth, upper = steady[..., :MOUTH_LATENT], steady[..., MOUTH_LATENT:]
    torch.testing.assert_close(mouth[:, 0], mouth[:, -1], atol=0.15, rtol=0)
    far = mouth.std((1, 2))
    assert far.min() < 0.3 * STRAY and 0.8 * STRAY < far.max() < 1.4 * STRAY
    assert upper.abs().max() < UPPER_BLUR
    assert (past - steady.unsqueeze(1))[..., :MOUTH_LATENT].std() == pytest.approx(MOUTH_BLUR, rel=0.05)


def test_each_view_is_asked_for_the_part_that_it_moves() -> None:
    episode = SimpleNamespace(mask=torch.ones(2, LATENT))
    asked = taught(episode, torch.tensor([0.0, 1.0]).reshape(2, 1, 1))[:, 0]
    upper = upper_only("cpu")[0]
    assert torch.equal(asked[0], 1 - upper)
    assert torch.equal(asked[1], upper)


def test_some_performers_give_no_sound_with_any_take() -> None:
    rows, clips = 400, 4
    episode = SimpleNamespace(spoken=torch.ones(rows, 1), measured=torch.ones(rows, C))
    flags = reference_flags(episode, clips, torch.Generator().manual_seed(0))
    assert flags.shape == (rows, 4)
    given = flags[:, 3].reshape(-1, clips)
    assert 0.2 < (given.sum(1) == 0).float().mean() < 0.4
    assert given[given.any(1)].mean() < 0.95


def test_some_performers_show_no_brows_or_no_head_and_all_a_mouth() -> None:
    rows, clips = 400, 4
    episode = SimpleNamespace(spoken=torch.ones(rows, 1), measured=torch.ones(rows, C))
    mouth, *others = reference_flags(episode, clips, torch.Generator().manual_seed(0))[:, :3].unbind(1)
    assert mouth.all()
    for shown in others:
        by_performer = shown.reshape(-1, clips)
        assert torch.equal(by_performer.amin(1), by_performer.amax(1))
        assert 0.1 < (by_performer[:, 0] == 0).float().mean() < 0.3


def test_what_nothing_shows_does_what_was_captured() -> None:
    captured, performed = torch.rand(3, 60, C) / 2, torch.rand(3, 60, C)
    for channels in (captured, performed):
        channels[..., list(LIDS)] = 0.0
    performed[:, 20:23, list(LIDS)] = 0.9
    empty = torch.zeros(0)
    episode = Episode(
        speech=torch.zeros(3, 60, 4), channels=performed, captured=captured, lent=empty, motion=empty,
        blinks=empty, mask=empty, measured=torch.ones(3, C), spoken=empty, continuous=empty, phones=None,
        filmed=None,
    )  # fmt: skip
    shown = torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
    alone = torch.tensor([True, False, False])
    made = unmannered(Plain(), episode, alone, shown)
    assert torch.equal(made.channels[0], captured[0])
    assert torch.equal(made.channels[1], performed[1])
    for channels, expected in ((FACE, captured), (MOUTH, performed), (HEAD, performed)):
        assert torch.equal(made.channels[2][:, list(channels)], expected[2][:, list(channels)])
    assert torch.equal(made.motion[0], captured[0, :, :LATENT])
    assert not made.blinks[0].any() and made.blinks[1].any() and not made.blinks[2].any()


def test_rows_without_a_face_to_follow_move_about_where_the_performers_other_clips_rest() -> None:
    values = torch.tensor([0.1, 0.2, 0.6, 0.3, 0.3, 0.9])
    captured = values[:, None, None].expand(6, 60, C)
    episode = SimpleNamespace(captured=captured, speech=torch.zeros(8, 60, 4), measured=torch.ones(6, C))
    rest = rest_elsewhere(Plain(), episode, clips=3)
    torch.testing.assert_close(rest.mean(1), torch.tensor([0.4, 0.35, 0.15, 0.6, 0.6, 0.3]))
    assert rest.std(1).max() < 1e-6


def test_a_face_of_which_nothing_is_known_rests_as_most_do() -> None:
    """Each performer counts once, and where a face rests is told without its blinks."""

    def take(rest: float, ticks: int) -> np.ndarray:
        channels = np.full((ticks, C), rest, np.float32)
        channels[20:23, list(LIDS)] = 1.0
        return channels

    performers = [[take(0.1, 50)], [take(0.2, 60), take(0.2, 900)], [take(0.7, 40)]]
    np.testing.assert_allclose(usual_rest(performers), 0.2, atol=1e-6)


def test_voices_that_a_manner_is_lent_see_its_groups_references() -> None:
    rows = Rows(groups=3, clips=2)
    entries = Entries(*(torch.randn(6, 5, size) for size in (8, 3, 2)))
    pick = torch.zeros(9, 2, dtype=torch.bool)
    pick[6, 1] = pick[7, 0] = True
    bank = gather(entries, pick, torch.zeros(9, 1, dtype=torch.bool), rows)
    for voice, clip in ((6, 1), (7, 2)):
        assert torch.equal(bank.values[voice][bank.usable[voice]], entries.values[clip])
        assert torch.equal(bank.keys[voice][bank.usable[voice]], entries.keys[clip])
        torch.testing.assert_close(bank.style[voice, :-1], entries.styles[clip, :, :-1].mean(0))
        assert bank.style[voice, -1] == 1
    assert not bank.usable[8].any() and not bank.style[8].any()


def test_a_strange_mouth_is_another_performers_in_a_posture_and_the_upper_face_stays() -> None:
    rows = Rows(groups=2, clips=2)
    codec = MotionCodec()
    codec.fit([(np.random.default_rng(0).uniform(0, 1, (200, C)).astype(np.float32), np.ones(C))])
    motion = torch.randn(4, 30, LATENT)
    strange = estranged(SimpleNamespace(codec=codec), motion, rows, torch.Generator().manual_seed(1))
    assert torch.equal(strange[..., MOUTH_LATENT:], motion[..., MOUTH_LATENT:])
    mouth, others = strange[..., :MOUTH_LATENT], motion.roll(2, 0)[..., :MOUTH_LATENT]
    breadth = mouth.std(1) / others.std(1)
    torch.testing.assert_close(breadth, breadth[:, :1].expand_as(breadth))
    held = mouth - breadth[:, :1, None] * others
    torch.testing.assert_close(held, held[:, :1].expand_as(held), atol=1e-4, rtol=1e-4)
    for group in (held[:2], held[2:]):
        torch.testing.assert_close(group[0], group[1], atol=1e-4, rtol=1e-4)
    channels = held[:, 0] @ codec.synthesis[:MOUTH_LATENT]
    still = [i for i in range(C) if i not in HELD]
    assert channels[:, list(HELD)].amax(1).min() > 0.1
    assert channels[:, still].abs().max() < 1e-3


def test_chosen_rows_see_one_bank_and_the_others_the_other() -> None:
    one, other = (
        Bank(*(torch.full(shape, value) for shape in ((3, 4, 2), (3, 4, 2), (3, 4), (3, 2))))
        for value in (1.0, 2.0)
    )
    seen = choose(torch.tensor([[True], [False], [True]]), one, other)
    for part in (seen.values, seen.keys, seen.usable, seen.style):
        assert [float(row.unique()) for row in part] == [1.0, 2.0, 1.0]


def test_only_rows_that_teach_the_upper_face_see_strange_mouths() -> None:
    rows = Rows(groups=40, clips=2)
    count, total = 80, 120
    motion = torch.randn(count, 10, LATENT)

    def remember(speech: torch.Tensor, shown: torch.Tensor, *_: torch.Tensor) -> Entries:
        return Entries(shown[:, :1], shown[:, :1], shown[:, :1])

    model = SimpleNamespace(codec=MotionCodec(), retriever=remember)
    episode = SimpleNamespace(
        speech=torch.zeros(total, 10, 4),
        motion=motion,
        filmed=SimpleNamespace(recordings=np.arange(count)[:, None]),
    )
    follows = torch.arange(count).remainder(2)[:, None]
    generator = torch.Generator().manual_seed(0)
    bank, alone = offered(model, episode, rows, torch.ones(count, 4), follows, generator)
    own = motion[:, 0].reshape(rows.groups, -1, LATENT)[rows.group()]
    strange = (bank.values != own).flatten(1).any(1)
    assert not strange[:count][follows[:, 0] == 0].any() and not strange[count:].any()
    assert 0.3 < strange[:count][follows[:, 0] == 1].float().mean() < 0.7
    assert torch.equal(bank.values[..., MOUTH_LATENT:], own[..., MOUTH_LATENT:])
    assert alone.shape == (count,) and 0.1 < alone.float().mean() < 0.8
    assert not bank.usable[:count][alone].any()
