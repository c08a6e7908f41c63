"""Second stage: retriever and generator on a fixed ear; then the one-step student of its flows.

The history is the captured one, blurred, so that the generator learns to go on from its own slightly wrong
past. The upper face's own draw would be another truth than the captured one; the mouth does not look at any
past. The student learns in rolled-out histories.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .dataset import Utterance
from .episodes import Episode, Rows, allowed, draw, reference_flags
from .losses import channel_loss, lip_loss, weak_lip_loss
from .material import Material
from .model.codec import (
    BLOCK,
    LATENT,
    MOUTH_LATENT,
    MotionCodec,
    keyframe_targets,
    low_pass,
    slow_path,
)
from .model.config import Config
from .model.ear import Ear
from .model.generator import HISTORY, Guide
from .model.retrieval import Entries, delayed
from .model.step import Mouthpiece, set_temperature
from .precision import full_precision
from .run import Recipe, Run, Terms, restore

TOP = 31
"""Entries that a query retrieves; with the null entry a full vector."""
NO_REFERENCES, STATIC_ONLY = 0.15, 0.25
"""Shares of rows that see no reference, and only the average style."""
MOUTH_BLUR, UPPER_BLUR = 0.2, 0.03
"""Noise on the history, so that small errors do not grow; the mouth's is only asked for by queries."""
ROLL_STEPS = 4
"""Steps of the teacher while rolling out."""
UPPER_TEMPERATURE = 0.6
"""Share of what is drawn that reaches brows, eyes and head; all of it made them restless."""
MOUTH_TEMPERATURE = 0.1
"""Share of the noise that reaches the lips, which sound determines nearly."""
FOLLOWING = 0.5
"""Share of rows that see a past at all: the view that moves the mouth sees none."""
FAR = -1e9


def history_of(motion: Tensor) -> Tensor:
    """``[B, T, L]`` → motion before each tick, newest first, ``[B, T, HISTORY L]``."""
    return torch.cat([delayed(motion, lag + 1) for lag in range(HISTORY)], -1)


@dataclass(frozen=True)
class Bank:
    """Rows' references: ``values [B, E, V]``, ``keys [B, E, K]``, ``usable [B, E]``, ``style [B, S]``."""

    values: Tensor
    keys: Tensor
    usable: Tensor
    style: Tensor


