"""What a performance's manner looks like in a few numbers, so that an artist can see what a reference brings.

All measures lie in 0..1 and compare takes with one another; they are no input of the model. A channel that
the take did not measure counts as still.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .errors import Message
from .types import BLENDSHAPES, INDEX, Take

MEASURES = ("openness", "width", "asymmetry", "brows", "blinks", "closures")
"""The measures, in the order in which they are drawn."""
STILL = 0.02
"""Range within which a channel counts as still."""
SHORT = 2.0
"""Seconds of motion below which a take shows little of a manner."""
MOUTH = tuple(name for name in BLENDSHAPES if name.startswith(("jaw", "mouth")))
BLOCKS = "▁▂▃▄▅▆▇█"
"""Letters of a sparkline, low to high."""
_PAIRS = tuple((name, name[:-4] + "Right") for name in BLENDSHAPES if name.endswith("Left"))
_SIDED = tuple(
    pair for pair in _PAIRS if pair[0] not in ("jawLeft", "mouthLeft") and not pair[0].startswith("eyeLook")
)
_BLINKS_A_MINUTE = 40.0
_SHUT, _OPENED = 0.6, 0.35
_CLOSING_RATE = 5.0
"""Units of lip opening a second of a very crisp closure: half open to shut in a tenth of a second."""
_ASYMMETRIC = 0.4
"""Share of one-sided motion that counts as fully asymmetric; captured faces lie between 0.05 and 0.3."""


@dataclass(frozen=True)
class Summary:
    """How a take moves, each in 0..1.

    ``openness``: how far the jaw opens in its open moments. ``width``: 0 for lips always rounded, 1 for lips
    always spread, 0.5 between. ``asymmetry``: how much of the motion one side makes alone. ``brows``: how
    far they travel. ``blinks``: how often the eyes shut, 1 for forty times a minute. ``closures``: how fast
    the lips come together, 1 for very crisp.
    """

    openness: float
    width: float
    asymmetry: float
    brows: float
    blinks: float
    closures: float

    def values(self) -> tuple[float, ...]:
        """The measures in the order of ``MEASURES``."""
        return tuple(getattr(self, name) for name in MEASURES)


def summarise(take: Take) -> Summary:
    """The manner of a take; zeros (and a width of 0.5) for one without motion."""
    moves = _channels(take)
    return Summary(
        openness=_unit(np.percentile(moves("jawOpen"), 95)),
        width=_width(moves),
        asymmetry=_asymmetry(moves),
        brows=_brows(moves),
        blinks=_unit(60.0 * blink_count(take) / max(take.seconds, 1e-6) / _BLINKS_A_MINUTE),
        closures=_closures(moves("jawOpen") - moves("mouthClose"), take.fps),
    )


def blink_count(take: Take) -> int:
    """How often both eyes shut and open again, by a threshold with hysteresis."""
    moves = _channels(take)
    shut = np.minimum(moves("eyeBlinkLeft"), moves("eyeBlinkRight"))
    count, closed = 0, False
    for value in shut:
        if not closed and value > _SHUT:
            count, closed = count + 1, True
        elif closed and value < _OPENED:
            closed = False
    return count


def concern(take: Take) -> str:
    """Why a take is of little use as a reference and what to do about it, "" for a good one."""
    if not take.measured[[INDEX[name] for name in MOUTH]].any():
        return "No channel of the mouth was recognised: check the mapping of the rig that it was made on."
    ranges = np.ptp(take.channels, axis=0) if len(take.channels) else np.zeros(take.channels.shape[1])
    if not len(take.channels) or ranges.max() < STILL:
        return "Nothing moves: choose another action or frame range."
    if ranges[[INDEX[name] for name in MOUTH]].max() < STILL:
        return "The mouth does not move: check the mapping of the rig, or choose a take with speech."
    if take.seconds < SHORT:
        return Message(
            "Only {seconds:.1f} s long: a few more seconds show the manner better.", seconds=take.seconds
        )
    if np.mean(take.channels[:, : len(BLENDSHAPES)] >= 0.999) > 0.25:
        return "Many channels stand at their maximum: check gains in the mapping of the rig."
    return ""


def sparkline(values: Sequence[float]) -> str:
    """A course of shares in 0..1 as a line of blocks, one letter each."""
    steps = len(BLOCKS) - 1
    return "".join(BLOCKS[round(_unit(value) * steps)] for value in values)


def _channels(take: Take) -> Callable[[str], np.ndarray]:
    """Reads one channel ``[T]`` of a take; zeros where it was not measured or there is no frame."""

    def read(name: str) -> np.ndarray:
        index = INDEX[name]
        values = take.channels[:, index] if take.measured[index] else np.zeros(len(take.channels))
        return values if len(values) else np.zeros(1)

    return read


def _width(moves: Callable[[str], np.ndarray]) -> float:
    spread = sum(moves(f"mouth{kind}{side}") for kind in ("Smile", "Stretch") for side in ("Left", "Right"))
    rounded = moves("mouthPucker") + moves("mouthFunnel")
    wide, narrow = np.mean(spread) / 2, np.mean(rounded)
    return _unit(0.5 + 0.5 * (wide - narrow) / (wide + narrow)) if wide + narrow > STILL else 0.5


def _asymmetry(moves: Callable[[str], np.ndarray]) -> float:
    """Share of the sided motion that is not common to both sides."""
    alone = common = 0.0
    for left, right in _SIDED:
        a, b = moves(left), moves(right)
        alone += float(np.mean(np.abs(a - b)))
        common += float(np.mean(np.maximum(a, b)))
    return _unit(alone / common / _ASYMMETRIC) if common > STILL else 0.0


def _brows(moves: Callable[[str], np.ndarray]) -> float:
    names = [name for name in BLENDSHAPES if name.startswith("brow")]
    return _unit(max(float(np.subtract(*np.percentile(moves(name), (95, 5)))) for name in names))


def _closures(opening: np.ndarray, fps: float) -> float:
    """Speed at which the lips meet: the upper tenth of their closing rates, against a very crisp one."""
    rates = -np.diff(np.clip(opening, 0.0, 1.0)) * fps
    closing = rates[rates > 0.1]
    return _unit(float(np.percentile(closing, 90)) / _CLOSING_RATE) if len(closing) else 0.0


def _unit(value: float) -> float:
    return float(min(max(value, 0.0), 1.0))
