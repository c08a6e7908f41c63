"""The causal generator: a transformer over a limited past, keyframes first, then detail, each in one step.

Means are regressed, so that lips follow the sound; what sound leaves open is drawn from a flow over the
residuals.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..precision import full_precision
from .attention import StyleAttention, WindowAttention
from .codec import BLOCK, LATENT, MOUTH_LATENT, slow_path
from .config import Config
from .flow import Flow

NOTHING = -1e8
"""Bias below which an entry was not retrieved."""
HISTORY = 2
"""Ticks of generated motion that enter directly; older ones live in the attention's memory."""


class Layer(nn.Module):
    """Pre-norm transformer layer: windowed attention, style attention where asked, gated feed-forward."""

    def __init__(self, config: Config, styled: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.width)
        self.attention = WindowAttention(config)
        self.style = StyleAttention(config) if styled else None
        self.feed_norm = nn.LayerNorm(config.width)
        self.feed_enter = nn.Linear(config.width, 4 * config.width)
        self.feed_leave = nn.Linear(2 * config.width, config.width)

    def after_attention(self, x: Tensor, values: Tensor, biases: Tensor) -> Tensor:
        if self.style is not None:
            x = self.style(x, values, biases)
        gate, value = self.feed_enter(self.feed_norm(x)).chunk(2, -1)
        return x + self.feed_leave(functional.silu(gate) * value)

    def forward(self, x: Tensor, values: Tensor, biases: Tensor) -> Tensor:
        return self.after_attention(x + self.attention(self.norm(x)), values, biases)

    def step(
        self, x: Tensor, guide: Guide, keys: Tensor, values: Tensor, known: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """One tick of both views ``x [B, 2, D]``, and what the attention remembers."""
        y, keys, values = self.attention.step(self.norm(x), keys, values, known)
        return self.after_attention(x + y, guide.values, guide.biases), keys, values


@dataclass(frozen=True)
class Guide:
    """What leads it besides sound: ``style [B, S + 1 + R + 1]`` (the average manner, how much more often one
    blinks than usual, where brows and eyes rest, how much the references count), ``values [B, E, V]``,
    ``biases [B, T, E]``."""

    style: Tensor
    values: Tensor
    biases: Tensor

    @property
    def given(self) -> Tensor:
        """0 without references, 1 with, ``[B, 1, 1]``; between when they count less."""
        return self.style[:, -1:].clamp(0, 1).unsqueeze(1)


class Imitation(nn.Module):
    """How much of what the retrieved moments add to the model's own mouth is added here too.

    Their deviations are averaged by similarity; a gate for each component says how far they count.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.read = config.value
        self.sharper = nn.Parameter(torch.tensor(0.7))
        self.gate = nn.Linear(config.width + config.deviation, config.deviation)

    @full_precision
    def forward(self, h: Tensor, guide: Guide) -> Tensor:
        """Trunk output ``[B, T, D]`` → addition to the latents ``[B, T, L]``."""
        weights = (guide.biases * self.sharper.exp()).softmax(-1)
        found = (guide.biases.amax(-1, keepdim=True) > NOTHING).to(weights.dtype)
        deviation = ((weights @ guide.values[..., self.read :].float()) * found).expand(-1, h.shape[1], -1)
        gate = torch.sigmoid(self.gate(torch.cat([h.float(), deviation], -1)))
        return functional.pad((gate * deviation).float(), (0, LATENT - deviation.shape[-1]))


def mouth_of(deaf_to_past: Tensor, following: Tensor) -> Tensor:
    """The mouth's latents of the first ``[..., L]``, the others of the second.

    The trunk runs in two views. Sound says where a mouth must be, and feeding it its own past made it drift,
    so one view sees no past; brows, eyes and head, which sound leaves open, go on from where they are.
    """
    mouth = torch.arange(LATENT, device=following.device) < MOUTH_LATENT
    return torch.where(mouth, deaf_to_past, following)


class Generator(nn.Module):
    """``speech [B, T, A]``, motion of the past, and a ``Guide`` → keyframes and detail.

    The mouth starts from the plain one, whose latents are the first part of ``speech``, and is that one where
    nothing is given.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.hear = nn.Linear(config.speech, config.width)
        self.feel = nn.Linear(HISTORY * LATENT, config.width)
        self.manner = nn.Linear(config.style, 2 * config.width, bias=False)
        nn.init.normal_(self.manner.weight, std=0.02)
        self.layers = nn.ModuleList(Layer(config, styled=i % 2 == 1) for i in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.keyframe = nn.Sequential(
            nn.Linear(config.width, config.width), nn.SiLU(), nn.Linear(config.width, LATENT)
        )
        self.detail = nn.Sequential(
            nn.Linear(config.width + LATENT, config.width), nn.SiLU(), nn.Linear(config.width, LATENT)
        )
        for part in (self.keyframe[-1], self.detail[-1]):
            nn.init.zeros_(part.weight)
        self.imitation = Imitation(config)
        self.slow_flow = Flow(LATENT, config.width, config.flow)
        self.fast_flow = Flow(LATENT, config.width + LATENT, config.flow)

    def enter(self, speech: Tensor, history: Tensor, style: Tensor) -> Tensor:
        """``history [B, T, HISTORY L]``: motion made before each tick, newest first; zeros for the mouth."""
        x = self.hear(speech) + self.feel(history)
        scale, shift = self.manner(style[:, : self.config.style]).unsqueeze(1).split(self.config.width, -1)
        return x * (1 + scale) + shift

    def forward(self, speech: Tensor, history: Tensor, guide: Guide) -> Tensor:
        """Whole sequences: the trunk's output ``[B, T, D]``."""
        x = self.enter(speech, history, guide.style)
        for layer in self.layers:
            x = layer(x, guide.values, guide.biases)
        return self.norm(x)

    def plan(self, h: Tensor) -> Tensor:
        """Keyframe means ``[B, K, L]`` from the trunk's output at the blocks' first ticks ``[B, K, D]``."""
        return self.keyframe(h).float()

    def refine(self, h: Tensor, path: Tensor, speech: Tensor, guide: Guide) -> tuple[Tensor, Tensor]:
        """Means of the detail ``[B, T, L]`` and its condition ``[B, T, D + L]``.

        The mouth's detail leads from the slow path to the plain mouth and, as far as references are given, on
        to this performer's: what is learned of few filmed mouths beyond that is not everybody's.
        """
        condition = torch.cat([h, path.to(h.dtype)], -1)
        plain = speech[..., :MOUTH_LATENT].float() - path[..., :MOUTH_LATENT]
        onwards = functional.pad(plain, (0, LATENT - MOUTH_LATENT))
        own = self.detail(condition).float()
        own = mouth_of(guide.given * own, own)
        return onwards + own + self.imitation(h, guide), condition

    def roll(
        self,
        h: tuple[Tensor, Tensor],
        speech: Tensor,
        guide: Guide,
        noise: tuple[Tensor, Tensor],
        steps: int,
        before: Tensor,
        temperature: Tensor,
    ) -> Tensor:
        """Samples motion ``[B, T, L]`` from both views of the trunk by ``steps`` of the teacher (0: student).

        ``noise`` are ``[B, K, L]`` and ``[B, T, L]``, ``before [B, L]`` is the keyframe before the sequence,
        ``temperature [2, L]`` how much of what is drawn is added.
        """
        (slow_noise, fast_noise), (slow, fast) = noise, temperature
        keyframes = mouth_of(*(self.place(view[:, ::BLOCK], slow_noise, steps, slow) for view in h))
        path = slow_path(keyframes, before)
        return mouth_of(*(self.finish(view, path, speech, guide, fast_noise, steps, fast) for view in h))

    def place(self, h: Tensor, noise: Tensor, steps: int, amount: Tensor) -> Tensor:
        """Keyframes ``[B, K, L]`` from the trunk's output at the blocks' first ticks; ``amount`` of what is
        drawn is added."""
        return self.plan(h) + amount * self.slow_flow.draw(noise, h, steps)

    def finish(
        self,
        h: Tensor,
        path: Tensor,
        speech: Tensor,
        guide: Guide,
        noise: Tensor,
        steps: int,
        amount: Tensor,
    ) -> Tensor:
        """Motion ``[B, T, L]`` about the slow path; ``amount`` of what is drawn is added."""
        mean, condition = self.refine(h, path, speech, guide)
        return path + mean + amount * self.fast_flow.draw(noise, condition, steps)
