"""Causal normalisation of level and channel: the ear must not depend on gain or microphone."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .layers import DecayingPeak, LinearScan

LEVEL_DECAY = 0.012
"""How fast the remembered peak level falls, in log-power per 40 ms tick (about 1.3 dB a second)."""
MEMORY = 0.995
"""Forgetting factor of the running spectrum per tick (about 8 s of speech)."""
PRIOR_TICKS = 12.0
"""How many ticks of evidence the corpus' mean spectrum counts for."""
SPEECH_MARGIN = 4.0
"""Log-power below the peak at which a tick counts half as speech."""
SCALE = 2.5
FLOOR, CEILING = -4.0, 3.0


class CausalNormaliser(nn.Module):
    """Subtracts a running mean spectrum, weighted by how much each tick looks like speech.

    ``mel [B, 4 T, 80]`` log-mel → ``[B, 4 T, 81]``: the normalised spectrum and the level under the
    running peak. State ``[B, 82]`` holds mean spectrum, peak (both relative to the corpus prior) and
    weight; all zeros at the start. It has nothing to learn, so no gradient passes.
    """

    def __init__(self, mels: int) -> None:
        super().__init__()
        self.mels = mels
        self.register_buffer("prior", torch.full((mels,), -9.0))
        self.register_buffer("prior_peak", torch.tensor(-5.0))

    def initial_state(self, batch: int) -> Tensor:
        return self.prior.new_zeros(batch, self.mels + 2)

    @torch.no_grad()
    def forward(self, mel: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        mean, peak, weight = state.split((self.mels, 1, 1), -1)
        ticks = mel.unflatten(1, (-1, 4))
        level = ticks.mean(-1)
        loudest = level.amax(2, keepdim=True) - self.prior_peak
        peaks = DecayingPeak.apply(loudest, peak, LEVEL_DECAY)
        speech = torch.sigmoid(loudest - peaks + SPEECH_MARGIN)
        weights = LinearScan.apply(torch.full_like(speech, MEMORY), speech, weight)
        share = speech / (weights + PRIOR_TICKS)
        means = LinearScan.apply(
            (1 - share).expand(-1, -1, self.mels), share * (ticks.mean(2) - self.prior), mean
        )
        spectrum = (ticks - (self.prior + means).unsqueeze(2)) / SCALE
        under_peak = (level - self.prior_peak - peaks).unsqueeze(-1) / SCALE
        out = torch.cat([spectrum, under_peak], -1).clamp(FLOOR, CEILING).flatten(1, 2)
        return out, torch.cat([means, peaks, weights], -1)[:, -1]
