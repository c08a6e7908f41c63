"""References as entries: joint audio and motion keys to find them by, values that say how it was done.

An entry is anchored at a tick of a take. Its key is read from the eight ticks of sound up to the anchor and
the eight ticks of motion before it, exactly what a query knows of the present; its value is read from the
motion and sound around the anchor.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .codec import LATENT, REGIONS, rest_of, resting
from .config import Config

CONTEXT = 8
"""Ticks of sound and of motion in a key (320 ms)."""
HOP = 2
"""Ticks between entries."""
BEFORE, AFTER = 3, 2
"""Ticks around the anchor that a value is read from."""
AROUND = BEFORE + 1 + AFTER


@dataclass(frozen=True)
class Entries:
    """``keys [B, E, K]`` of length one, ``values [B, E, V + D]`` (what is attended to, then the mouth's
    deviation), ``styles [B, E, S + R + 2]`` (the manner, how much more often one blinks than usual, where
    brows and eyes rest, and whether they are shown)."""

    keys: Tensor
    values: Tensor
    styles: Tensor


def windows(x: Tensor, size: int) -> Tensor:
    """The last ``size`` ticks at every tick: ``[B, T, D]`` → ``[B, T, size D]``, zeros before the start."""
    padded = functional.pad(x, (0, 0, size - 1, 0))
    return torch.cat([padded[:, lag : lag + x.shape[1]] for lag in range(size)], -1)


def delayed(x: Tensor, ticks: int = 1) -> Tensor:
    """``[B, T, D]`` moved ``ticks`` later, zeros first."""
    return functional.pad(x, (0, 0, ticks, 0))[:, : x.shape[1]]


class Retriever(nn.Module):
    """Encoders of keys (shared with queries), of values and of the static style."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        flags = len(REGIONS) + 1
        self.hear = nn.Linear(config.speech, config.hear)
        self.feel = nn.Linear(LATENT, config.feel)
        self.key = nn.Sequential(
            nn.Linear(CONTEXT * (config.hear + config.feel) + flags, 256),
            nn.SiLU(),
            nn.Linear(256, config.key),
        )
        self.hear_value = nn.Linear(config.speech, config.hear)
        self.value = nn.Sequential(
            nn.Linear(AROUND * (config.hear + LATENT) + flags, 320),
            nn.SiLU(),
            nn.Linear(320, config.value + config.style),
        )
        self.sharpness = nn.Parameter(torch.tensor(2.0))

    def keys(self, speech: Tensor, past_motion: Tensor, flags: Tensor) -> Tensor:
        """``speech [B, T, A]``, motion one tick earlier ``[B, T, L]``, ``flags [B, 4]`` → ``[B, T, K]``."""
        joint = torch.cat([self.hear(speech), self.feel(past_motion)], -1)
        return self.from_context(windows(joint, CONTEXT), flags)

    def from_context(self, context: Tensor, flags: Tensor) -> Tensor:
        """The key of joint windows ``[B, T, CONTEXT (hear + feel)]``."""
        flags = flags.unsqueeze(1).expand(-1, context.shape[1], -1)
        return functional.normalize(self.key(torch.cat([context, flags], -1)).float(), dim=-1)

    def score_scale(self) -> Tensor:
        """How much a unit of similarity weighs in the attention."""
        return self.sharpness.exp()

    def forward(self, speech: Tensor, motion: Tensor, flags: Tensor, blinking: Tensor) -> Entries:
        """Entries of takes: ``speech [B, T, A]``, latents ``motion [B, T, L]`` without blinks, ``flags [B,
        4]`` (regions measured, has sound), ``blinking [B, 1]``; one every ``HOP`` ticks from the first full
        window on. With each goes how the mouth deviates from the plain one, as far as there is sound, and
        where brows and eyes rest: keys and values show how they move about that."""
        heard = flags[:, None, 3:]
        speech = speech * heard
        shows = flags[:, 1:2]
        rest = rest_of(motion) * shows
        motion = motion - resting(rest).unsqueeze(1)
        anchors = slice(CONTEXT, speech.shape[1] - AFTER, HOP)
        keys = self.keys(speech, delayed(motion), flags)[:, anchors]
        size = self.config.deviation
        deviation = (motion[..., :size] - speech[..., :size]) * heard
        deviation = (deviation + deviation.roll(-1, 1)) / 2
        around = windows(torch.cat([self.hear_value(speech), motion], -1), AROUND)
        around = around[:, CONTEXT + AFTER :: HOP][:, : keys.shape[1]]
        habits = torch.cat([blinking, rest, shows], -1)
        flags, habits = (x.unsqueeze(1).expand(-1, around.shape[1], -1) for x in (flags, habits))
        out = self.value(torch.cat([around, flags], -1)).float()
        values, styles = out.split([self.config.value, self.config.style], -1)
        values = torch.cat([values, deviation[:, anchors].float()], -1)
        return Entries(keys, values, torch.cat([torch.tanh(styles), habits.float()], -1))
