"""Which shape key of a rig moves with which canonical channel, told from the names alone.

Understood: ARKit camelCase, ``Mouth_Open``-like words, ``_L``/``.R``/``Left``/``right`` wherever they
stand, lower case, Blender's ``.001``, and prefixes (``ARKit_jawOpen``, ``blendShape1.jawOpen``,
``CC_Base_Mouth_Open``). A key without a side moves with the mean of both sides, a key with a side moves
with a channel that has none; so one channel may drive several keys and several channels one key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..inference.errors import Message
from ..inference.types import BLENDSHAPES
from .mapping import Mapping
from .synonyms import BOTH_EYES, SYNONYMS

SIDES = {"l": "Left", "left": "Left", "r": "Right", "right": "Right"}
MOUTH = frozenset(name for name in BLENDSHAPES if name.startswith(("jaw", "mouth", "tongue")))
OTHER = {"Left": "Right", "Right": "Left"}


@dataclass(frozen=True)
class Coverage:
    """What a character covers of the 52 channels; ``meshes`` are (mesh name, mapping) pairs.

    ``preset`` and ``confidence`` say what the rig was taken for, ``poses`` are mouth shapes that are blended,
    ``controls`` the owners of mapped bones and properties and ``controlled`` the channels that move them.
    """

    meshes: tuple[tuple[str, Mapping], ...]
    preset: str = ""
    confidence: float = 0.0
    poses: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    controlled: tuple[str, ...] = ()

    @property
    def matched(self) -> tuple[str, ...]:
        found = {channel for _, mapping in self.meshes for channel in mapping.matched}
        return tuple(name for name in BLENDSHAPES if name in found or name in self.controlled)

    @property
    def missing(self) -> tuple[str, ...]:
        """Channels that nothing shows; poses show the whole mouth."""
        found = set(self.matched)
        return tuple(name for name in BLENDSHAPES if name not in found and not (self.poses and name in MOUTH))

    def summary(self) -> Message:
        """One line for a panel."""
        poses = Message(", speech by {count} mouth poses", count=len(self.poses)) if self.poses else ""
        missing = Message("; missing {names}", names=", ".join(self.missing)) if self.missing else ""
        return Message(
            "{count} of {whole} channels matched{poses}{missing}",
            count=len(self.matched),
            whole=len(BLENDSHAPES),
            poses=poses,
            missing=missing,
        )

    def text(self) -> Message:
        """What a rigger needs, line by line: missing channels, and per mesh renamed and unused keys."""
        lines = [self.summary()]
        if self.preset:
            lines.append(
                Message(
                    "recognised by {preset}, confidence {confidence:.0%}",
                    preset=self.preset,
                    confidence=self.confidence,
                )
            )
        if self.poses:
            lines.append(Message("blended: {names}", names=", ".join(self.poses)))
        for name, mapping in self.meshes:
            lines.append(Message("{name}: {count} shape keys animated", name=name, count=len(mapping.drives)))
            renamed = {key: weights for key, weights in mapping.drives.items() if key not in weights}
            lines += [f"  {key} ← {_weights_text(weights)}" for key, weights in renamed.items()]
            unused = [key for key in mapping.unused if key not in self.poses]
            if unused:
                lines.append(Message("  unused: {unused}", unused=", ".join(unused)))
        for owner in dict.fromkeys(self.controls):
            lines.append(
                Message("{owner}: {value} controls animated", owner=owner, value=self.controls.count(owner))
            )
        return Message.joined(lines, "\n")


def match(names: Iterable[str]) -> Mapping:
    """Match the shape-key ``names`` of one mesh (without its basis).

    Where several keys claim a channel, the plainest name wins: canonical before synonym before prefixed.
    """
    names = tuple(dict.fromkeys(names))
    claims = {name: claim for name in names if (claim := _whole_name(name)) is not None}
    prefixed = {name: found for name in names if name not in claims for found in [_prefixed(name)] if found}
    trusted = {prefix for prefix, claim in prefixed.values() if claim.words > 1}
    for name, (prefix, claim) in prefixed.items():
        if claim.words > 1 or prefix in trusted:
            claims[name] = claim
    best: dict[str, int] = {}
    for claim in claims.values():
        for channel in claim.weights:
            best[channel] = min(best.get(channel, claim.rank), claim.rank)
    drives: dict[str, dict[str, float]] = {}
    taken: set[tuple[str, str]] = set()
    for name in names:
        claim = claims.get(name)
        if claim is None or any(best[channel] < claim.rank for channel in claim.weights):
            continue
        places = {(channel, claim.side) for channel in claim.weights}
        if places & taken:
            continue
        taken |= places
        drives[name] = dict(claim.weights)
    return Mapping(drives, tuple(name for name in names if name not in drives))


@dataclass(frozen=True)
class _Claim:
    """What a name says: the channels and weights, the side it names, its plainness and word count."""

    weights: dict[str, float]
    side: str
    rank: int
    words: int


def _words(name: str) -> list[str]:
    """Lower-case words of a name, split at camelCase, digits and separators."""
    name = re.sub(r"\.\d{3}$", "", name)
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+", name)]


def _channel_table() -> dict[tuple[str, str], str]:
    """(base words run together, side or "") → channel."""
    table = {}
    for channel in BLENDSHAPES:
        words = _words(channel)
        side = SIDES.get(words[-1], "")
        table["".join(words[:-1] if side else words), side] = channel
    return table


_CHANNELS = _channel_table()
_BASES: dict[str, tuple[str, int, int]] = {}
"""Spelling run together → (canonical base run together, rank, number of words)."""
for _base, _side in _CHANNELS:
    _name = _CHANNELS[_base, _side].removesuffix(_side) if _side else _CHANNELS[_base, _side]
    _BASES[_base] = (_base, 0, len(_words(_name)))
for _canonical, _spellings in SYNONYMS.items():
    for _spelling in _spellings:
        _BASES[_spelling.replace(" ", "")] = (_canonical.replace(" ", ""), 1, _spelling.count(" ") + 1)


def _whole_name(name: str) -> _Claim | None:
    """The claim of a name without any prefix."""
    return _claim(_words(name), 0)


def _prefixed(name: str) -> tuple[str, _Claim] | None:
    """The claim of the longest known end of a name, with the words before it."""
    words = _words(name)
    for start in range(1, len(words)):
        claim = _claim(words[start:], 2)
        if claim is not None:
            return " ".join(words[:start]), claim
    return None


def _claim(words: list[str], rank: int) -> _Claim | None:
    """Read ``words`` as base and sides; ``rank`` is added to the spelling's own."""
    sides = [SIDES[word] for word in words if word in SIDES]
    base = "".join(word for word in words if word not in SIDES)
    claim = _gaze(base, sides, rank) or (_based(base, sides, rank) if len(sides) < 2 else None)
    if claim is None and not sides:
        for ending, side in (("left", "Left"), ("right", "Right"), ("l", "Left"), ("r", "Right")):
            if base.endswith(ending):
                stem = base.removesuffix(ending)
                claim = claim or _gaze(stem, [side], rank) or _based(stem, [side], rank)
    return claim


