"""Other voices, rooms and microphones, drawn in the log-mel domain (natural log power)."""

from __future__ import annotations

import torch
from torch import Tensor

from .dataset import SILENCE

NOISE, COLOUR, HIDDEN = 0.2, 0.1, 14
"""Deviations of what ``roughen`` lays over a spectrum, and the most bands that it hides."""


def uniform(low: float, high: float, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=generator)


def chosen(probability: float, batch: int, generator: torch.Generator) -> Tensor:
    """Boolean ``[B, 1, 1]``."""
    return torch.rand((batch, 1, 1), generator=generator) < probability


def augment(mel: Tensor, generator: torch.Generator) -> Tensor:
    """``mel [B, H, 80]`` as another speaker in another room would give it; same shape."""
    mel = vocal_tract(mel, generator)
    mel = equalise(mel, generator)
    mel = reverberate(mel, generator)
    mel = add_noise(mel, generator)
    mel = band_limit(mel, generator)
    mel = mel + uniform(-4.0, 3.0, (len(mel), 1, 1), generator)
    return mel.clamp(min=SILENCE)


def at_any_level(mel: Tensor, generator: torch.Generator) -> Tensor:
    """The same recording ``[B, H, 80]`` made up to 26 dB quieter or 9 dB louder."""
    return (mel + uniform(-6.0, 2.0, (len(mel), 1, 1), generator)).clamp(min=SILENCE)


def roughen(normal: Tensor, generator: torch.Generator) -> Tensor:
    """The same voice in the same room, never quite alike: a normalised spectrum ``[B, H, M]`` with a little
    colour, noise and some bands hidden."""
    rows, _, bands = normal.shape
    colour = COLOUR * torch.randn((rows, 1, bands), generator=generator)
    first, width = (uniform(0, most, (rows, 1, 1), generator) for most in (bands, HIDDEN))
    band = torch.arange(bands)
    shown = (band < first) | (band > first + width)
    return (normal + colour + NOISE * torch.randn(normal.shape, generator=generator)) * shown


def vocal_tract(mel: Tensor, generator: torch.Generator) -> Tensor:
    """Vocal-tract-length perturbation: the frequency axis stretched by 0.82 … 1.22."""
    batch, _, bands = mel.shape
    warp = torch.exp(uniform(-0.2, 0.2, (batch, 1), generator))
    place = (torch.arange(bands) * warp).clamp(0, bands - 1)
    low = place.floor().long().clamp(max=bands - 2)
    part = (place - low).unsqueeze(1)
    low = low.unsqueeze(1).expand(-1, mel.shape[1], -1)
    return mel.gather(2, low) * (1 - part) + mel.gather(2, low + 1) * part


def equalise(mel: Tensor, generator: torch.Generator) -> Tensor:
    """A smooth random colour: tilt and three ripples."""
    batch, _, bands = mel.shape
    axis = torch.linspace(0, torch.pi, bands)
    ripples = torch.stack([torch.cos(k * axis) for k in range(1, 5)])
    amount = torch.randn((batch, 4), generator=generator) * torch.tensor([1.2, 0.8, 0.5, 0.4])
    return mel + (amount @ ripples).unsqueeze(1)


def reverberate(mel: Tensor, generator: torch.Generator, taps: int = 30) -> Tensor:
    """Adds an exponentially decaying tail in power; strictly causal."""
    batch, hops, bands = mel.shape
    decay = uniform(4.0, 25.0, (batch, 1), generator)
    tail = torch.exp(-torch.arange(1, taps + 1) / decay) / decay
    tail = tail * uniform(0.05, 0.6, (batch, 1), generator) * chosen(0.35, batch, generator)[:, 0]
    kernel = torch.cat([tail.flip(1), torch.ones(batch, 1)], 1).unsqueeze(1)
    power = torch.nn.functional.pad(mel.exp().permute(2, 0, 1), (taps, 0))
    return torch.nn.functional.conv1d(power, kernel, groups=batch).permute(1, 2, 0).clamp(min=1e-8).log()


def add_noise(mel: Tensor, generator: torch.Generator) -> Tensor:
    """Steady coloured noise at 6 … 40 dB under the loud parts."""
    batch, hops, bands = mel.shape
    loud = mel.flatten(1).quantile(0.9, dim=1)[:, None, None]
    floor = loud - uniform(1.5, 9.0, (batch, 1, 1), generator)
    colour = equalise(torch.zeros(batch, 1, bands), generator)
    noise = floor + colour + 0.6 * torch.randn((batch, hops, bands), generator=generator)
    return torch.where(chosen(0.4, batch, generator), torch.logaddexp(mel, noise), mel)


def band_limit(mel: Tensor, generator: torch.Generator) -> Tensor:
    """Telephone or codec: the top, and sometimes the bottom, of the spectrum is gone."""
    batch, _, bands = mel.shape
    axis = torch.arange(bands)
    top = torch.randint(40, bands, (batch, 1), generator=generator)
    bottom = torch.randint(0, 8, (batch, 1), generator=generator)
    outside = ((axis > top) | (axis < bottom)).unsqueeze(1)
    quiet = mel - 7.0
    return torch.where(chosen(0.2, batch, generator) & outside, quiet, mel)
