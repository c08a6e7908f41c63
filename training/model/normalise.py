"""Causal normalisation of level and channel: the ear must not depend on gain or microphone."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .layers import DecayingPeak, LinearScan

LEVEL_DECAY = 0.012
"""How fast the remembered peak level falls, in log-power per 40 ms tick (about 1.3 dB a second)."""
START, LOWEST = -2.0, -4.0
"""Log-power above most recordings' peak at which the remembered one begins, and under which it never falls: a
quiet recording is known by its first sound, and the noise of a pause is not taken for speech."""
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
    running peak. A spectrum whose peak is lower than most recordings' is raised by as much. State ``[B, 82]``
    holds the mean spectrum (about the corpus'), the peak (above where it begins) and the weight; all zeros
    at the start. It has nothing to learn, so no gradient passes.
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
        level = ticks.mean(-1) - self.prior_peak - START
        loudest = level.amax(2, keepdim=True)
        peaks = DecayingPeak.apply(loudest.clamp(min=LOWEST - START), peak, LEVEL_DECAY)
        raised = ticks - self.prior - (peaks + START).clamp(max=0).unsqueeze(2)
        speech = torch.sigmoid(loudest - peaks + SPEECH_MARGIN)
        weights = LinearScan.apply(torch.full_like(speech, MEMORY), speech, weight)
        share = speech / (weights + PRIOR_TICKS)
        means = LinearScan.apply((1 - share).expand(-1, -1, self.mels), share * raised.mean(2), mean)
        spectrum = (raised - means.unsqueeze(2)) / SCALE
        under_peak = (level - peaks).unsqueeze(-1) / SCALE
        out = torch.cat([spectrum, under_peak], -1).clamp(FLOOR, CEILING).flatten(1, 2)
        return out, torch.cat([means, peaks, weights], -1)[:, -1]
