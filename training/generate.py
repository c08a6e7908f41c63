"""Second stage: retriever and generator on a fixed ear; then the one-step student of its flows.

Each row is one view of the trunk: those that see no past teach the mouth, those that follow the past teach
brows, eyes and head. That past is the captured one, blurred, with its mouth elsewhere and its upper face
disturbed: a face pushed to where it would not go comes back within a second, and so it does when its own
draws lead it astray (noise injection with corrected targets, Laskey et al. 2017). Brows and eyes move about
where those of the references rest, or in the performer's other clips if no reference shows them. Its detail
is asked for along the captured keyframes: along drawn ones it would learn to undo what was drawn. The student
learns in rolled-out histories.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..inference.blinks import LIDS, separate
from .dataset import Utterance, by_performer
from .episodes import Episode, Rows, draw, unmannered
from .losses import channel_loss, lip_loss, rest_loss
from .material import Material
from .model.codec import (
    BLOCK,
    LATENT,
    MOUTH_LATENT,
    keyframe_targets,
    low_pass,
    rest_of,
    resting,
    slow_path,
)
from .model.config import Config
from .model.ear import Ear
from .model.generator import HISTORY
from .model.step import Mouthpiece, set_temperature
from .references import Bank, guide, offered, reference_flags
from .regions import FACE, MOUTH
from .run import Recipe, Run, Terms, restore
from .unfilmed import lent_losses

MOUTH_BLUR, UPPER_BLUR = 0.2, 0.05
"""Noise on the history, so that small errors do not grow; the mouth's is only asked for by queries."""
STRAY = 2.0
"""Largest deviation by which a row's mouth has been elsewhere all along: in silence a mouth that found itself
puckered would find puckered moments, and stay so."""
COLD = 0.3
"""Share of rows that begin as a session does, from nothing."""
DISTURBANCE = 6.0
"""Largest deviation of the offsets that upper faces begin with, in those of the latents; most are small. What
is streamed can stray as far as that, and comes back from where training has been."""
RECOVERY = 25
"""Ticks in which such an offset fades to a third."""
ROLL_STEPS = 4
"""Steps of the teacher while rolling out."""
TEMPERATURE = ((0.05, 0.05, 1.0, 1.0), (0.06, 0.25, 0.2, 0.02))
"""Shares of what is drawn that reach lips, the rest of the mouth, eyes with brows, and head: of keyframes,
and of detail. Sound nearly determines the lips; most of what detail learned to draw is the noise laid over
the past."""
FOLLOWING = 0.5
"""Share of filmed rows that follow the past; the others, and voices, teach the mouth if they have
references."""


def history_of(motion: Tensor, start: Tensor) -> Tensor:
    """``[B, T, L]`` and what was there before, ``[B, L]`` → motion before each tick, newest first, ``[B, T,
    HISTORY L]``."""
    padded = torch.cat([start.unsqueeze(1).expand(-1, HISTORY, -1), motion], 1)
    return torch.cat([padded[:, HISTORY - lag : -lag] for lag in range(1, HISTORY + 1)], -1)


@dataclass(frozen=True)
class Setting:
    """An episode ready for the generator: its bank, the truth's padding to all rows, and fixed noise."""

    episode: Episode
    bank: Bank
    truth: Tensor
    """[B + V, T, L], brows and eyes about where the references' rest, or the performer's elsewhere,
    disturbed; zeros for voices"""
    start: Tensor
    """[B + V, L], the motion before the first tick"""
    before: Tensor
    """[B + V, L], the keyframe before the sequence"""
    follows: Tensor
    """[B + V, 1, 1], 1 where the row sees the past"""
    noise: tuple[Tensor, Tensor]


def disturbance(motion: Tensor, generator: torch.Generator) -> Tensor:
    """Offsets ``[B, T, L]`` of brows, eyes and head, another one for each row, that fade over time."""
    batch, ticks, size = motion.shape
    offset = torch.randn((batch, 1, size), generator=generator) * upper_only("cpu")
    offset = offset * DISTURBANCE * torch.rand((batch, 1, 1), generator=generator) ** 3
    return (offset * torch.exp(-torch.arange(ticks) / RECOVERY).unsqueeze(-1)).to(motion.device)


