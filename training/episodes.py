"""Episodes: sequences of virtual performers with other recordings of the same performer as references."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..inference.blinks import separate
from .augment import augment
from .dataset import Sequence
from .losses import calm
from .material import Material
from .model.codec import latent_mask, shown_channels
from .model.step import Mouthpiece
from .performers import perform, touching
from .run import Recipe

MUTE = -17.0
"""Mean log-mel below which a sequence has no sound (digital silence is -18.4)."""


@dataclass(frozen=True)
class Rows:
    """``groups × clips`` filmed sequences make a step, and for each group an unfilmed voice, which is lent
    its manner and its references."""

    groups: int = 8
    clips: int = 4

    def group(self) -> Tensor:
        """The group of every row, ``int [groups × clips + groups]``."""
        groups = torch.arange(self.groups)
        return torch.cat([groups.repeat_interleave(self.clips), groups])


@dataclass(frozen=True)
class Episode:
    """``B`` filmed rows, then ``V`` voices, one with each group's manner; the filmed ones are ``[B, …]``, all
    of them ``[B + V, …]``."""

    speech: Tensor
    """[B + V, T, A]; zeros for takes without sound"""
    channels: Tensor
    """[B, T, C], what the virtual performer did"""
    captured: Tensor
    """[B, T, C], what it was made from"""
    lent: Tensor
    """[V, T, C], what the virtual performers would do in the voices: their manner over the plain mouth"""
    motion: Tensor
    """[B, T, L], latents of the same motion without blinks"""
    blinks: Tensor
    """[B, T], 1 where one begins"""
    mask: Tensor
    """[B, L], which latents were measured"""
    measured: Tensor
    """[B, C]"""
    spoken: Tensor
    """[B, 1], 1 where there is sound"""
    continuous: Tensor
    """[B, T, 1], 0 around joins"""
    phones: np.ndarray
    """labels of the voices, int [V, 4 T]"""
    filmed: Sequence


@torch.no_grad()
def listen(model: Mouthpiece, mel: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Speech ``[B, T, A]``, feature probabilities ``[B, T, F]`` and level ``[B, T, 1]`` of log-mel."""
    heard, speech, _ = model.listen(mel, model.ear_state(len(mel)))
    features = heard.features.float().sigmoid()
    ticks = features.reshape(len(mel), -1, 4, features.shape[-1]).mean(2)
    return speech, ticks, heard.level.float()


def draw(model: Mouthpiece, material: Material, recipe: Recipe, rows: Rows, step: int) -> Episode:
    """The episode of a step; everything random is keyed by (seed, step)."""
    rng, generator = recipe.randomness(step)
    filmed = material.filmed.draw(rng, rows.groups, rows.clips)
    voices = material.voices.draw(rng, rows.groups, 1)
    clean = torch.tensor(np.concatenate([filmed.mel, voices.mel]))
    count, place = len(filmed.mel), recipe.device
    speech, features, level = listen(model, augment(clean, generator).to(place))
    spoken = (clean[:count].mean((1, 2)) > MUTE).float().unsqueeze(1)
    captured = calm(torch.tensor(filmed.channels))
    plain = model.plain(speech[count:]).cpu()
    source, features, level = (beside(x.cpu(), rows) for x in (torch.cat([captured, plain]), features, level))
    performed = perform(source, features, level, rows.clips + 1, generator)
    performed = touching(performed, source, material.lips.matrix[0]).unflatten(0, (rows.groups, -1))
    channels, lent = performed[:, :-1].flatten(0, 1), performed[:, -1]
    measured = torch.tensor(filmed.measured, device=place)
    still, blinks = (torch.from_numpy(x).to(place) for x in separate(channels.numpy()))
    channels, spoken = channels.to(place), spoken.to(place)
    heard = torch.cat([spoken, spoken.new_ones(len(clean) - count, 1)])
    speech = speech * heard.unsqueeze(1)
    return Episode(
        speech=speech,
        channels=channels,
        captured=captured.to(place),
        lent=lent.to(place),
        motion=model.latents(speech[:count], still, measured),
        blinks=blinks.float(),
        mask=latent_mask(measured),
        measured=measured,
        spoken=spoken,
        continuous=torch.tensor(filmed.continuous, device=place).unsqueeze(-1),
        phones=voices.phones,
        filmed=filmed,
    )


def beside(x: Tensor, rows: Rows) -> Tensor:
    """Of ``[B + V, …]`` the clips of each group, then its voice: ``[groups (clips + 1), …]``."""
    count = rows.groups * rows.clips
    clips = x[:count].unflatten(0, (rows.groups, rows.clips))
    return torch.cat([clips, x[count:, None]], 1).flatten(0, 1)


def unmannered(model: Mouthpiece, episode: Episode, rows: Tensor, shown: Tensor) -> Episode:
    """``episode`` whose filmed ``rows [B]`` do what was captured, and so do regions that are not ``shown [B,
    3]``: what nothing shows has no manner. A face that could be any virtual performer's would keep whatever
    it has strayed to.
    """
    hidden = (rows[:, None] | (shown_channels(shown) == 0)).unsqueeze(1)
    channels = torch.where(hidden, episode.captured, episode.channels)
    still, blinks = (torch.from_numpy(x).to(channels.device) for x in separate(channels.cpu().numpy()))
    return replace(
        episode,
        channels=channels,
        motion=model.latents(episode.speech[: len(channels)], still, episode.measured),
        blinks=blinks.float(),
    )
