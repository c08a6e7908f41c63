"""What the rows of a step see of references: which takes, what of each, and what a query finds."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn import functional

from .dataset import Sequence
from .episodes import Episode, Rows
from .model.codec import LATENT, REGION_OF, measured_regions
from .model.generator import Guide, mouth_of
from .model.retrieval import Entries
from .model.step import Mouthpiece
from .performers import Manner, posture
from .precision import full_precision

TOP = 31
"""Entries that a query retrieves; with the null entry a full vector."""
NO_REFERENCES, STATIC_ONLY = 0.15, 0.25
"""Shares of rows that see no reference, and only the average style."""
SILENT_PERFORMERS, SILENT_TAKES = 0.3, 0.15
"""Shares of performers none of whose references has sound, and of single references without."""
MOUTH_ONLY = 0.2
"""Share of performers whose references show no brows and eyes, and of those without a head: so are rigs."""
STRANGE = 0.5
"""Share of following rows whose references have another performer's mouth, held as no captured one is. Few
faces are filmed, and mouths tell them apart: under a mouth that is none of theirs lids would hang or not by
chance."""
FAR = -1e9


def allowed(filmed: Sequence, rows: Rows, generator: torch.Generator) -> Tensor:
    """Which rows of its group each row may use as references, ``[B + V, clips]`` booleans.

    Never itself, never a recording that it contains; each other one three times in five.
    """
    clips, recordings = rows.clips, [set(row.tolist()) for row in filmed.recordings]
    pick = torch.rand((len(recordings) + rows.groups, clips), generator=generator) < 0.6
    for i, row in enumerate(recordings):
        first = i - i % clips
        for j in range(clips):
            pick[i, j] &= not row & recordings[first + j]
    return pick


def reference_flags(episode: Episode, clips: int, generator: torch.Generator) -> Tensor:
    """Regions shown and whether the reference's sound is given, ``[B, 4]``: for some performers never, as
    when an artist's takes are actions alone, or come from rigs that have but a mouth."""
    rows = len(episode.spoken)

    def kept(columns: int, lost: float) -> Tensor:
        alike = torch.rand((rows // clips, columns), generator=generator).repeat_interleave(clips, 0)
        return (alike > lost).to(episode.spoken)

    given = kept(1, SILENT_PERFORMERS)
    given = given * (torch.rand((rows, 1), generator=generator) > SILENT_TAKES).to(given)
    regions = measured_regions(episode.measured)
    shown = torch.cat([torch.ones_like(given), kept(2, MOUTH_ONLY)], 1)
    return torch.cat([regions * shown, episode.spoken * given], 1)


@dataclass(frozen=True)
class Bank:
    """Rows' references: ``values [B, E, V]``, ``keys [B, E, K]``, ``usable [B, E]``, ``style [B, S + 1 +
    R + 1]``."""

    values: Tensor
    keys: Tensor
    usable: Tensor
    style: Tensor


def choose(rows: Tensor, one: Bank, other: Bank) -> Bank:
    """``one`` in ``rows [B, 1]``, ``other`` elsewhere."""
    return Bank(
        *(
            torch.where(rows.view(-1, *[1] * (x.dim() - 1)), x, y)
            for x, y in ((getattr(bank, field.name) for bank in (one, other)) for field in fields(Bank))
        )
    )


@full_precision
def gather(entries: Entries, pick: Tensor, static_only: Tensor, rows: Rows) -> Bank:
    """Every row's bank from its group's entries and ``pick [B + V, clips]``; rows that are ``static_only
    [B + V, 1]`` see the average style alone."""
    each, group = entries.keys.shape[1], rows.group().to(pick.device)

    def pooled(x: Tensor) -> Tensor:
        return x.reshape(rows.groups, rows.clips * each, -1)[group]

    usable = pick.repeat_interleave(each, 1)
    share = usable.float() / usable.sum(1, keepdim=True).clamp(min=1)
    style = torch.einsum("be,bes->bs", share, pooled(entries.styles).float())
    given = usable.any(1, keepdim=True).float()
    style = torch.cat([style[:, :-1], given], 1)  # all takes of a performer show brows and eyes, or none does
    return Bank(pooled(entries.values), pooled(entries.keys), usable & ~static_only, style)


@full_precision
def similarity(query: Tensor, keys: Tensor) -> Tensor:
    return query @ keys.transpose(1, 2)


def guide(model: Mouthpiece, bank: Bank, speech: Tensor, history: Tensor) -> Guide:
    """Retrieves the ``TOP`` entries of each tick; scores become biases of the attention."""
    flags = speech.new_ones(len(speech), 4)
    query = model.retriever.keys(speech, history[..., :LATENT], flags)
    scores = similarity(query, bank.keys).masked_fill(~bank.usable.unsqueeze(1), -2.0)
    if scores.shape[-1] > TOP:
        least = scores.detach().topk(TOP, -1).values[..., -1:]
        scores = scores.masked_fill(scores < least, -2.0)
    biases = torch.where(scores < -1, FAR, scores * model.retriever.score_scale())
    return Guide(bank.style, bank.values, biases)


def no_guide(model: Mouthpiece, rows: int, ticks: int, device: str | torch.device) -> Guide:
    """What an empty bank offers."""
    size = model.config
    return Guide(
        torch.zeros(rows, size.manner, device=device),
        torch.zeros(rows, 1, size.value + size.deviation, device=device),
        torch.full((rows, ticks, 1), FAR, device=device),
    )


def estranged(model: Mouthpiece, motion: Tensor, rows: Rows, generator: torch.Generator) -> Tensor:
    """``motion [B, T, L]`` with another group's mouths, broader or narrower, and in a posture."""
    manner = Manner(len(motion), rows.clips, generator)
    held = posture(manner).to(motion.device) @ model.codec.analysis
    breadth = torch.exp(0.4 * manner.draw(1, 1)).to(motion.device)
    return mouth_of(breadth * motion.roll(rows.clips, 0) + held, motion)


def remembered(model: Mouthpiece, episode: Episode, motion: Tensor, flags: Tensor) -> Entries:
    """The entries of the filmed rows, as far as ``flags [B, 4]`` shows their ``motion [B, T, L]``."""
    shown = motion * flags[:, REGION_OF.to(flags.device)].unsqueeze(1)
    return model.retriever(episode.speech[: len(motion)], shown, flags, torch.zeros_like(flags[:, :1]))


def offered(
    model: Mouthpiece,
    episode: Episode,
    rows: Rows,
    flags: Tensor,
    follows: Tensor,
    generator: torch.Generator,
) -> tuple[Bank, Tensor]:
    """Every row's bank, and which filmed rows have no reference, ``[B]``.

    ``flags [B, 4]`` say what each take shows, ``follows [B, 1]`` which rows teach brows, eyes and head.
    """
    (count, device), total = (len(flags), flags.device), len(episode.speech)
    mode = torch.rand((total, 1), generator=generator)
    pick = (allowed(episode.filmed, rows, generator) & (mode > NO_REFERENCES)).to(device)
    static_only = (mode < NO_REFERENCES + STATIC_ONLY).to(device)
    banks = (
        gather(remembered(model, episode, motion, flags), pick, static_only, rows)
        for motion in (estranged(model, episode.motion, rows, generator), episode.motion)
    )
    strange = (torch.rand((count, 1), generator=generator) < STRANGE).to(device) & (follows > 0)
    return choose(functional.pad(strange, (0, 0, 0, total - count)), *banks), ~pick.any(1)[:count]