def _based(base: str, sides: list[str], rank: int) -> _Claim | None:
    if base not in _BASES:
        return None
    canonical, own_rank, words = _BASES[base]
    side = sides[0] if sides else ""
    channels = [channel for channel in [_CHANNELS.get((canonical, side))] if channel]
    if not channels and side:
        channels = [channel for channel in [_CHANNELS.get((canonical, ""))] if channel]
    elif not channels and canonical not in ("jaw", "mouth"):  # there a side is a direction, not a half
        channels = [_CHANNELS[canonical, half] for half in OTHER]
    if not channels:
        return None
    weights = {channel: 1.0 / len(channels) for channel in channels}
    return _Claim(weights, side, rank + own_rank, words)


def _gaze(base: str, sides: list[str], rank: int) -> _Claim | None:
    """``Eye_L_Look_R`` (one eye, a direction) and ``Eyes_Look_Left`` (both eyes, a direction)."""
    if base not in {words.replace(" ", "") for words in BOTH_EYES} or not sides:
        return None
    direction = sides[-1]
    eyes = sides[:1] if len(sides) == 2 else list(OTHER)
    weights = {f"eyeLook{'Out' if eye == direction else 'In'}{eye}": 1.0 / len(eyes) for eye in eyes}
    return _Claim(weights, sides[0] if len(sides) == 2 else "", rank + 1, 3)


def _weights_text(weights: dict[str, float]) -> str:
    if len(weights) == 1:
        return next(iter(weights))
    if len({round(weight, 6) for weight in weights.values()}) == 1 and abs(sum(weights.values()) - 1) < 1e-6:
        return Message("mean of {weights}", weights=", ".join(weights))
    most = sorted(weights, key=lambda channel: -abs(weights[channel]))
    shown = ", ".join(f"{weights[channel]:.2g} {channel}" for channel in most[:4])
    return Message("{shown} and {count} more", shown=shown, count=len(most) - 4) if len(most) > 4 else shown