@full_precision
def gather(entries: Entries, pick: Tensor, clips: int, extra: int, generator: torch.Generator) -> Bank:
    """Every row's bank from its group's entries and ``pick [B, clips]``; ``extra`` rows have none."""
    count, each = entries.keys.shape[:2]

    def pooled(x: Tensor) -> Tensor:
        group = x.reshape(count // clips, clips * each, -1).repeat_interleave(clips, 0)
        return torch.cat([group, group.new_zeros(extra, *group.shape[1:])])

    mode = torch.rand((count, 1), generator=generator).to(pick.device)
    pick = pick & (mode > NO_REFERENCES)
    usable = pick.repeat_interleave(each, 1)
    usable = torch.cat([usable, usable.new_zeros(extra, usable.shape[1])])
    share = usable.float() / usable.sum(1, keepdim=True).clamp(min=1)
    style = torch.einsum("be,bes->bs", share, pooled(entries.styles).float())
    static_only = torch.cat([mode < NO_REFERENCES + STATIC_ONLY, mode.new_zeros(extra, 1).bool()])
    return Bank(pooled(entries.values), pooled(entries.keys), usable & ~static_only, style)


@full_precision
def similarity(query: Tensor, keys: Tensor) -> Tensor:
    return query @ keys.transpose(1, 2)


def guide(model: Mouthpiece, bank: Bank, code: Tensor, history: Tensor) -> Guide:
    """Retrieves the ``TOP`` entries of each tick; scores become biases of the attention."""
    flags = code.new_ones(len(code), 4)
    query = model.retriever.keys(code, history[..., :LATENT], flags)
    scores = similarity(query, bank.keys).masked_fill(~bank.usable.unsqueeze(1), -2.0)
    if scores.shape[-1] > TOP:
        least = scores.detach().topk(TOP, -1).values[..., -1:]
        scores = scores.masked_fill(scores < least, -2.0)
    biases = torch.where(scores < -1, FAR, scores * model.retriever.score_scale())
    return Guide(bank.style, bank.values, biases)


def temperature_of(size: tuple[int, ...], mouth: float | Tensor, device: str) -> Tensor:
    scale = torch.ones(size, device=device)
    scale[..., :MOUTH_LATENT] = mouth
    return scale


@dataclass(frozen=True)
class Setting:
    """An episode ready for the generator: its bank, the truth's padding to all rows, and fixed noise."""

    episode: Episode
    bank: Bank
    truth: Tensor
    """[B + V, T, L], zeros for voices"""
    before: Tensor
    """[B + V, L], the keyframe before the sequence"""
    noise: tuple[Tensor, Tensor]


def no_guide(model: Mouthpiece, rows: int, ticks: int, device: str | torch.device) -> Guide:
    """What an empty bank offers."""
    size = model.config
    return Guide(
        torch.zeros(rows, size.style, device=device),
        torch.zeros(rows, 1, size.value + size.deviation, device=device),
        torch.full((rows, ticks, 1), FAR, device=device),
    )


@torch.no_grad()
def generic_motion(model: Mouthpiece, code: Tensor) -> Tensor:
    """Latents ``[B, T, L]``: the mouth that the model alone makes of ``code [B, T, A]``, nothing drawn."""
    guide = no_guide(model, len(code), code.shape[1], code.device)
    past = code.new_zeros(*code.shape[:2], HISTORY * LATENT)
    h = model.generator(code, past, guide)
    path = slow_path(model.generator.plan(h), past[:, 0, :LATENT])
    return path + model.generator.refine(h, path, guide)[0]


def setting(model: Mouthpiece, material: Material, recipe: Recipe, rows: Rows, step: int) -> Setting:
    episode = draw(model, material, recipe, rows, step)
    generator = torch.Generator().manual_seed(recipe.seed * 7_000_003 + step)
    flags = reference_flags(episode, generator)
    count, total = len(episode.channels), len(episode.code)
    generic = generic_motion(model, episode.code[:count])
    entries = model.retriever(episode.code[:count] * flags[:, None, 3:], episode.motion, generic, flags)
    pick = allowed(episode.filmed, rows.clips, generator).to(flags.device)
    bank = gather(entries, pick, rows.clips, total - count, generator)
    ticks = episode.code.shape[1]
    truth = functional.pad(episode.motion, (0, 0, 0, 0, 0, total - count))
    cold = (torch.rand((total, 1), generator=generator) < 0.3).to(flags.device)
    before = torch.where(cold, 0.0, functional.pad(low_pass(episode.motion)[:, 0], (0, 0, 0, total - count)))
    noise = tuple(
        torch.randn((total, length, LATENT), generator=generator).to(flags.device)
        for length in (ticks // BLOCK, ticks)
    )
    return Setting(episode, bank, truth, before, noise)


@torch.no_grad()
def roll_out(model: Mouthpiece, scene: Setting, passes: int, steps: int, mouth: float | Tensor) -> Tensor:
    """History of the model's own making, ``[B + V, T, HISTORY L]``; each pass starts from the last one's."""
    motion = scene.truth
    noise = tuple(n * temperature_of(tuple(n.shape), mouth, n.device) for n in scene.noise)
    for _ in range(passes):
        history = history_of(motion)
        guided = guide(model, scene.bank, scene.episode.code, history)
        views = [model.generator(scene.episode.code, past, guided) for past in (0 * history, history)]
        motion = model.generator.roll(tuple(views), guided, noise, steps, scene.before)
    return history_of(motion)


def blurred_history(scene: Setting, generator: torch.Generator) -> Tensor:
    """The captured past, never quite exact, so that the generator learns to go on from its own."""
    history = history_of(scene.truth)
    mouth = torch.arange(history.shape[-1]) % LATENT < MOUTH_LATENT
    blur = torch.where(mouth, MOUTH_BLUR, UPPER_BLUR) * torch.randn(history.shape, generator=generator)
    seen = torch.rand((len(history), 1, 1), generator=generator) < FOLLOWING
    return (history + blur.to(history.device)) * seen.to(history.device)


def losses(
    model: Mouthpiece, material: Material, recipe: Recipe, rows: Rows, weights: Tensor, step: int
) -> Terms:
    """The weighted terms of one step of the generator."""
    scene = setting(model, material, recipe, rows, step)
    episode, generator = scene.episode, torch.Generator().manual_seed(recipe.seed * 9_000_011 + step)
    history = blurred_history(scene, generator)
    guided = guide(model, scene.bank, episode.code, history)
    h = model.generator(episode.code, history, guided)
    keyframes = model.generator.plan(h)
    with torch.no_grad():
        noise = scene.noise[0] * temperature_of(tuple(scene.noise[0].shape), MOUTH_TEMPERATURE, h.device)
        drawn = model.generator.slow_flow.sample(noise, h[:, ::BLOCK], ROLL_STEPS)
    path = slow_path(keyframes.detach() + drawn, scene.before)
    detail, condition = model.generator.refine(h, path, guided)
    count = len(episode.channels)
    mask = episode.mask.unsqueeze(1) * torch.where(episode.spoken > 0, 1.0, upper_only(h.device)).unsqueeze(1)
    steady = mask * episode.continuous
    goal = keyframe_targets(episode.motion)
    slow_mask = mask.expand(-1, goal.shape[1], -1)
    moved = (path + detail)[:count]
    lips = material.lips.to(recipe.device)
    shown = model.codec.decode(path + detail)
    has_sound = episode.measured * episode.spoken
    lips_target = torch.where(episode.spoken.unsqueeze(1) > 0, lips(episode.channels), torch.nan)
    weak = torch.tensor(np.stack([material.phone_to_lips(r) for r in episode.phones]), device=recipe.device)
    times = [
        torch.rand((*size, 1), generator=generator).to(recipe.device)
        for size in (goal.shape[:2], moved.shape[:2])
    ]
    fresh = [torch.randn(size, generator=generator).to(recipe.device) for size in (goal.shape, moved.shape)]
    flow = model.generator
    return {
        "channels": channel_loss(shown[:count], episode.channels, has_sound, weights),
        "lips": lip_loss(lips(shown[:count]), lips_target),
        "weak": 0.7 * weak_lip_loss(lips(shown[count:]), weak),
        "latents": 0.15 * ((moved - episode.motion).square() * steady).sum() / steady.sum(),
        "keyframes": 0.3 * ((keyframes[:count] - goal).square() * slow_mask).sum() / slow_mask.sum(),
        "slow flow": 0.1 * flow.slow_flow.loss(
            (goal - keyframes[:count]).detach(), slow_mask, h[:count, ::BLOCK], fresh[0], times[0]
        ),
        "fast flow": 0.3 * flow.fast_flow.loss(
            (episode.motion - moved).detach(), steady.expand_as(moved), condition[:count], fresh[1], times[1]
        ),
    }  # fmt: skip


def upper_only(device: str | torch.device) -> Tensor:
    """``[1, L]``: a take without sound says nothing about how a mouth follows sound."""
    mask = torch.ones(1, LATENT, device=device)
    mask[:, :MOUTH_LATENT] = 0
    return mask


def fit_codec(codec: MotionCodec, utterances: Iterable[Utterance]) -> None:
    """Principal components of all filmed recordings."""
    codec.fit([(np.asarray(u.channels, np.float32), u.measured) for u in utterances if len(u.channels)])


def adopt_ear(model: Mouthpiece, path: Path) -> None:
    """Takes the encoder of the first stage and fixes it."""
    model.encoder.load_state_dict(restore(Ear, path).encoder.state_dict())
    model.encoder.requires_grad_(False)


def train_generator(
    material: Material,
    utterances: list[Utterance],
    ear: Path,
    path: Path,
    recipe: Recipe,
    config: Config | None = None,
) -> None:
    """Trains retriever, generator and the teachers of its flows; writes the checkpoint ``path``."""
    torch.manual_seed(recipe.seed)
    model = Mouthpiece(config or Config())
    fit_codec(model.codec, utterances)
    adopt_ear(model, ear)
    set_temperature(model, MOUTH_TEMPERATURE, UPPER_TEMPERATURE)
    run = Run(model, recipe, path)
    run.resume()
    rows, weights = Rows(), material.channel_weight.to(recipe.device)
    run.to_end(lambda step: losses(model, material, recipe, rows, weights, step))


def distillation(model: Mouthpiece, material: Material, recipe: Recipe, rows: Rows, step: int) -> Terms:
    """Where the teacher's many steps lead from the same noise, in the state that the student leads to."""
    with torch.no_grad():
        scene = setting(model, material, recipe, rows, step)
        generator = torch.Generator().manual_seed(recipe.seed * 11_000_027 + step)
        mouth = torch.rand((len(scene.truth), 1, 1), generator=generator).to(recipe.device)
        history = roll_out(model, scene, 1, 0 if step > recipe.steps // 4 else ROLL_STEPS, mouth)
        guided = guide(model, scene.bank, scene.episode.code, history)
        h = model.generator(scene.episode.code, history, guided)
        noise = [n * temperature_of(tuple(n.shape), mouth, n.device) for n in scene.noise]
        path = slow_path(
            model.generator.plan(h) + model.generator.slow_flow.one_step(noise[0], h[:, ::BLOCK]),
            scene.before,
        )
        _, condition = model.generator.refine(h, path, guided)
    terms = {}
    for name, flow, x, given in (
        ("slow", model.generator.slow_flow, noise[0], h[:, ::BLOCK]),
        ("fast", model.generator.fast_flow, noise[1], condition),
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
