"""What every stage of training draws from: samplers, statistics and the phone-to-lips targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .corpus.lips import LipReadout
from .dataset import Sampler, Utterance
from .events import EVENTS, NONE
from .losses import Lips
from .sync import in_time, phone_labelled
from .weak import LazyTargets

HELD_CORPORA = ("dc_tts_ljtext",)
"""Labelled speech that no training hears, so that the ear is judged on a corpus it does not know."""
SHARES = {"takes_arkit": 0.35}
"""Faces without sound teach brows, lids and gaze alone: they are drawn less often."""


@dataclass(frozen=True)
class Material:
    """Samplers over the training split, and what its losses need."""

    filmed: Sampler
    """Faces, with sound or without."""
    speaking: Sampler
    """Faces with sound."""
    voices: Sampler
    """Phone-labelled speech that nobody filmed."""
    events: Sampler
    lips: Lips
    channel_weight: Tensor
    phone_to_lips: LazyTargets


def is_filmed(utterance: Utterance) -> bool:
    return len(utterance.channels) > 0


def is_event(utterance: Utterance) -> bool:
    return utterance.performer.startswith("events/")


def has_phones(utterance: Utterance) -> bool:
    return bool(len(utterance.mel)) and bool((utterance.phones >= 0).any())


def for_training(utterances: list[Utterance]) -> list[Utterance]:
    """The training split without the corpora that are held out whole."""
    return [u for u in utterances if u.split == "train" and u.performer.split("/")[0] not in HELD_CORPORA]


def event_class(utterance: Utterance) -> str:
    return "negative" if utterance.event == NONE else EVENTS[utterance.event]


def prepare(utterances: list[Utterance], readout: LipReadout, ticks: int) -> Material:
    """Sorts ``utterances``, brings lips into time and fits what is fitted in closed form."""
    utterances = in_time(for_training(utterances))
    filmed = [u for u in utterances if is_filmed(u)]
    speaking = [u for u in filmed if len(u.mel)]
    events = [u for u in utterances if is_event(u)]
    unfilmed = [u for u in utterances if len(u.mel) and not is_filmed(u) and not is_event(u)]
    rebuilt = np.concatenate([readout(np.asarray(u.channels, np.float32)) for u in speaking])
    lips = Lips(*(torch.tensor(x, dtype=torch.float32)
                  for x in (readout.matrix, readout.offset, rebuilt.mean(0), rebuilt.std(0))))  # fmt: skip
    variance = np.concatenate([u.channels.astype(np.float32) for u in speaking]).var(0)
    return Material(
        filmed=Sampler(filmed, ticks, scale=SHARES),
        speaking=Sampler(speaking, ticks),
        voices=Sampler([u for u in unfilmed if has_phones(u)], ticks, balanced=True),
        events=Sampler(events, ticks, by=event_class),
        lips=lips,
        channel_weight=torch.tensor(0.3 / (variance + 0.03**2), dtype=torch.float32).clamp(max=150.0),
        phone_to_lips=LazyTargets(phone_labelled(speaking)),
    )
