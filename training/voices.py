"""How well the ear hears articulation and vocal events, in voices and corpora that it does not know."""

from __future__ import annotations

import numpy as np

from ..inference.model import Model
from .codes import listen_to
from .dataset import Utterance, to_float
from .events import EVENTS, NONE, event_labels
from .figures import Figure
from .phones import FEATURE_TABLE, FEATURES, SILENCE

GROUP = "The ear: articulation per 10 ms on held-out recordings"
EVENT_GROUP = "The ear: vocal events on held-out recordings"
LIPS = ("lipClosure", "labiodental", "rounding")
CLIPS = 40
"""Recordings of each corpus, evenly spaced."""


def spaced(clips: list[Utterance], count: int = CLIPS) -> list[Utterance]:
    return clips[:: max(1, len(clips) // count)][:count]


def f1(hit: np.ndarray, truth: np.ndarray) -> float:
    both = (hit & truth).sum()
    return float(2 * both / max(1, hit.sum() + truth.sum()))


def articulation(model: Model, corpora: dict[str, list[Utterance]]) -> list[Figure]:
    """Accuracy of all features over speech, and F1 of those that lips are made of, for each corpus."""
    rows = []
    for who, clips in corpora.items():
        accuracy, hits, truths = [], [], []
        for clip in spaced(clips):
            phones = np.asarray(clip.phones, int)
            heard = listen_to(model, to_float(clip.audio), len(phones) // 4).hops.reshape(len(phones), -1)
            speech = (phones >= 0) & (phones != SILENCE)
            if not speech.any():
                continue
            truth = FEATURE_TABLE[phones[speech]] > 0.5
            said = heard[speech] > 0.5
            accuracy.append((said == truth).mean())
            hits.append(said)
            truths.append(truth)
        rows.append(Figure.of_mean(GROUP, who, "features right", np.array(accuracy)))
        said, truth = np.concatenate(hits), np.concatenate(truths)
        for name in LIPS:
            column = FEATURES.index(name)
            rows.append(
                Figure(
                    GROUP, who, f"F1 of {name}", f1(said[:, column], truth[:, column]), None, len(accuracy)
                )
            )
    return rows


def events(model: Model, clips: list[Utterance], speech: list[Utterance]) -> list[Figure]:
    """Share of held-out events recognised in their loudest ticks, where that there is none is an answer, too;
    chance; and the share of ticks taken for an event in speech and in recordings without one."""
    right: dict[str, list[float]] = {}
    for clip in clips:
        if clip.event == NONE:
            continue
        active = event_labels(clip.mel, clip.event) == clip.event
        heard = heard_events(model, clip)[active].mean(0)
        answers = np.append(heard, 1.0 - heard.sum())
        right.setdefault(EVENTS[clip.event], []).append(float(np.argmax(answers) == clip.event))
    each = np.array([np.mean(values) for values in right.values()])
    pooled = np.concatenate([np.array(values) for values in right.values()])
    quiet = [clip for clip in clips if clip.event == NONE]
    return [
        Figure.of_mean(EVENT_GROUP, "Mouthpiece", "recordings recognised", pooled),
        Figure(EVENT_GROUP, "Mouthpiece", "mean recall over classes", float(each.mean()), None, len(each)),
        Figure(
            EVENT_GROUP, "chance", "mean recall over classes", 1 / (len(EVENTS) + 1), None, len(EVENTS) + 1
        ),
        Figure.of_mean(
            EVENT_GROUP, "Mouthpiece", "share of speech taken for an event", alarms(model, spaced(speech, 20))
        ),
        Figure.of_mean(
            EVENT_GROUP, "Mouthpiece", "share of other sounds taken for an event", alarms(model, quiet)
        ),
    ]


def heard_events(model: Model, clip: Utterance) -> np.ndarray:
    """Probability of each event in each tick, ``[T, E]``; the rest is that there is none."""
    return listen_to(model, to_float(clip.audio), len(clip.mel) // 4).events


def alarms(model: Model, clips: list[Utterance]) -> np.ndarray:
    """Share of each recording's ticks in which an event is likelier than not."""
    return np.array([(heard_events(model, clip).max(1) > 0.5).mean() for clip in clips])
