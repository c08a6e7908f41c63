"""The codec rebuilds, the flow learns what it is shown, references never hold the target's recording."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from mouthpiece.inference.types import CHANNELS, C  # noqa: E402
from mouthpiece.training.dataset import Sampler, Utterance  # noqa: E402
from mouthpiece.training.episodes import Rows  # noqa: E402
from mouthpiece.training.events import NONE, event_index, event_labels  # noqa: E402
from mouthpiece.training.model.codec import (  # noqa: E402
    BLOCK,
    LATENT,
    REGIONS,
    MotionCodec,
    keyframe_targets,
    latent_mask,
    slow_path,
)
from mouthpiece.training.model.flow import Flow  # noqa: E402
from mouthpiece.training.references import allowed  # noqa: E402


def motion(ticks: int = 400, seed: int = 0) -> np.ndarray:
    """Smooth channels in the ranges of a face, of few causes."""
    rng = np.random.default_rng(seed)
    time = np.arange(ticks)[:, None] / 25
    causes = np.sin(2 * np.pi * rng.uniform(0.2, 4, 12) * time + rng.uniform(0, 6, 12))
    mixing = 0.08 * np.random.default_rng(9).standard_normal((12, C))
    return (0.5 + causes @ mixing).clip(0.05, 0.95).astype(np.float32)


@pytest.fixture(scope="module")
def codec() -> MotionCodec:
    codec = MotionCodec()
    codec.fit([(motion(), np.ones(C, np.float32))])
    return codec.eval()


def test_the_codec_rebuilds_motion_that_it_was_not_fitted_on(codec: MotionCodec) -> None:
    other = torch.tensor(motion(seed=4))[None]
    back = codec.decode(codec.encode(other, torch.ones(1, C)))
    assert float((back - other).square().mean() / other.var(1).mean()) < 0.02


def test_regions_do_not_leak_into_each_other(codec: MotionCodec) -> None:
    mouth = set(REGIONS[0][0])
    latents = torch.zeros(1, LATENT)
    moved = latents.clone()
    moved[:, : REGIONS[0][1]] = 1.0
    changed = (codec.decode(moved) - codec.decode(latents))[0].abs() > 1e-6
    assert {i for i in range(C) if changed[i]} <= mouth


def test_unmeasured_regions_are_masked(codec: MotionCodec) -> None:
    measured = torch.ones(1, C)
    measured[:, [i for i, name in enumerate(CHANNELS) if name.startswith("head")]] = 0
    mask = latent_mask(measured)[0]
    assert mask[: -REGIONS[2][1]].all()
    assert not mask[-REGIONS[2][1] :].any()


def test_keyframes_carry_what_is_slow(codec: MotionCodec) -> None:
    """A posture that changes once a second or two is met by keyframes alone; a quiver is not."""
    time = torch.arange(200)[None, :, None] / 25
    slow, quick = torch.sin(2 * torch.pi * 0.3 * time), torch.sin(2 * torch.pi * 5 * time)
    for wave, worst in ((slow, 0.3), (quick, None)):
        path = slow_path(keyframe_targets(wave.expand(-1, -1, LATENT)), wave[:, 0].expand(-1, LATENT))
        left = float((path[:, BLOCK:-BLOCK] - wave[:, BLOCK:-BLOCK]).square().mean().sqrt())
        assert left < worst if worst else left > 0.6


def test_a_flow_learns_two_modes_that_a_mean_would_miss() -> None:
    torch.manual_seed(0)
    flow = Flow(1, 2, 64)
    optimiser = torch.optim.Adam(flow.teacher.parameters(), 3e-3)
    condition, mask = torch.zeros(1, 512, 2), torch.ones(1, 512, 1)
    for _ in range(300):
        residual = torch.where(torch.rand(1, 512, 1) < 0.5, -1.0, 1.0)
        loss = flow.loss(residual, mask, condition, torch.randn_like(residual), torch.rand(1, 512, 1))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        drawn = flow.eval().sample(torch.randn(1, 512, 1), condition, 16)
    assert float((drawn.abs() < 0.4).float().mean()) < 0.15
    assert 0.3 < float((drawn > 0).float().mean()) < 0.7


def recording(name: str, performer: str = "a") -> Utterance:
    ticks = 30
    empty = np.zeros((4 * ticks, 80), np.float16)
    return Utterance(
        name, performer, "en", "train", np.zeros(0, np.int16), empty, motion(ticks), np.zeros((ticks, 2)),
        np.zeros(4 * ticks, int), np.ones(C, np.float32),
    )  # fmt: skip


@pytest.mark.parametrize("recordings", [1, 2, 5, 40])
def test_references_never_hold_a_recording_of_the_target(recordings: int) -> None:
    sampler = Sampler([recording(str(i)) for i in range(recordings)], ticks=100)
    for seed in range(20):
        batch = sampler.draw(np.random.default_rng(seed), 2, 4)
        pick = allowed(batch, Rows(2, 4), torch.Generator().manual_seed(seed))
        assert pick.shape == (10, 4)
        for row in range(8):
            for other in range(4):
                if pick[row, other]:
                    shared = np.intersect1d(batch.recordings[row], batch.recordings[row // 4 * 4 + other])
                    assert not len(shared)
    assert recordings < 4 or pick.any()


def test_quiet_parts_of_an_event_are_no_event() -> None:
    mel = np.full((40, 80), -12.0)
    mel[8:20] = -4.0
    labels = event_labels(mel, event_index("lip_smack"))
    assert labels.tolist() == [NONE] * 2 + [event_index("lipSmack")] * 3 + [NONE] * 5
    assert event_index("negative") == NONE