def setting(model: Mouthpiece, material: Material, recipe: Recipe, rows: Rows, step: int) -> Setting:
    episode = draw(model, material, recipe, rows, step)
    generator = torch.Generator().manual_seed(recipe.seed * 7_000_003 + step)
    flags = reference_flags(episode, rows.clips, generator)
    count, total = len(episode.channels), len(episode.speech)
    follows = (torch.rand((count, 1), generator=generator) < FOLLOWING).float().to(flags.device)
    follows = torch.maximum(follows, 1 - episode.spoken)
    bank, alone = offered(model, episode, rows, flags, follows, generator)
    episode = unmannered(model, episode, alone, flags[:, :3])
    ticks = episode.speech.shape[1]
    cold = (torch.rand((total, 1), generator=generator) < COLD).to(flags.device)
    offset = disturbance(episode.motion, generator) * ~cold[:count, None]
    *_, rest, _ = model.manner(bank.style[:count])
    shown = ~alone.unsqueeze(1) & (flags[:, 1:2] > 0)
    rest = torch.where(shown, rest, rest_elsewhere(model, episode, rows.clips))
    about = episode.motion - resting(rest).unsqueeze(1)
    truth = functional.pad(about + offset, (0, 0, 0, 0, 0, total - count))
    noise = tuple(
        torch.randn((total, length, LATENT), generator=generator).to(flags.device)
        for length in (ticks // BLOCK, ticks)
    )
    return Setting(
        episode,
        bank,
        truth,
        start=torch.where(cold, 0.0, truth[:, 0]),
        before=torch.where(cold, 0.0, low_pass(truth)[:, 0]),
        follows=functional.pad(follows, (0, 0, 0, total - count)).unsqueeze(-1),
        noise=noise,
    )


def rest_elsewhere(model: Mouthpiece, episode: Episode, clips: int) -> Tensor:
    """Where brows and eyes rest as captured in the other ``clips`` of each row's performer, ``[B, R]``."""
    captured = episode.captured
    still = torch.from_numpy(separate(captured.cpu().numpy())[0]).to(captured.device)
    own = rest_of(model.latents(episode.speech[: len(still)], still, episode.measured)).unflatten(
        0, (-1, clips)
    )
    return ((own.sum(1, keepdim=True) - own) / (clips - 1)).flatten(0, 1)


@torch.no_grad()
def roll_out(model: Mouthpiece, scene: Setting, passes: int, steps: int) -> Tensor:
    """History of the model's own making, ``[B + V, T, HISTORY L]``; each pass starts from the last one's."""
    motion, speech = scene.truth, scene.episode.speech
    for _ in range(passes):
        history = history_of(motion, scene.start)
        guided = guide(model, scene.bank, speech, history)
        views = tuple(model.generator(speech, past, guided) for past in (0 * history, history))
        motion = model.generator.roll(
            views, speech, guided, scene.noise, steps, scene.before, model.temperature
        )
    return history_of(motion, scene.start)


def blurred_history(scene: Setting, generator: torch.Generator) -> Tensor:
    """The captured past, never quite exact, so that the generator learns to go on from its own."""
    history = history_of(scene.truth, scene.start)
    mouth = torch.arange(history.shape[-1]) % LATENT < MOUTH_LATENT
    blur = torch.where(mouth, MOUTH_BLUR, UPPER_BLUR) * torch.randn(history.shape, generator=generator)
    stray = torch.randn((len(history), 1, LATENT), generator=generator).repeat(1, 1, HISTORY) * mouth
    stray = STRAY * torch.rand((len(history), 1, 1), generator=generator) * stray
    return history + (blur + stray).to(history.device)


def taught(episode: Episode, follows: Tensor) -> Tensor:
    """Which latents of the filmed rows are asked for, ``[B, 1, L]``: those that were measured and that the
    row's view of the trunk moves."""
    upper = upper_only(episode.mask.device)
    return episode.mask.unsqueeze(1) * torch.where(upper > 0, follows, 1 - follows)


def losses(
    model: Mouthpiece, material: Material, recipe: Recipe, rows: Rows, weights: Tensor, step: int
) -> Terms:
    """The weighted terms of one step of the generator."""
    scene = setting(model, material, recipe, rows, step)
    episode, generator = scene.episode, torch.Generator().manual_seed(recipe.seed * 9_000_011 + step)
    history = blurred_history(scene, generator)
    guided = guide(model, scene.bank, episode.speech, history)
    h = model.generator(episode.speech, history * scene.follows, guided)
    keyframes = model.generator.plan(h[:, ::BLOCK])
    count = len(episode.channels)
    truth, goal = scene.truth[:count], keyframe_targets(scene.truth[:count])
    with torch.no_grad():
        drawn = model.generator.slow_flow.sample(scene.noise[0], h[:, ::BLOCK], ROLL_STEPS)
        passed = keyframes + model.temperature[0] * drawn
        passed[:count] = torch.where(upper_only(passed.device) > 0, goal, passed[:count])
    path = slow_path(passed, scene.before)
    detail, condition = model.generator.refine(h, path, episode.speech, guided)
    mask = taught(episode, scene.follows[:count])
    steady, slow_mask = mask * episode.continuous, mask.expand(-1, goal.shape[1], -1)
    given = torch.where(upper_only(mask.device) > 0, 1.0, guided.given[:count])  # else a mean would be drawn
    moved = (path + detail)[:count]
    lips = material.lips.to(recipe.device)
    shown = model.codec.decode(path + detail)
    speaking = scene.follows[:count, 0, 0] == 0
    spoken, captured = shown[:count][speaking], episode.channels[speaking]
    times = [
        torch.rand((*size, 1), generator=generator).to(recipe.device)
        for size in (goal.shape[:2], moved.shape[:2])
    ]
    fresh = [torch.randn(size, generator=generator).to(recipe.device) for size in (goal.shape, moved.shape)]
    eyes = mask[..., MOUTH_LATENT] * episode.continuous[..., 0]
    flow = model.generator
    return {
        "channels": channel_loss(spoken, captured, episode.measured[speaking], weights),
        "lips": lip_loss(lips(spoken), lips(captured)),
        **lent_losses(shown[count:], episode.lent, episode.phones, material, weights),
        "rest": rest_loss(spoken) + rest_loss(shown[count:]),
        "latents": 0.15 * ((moved - truth).square() * steady).sum() / steady.sum(),
        "keyframes": 0.3 * ((keyframes[:count] - goal).square() * slow_mask).sum() / slow_mask.sum(),
        "slow flow": 0.1 * flow.slow_flow.loss(
            (goal - keyframes[:count]).detach(), slow_mask, h[:count, ::BLOCK], fresh[0], times[0]
        ),
        "fast flow": 0.3 * flow.fast_flow.loss(
            (truth - moved).detach(), steady * given, condition[:count], fresh[1], times[1]
        ),
        "blinks": model.lids.loss(episode.speech[:count], episode.blinks, eyes),
    }  # fmt: skip


def upper_only(device: str | torch.device) -> Tensor:
    """``[1, L]``: 1 for the latents of brows, eyes and head."""
    mask = torch.ones(1, LATENT, device=device)
    mask[:, :MOUTH_LATENT] = 0
    return mask


def of_mouth(weights: Tensor) -> Tensor:
    """Channel weights ``[C]`` without the upper face's."""
    kept = torch.zeros_like(weights)
    kept[list(MOUTH)] = weights[list(MOUTH)]
    return kept


def fit_motion(model: Mouthpiece, utterances: Iterable[Utterance]) -> None:
    """Principal components and blinks of all filmed recordings, and where a face rests of which nothing is
    known."""
    filmed = by_performer([u for u in utterances if len(u.channels)])
    takes = [[(np.asarray(u.channels, np.float32), u.measured) for u in group] for group in filmed.values()]
    model.codec.fit(list(chain(*takes)))
    model.lids.fit([channels for channels, measured in chain(*takes) if measured[list(LIDS)].all()])
    seen = [[channels for channels, measured in group if measured[list(FACE)].all()] for group in takes]
    model.codec.mean[list(FACE)] = torch.from_numpy(usual_rest(group for group in seen if group))


def usual_rest(performers: Iterable[list[np.ndarray]]) -> np.ndarray:
    """Where most faces' brows and eyes rest, ``[FACE]``: the median over ``performers`` of the mean of their
    takes' channels ``[T, C]`` without blinks."""
    still = (np.concatenate([separate(take[None])[0][0] for take in takes]) for takes in performers)
    return np.median([channels[:, list(FACE)].mean(0) for channels in still], 0)


def adopt_ear(model: Mouthpiece, path: Path) -> None:
    """Takes encoder and plain mouth of the first stages and fixes them, with all their units."""
    ear = restore(Ear, path)
    for own, taken in ((model.encoder, ear.encoder), (model.mouth, ear.mouth)):
        own.load_state_dict(taken.state_dict())
    fix_ear(model)


def fix_ear(model: Mouthpiece) -> None:
    """Encoder and plain mouth learn no more, and drop no units."""
    for part in (model.encoder, model.mouth):
        part.requires_grad_(False).eval()


def train_generator(
    material: Material,
    utterances: list[Utterance],
    ear: Path,
    path: Path,
    recipe: Recipe,
) -> None:
    """Trains retriever, generator and the teachers of its flows; writes the checkpoint ``path``."""
    torch.manual_seed(recipe.seed)
    model = Mouthpiece(Config())
    fit_motion(model, utterances)
    model.seal.row.copy_(material.lips.matrix[0])
    adopt_ear(model, ear)
    set_temperature(model, TEMPERATURE)
    learn(model, material, path, recipe)


def settle(material: Material, start: Path, path: Path, recipe: Recipe) -> None:
    """Goes on from the averaged weights of ``start``, at a lower rate; writes the checkpoint ``path``."""
    model = restore(Mouthpiece, start).train()
    fix_ear(model)
    learn(model, material, path, recipe)


def learn(model: Mouthpiece, material: Material, path: Path, recipe: Recipe) -> None:
    run = Run(model, recipe, path)
    run.resume()
    rows, weights = Rows(), of_mouth(material.channel_weight).to(recipe.device)
    run.to_end(lambda step: losses(model, material, recipe, rows, weights, step))


def distillation(model: Mouthpiece, material: Material, recipe: Recipe, rows: Rows, step: int) -> Terms:
    """Where the teacher's many steps lead from the same noise, in the state that the student leads to."""
    with torch.no_grad():
        scene = setting(model, material, recipe, rows, step)
        history = roll_out(model, scene, 1, 0 if step > recipe.steps // 4 else ROLL_STEPS)
        speech = scene.episode.speech
        guided = guide(model, scene.bank, speech, history)
        h = model.generator(speech, history * scene.follows, guided)
        keyframes = model.generator.place(h[:, ::BLOCK], scene.noise[0], 0, model.temperature[0])
        path = slow_path(keyframes, scene.before)
        _, condition = model.generator.refine(h, path, speech, guided)
    terms = {}
    for name, flow, x, given in (
        ("slow", model.generator.slow_flow, scene.noise[0], h[:, ::BLOCK]),
        ("fast", model.generator.fast_flow, scene.noise[1], condition),
    ):
        with torch.no_grad():
            goal = flow.sample(x, given, 16) / flow.scale
        terms[name] = (flow.one_step(x, given) / flow.scale - goal).square().mean()
    return terms


def distil(material: Material, teacher: Path, path: Path, recipe: Recipe) -> None:
    """Trains the students alone, from the averaged weights of ``teacher``; writes the checkpoint ``path``."""
    torch.manual_seed(recipe.seed)
    model = restore(Mouthpiece, teacher)
    model.requires_grad_(False)
    for flow in (model.generator.slow_flow, model.generator.fast_flow):
        flow.student.load_state_dict(flow.teacher.state_dict())
        flow.student.requires_grad_(True)
    run = Run(model, recipe, path)
    run.resume()
    rows = Rows()
    run.to_end(lambda step: distillation(model, material, recipe, rows, step))
