"""An artist's mapping: which channel moves which part of a rig, by how much. Pure data.

A table is a tuple of entries, each from one channel to one target; several entries may share a channel (it
moves several targets) or a target (their contributions add up).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from ..inference.types import CHANNELS, INDEX, C

KINDS = ("SHAPE_KEY", "POSE", "PROPERTY", "BONE")
AXES = tuple(f"{part}_{axis}" for part in ("LOCATION", "ROTATION", "SCALE") for axis in "XYZ")


@dataclass(frozen=True)
class Target:
    """One animatable value of a rig.

    ``kind``: a shape key (``name`` is the key, ``owner`` a mesh object or "" for every mesh that has it), a
    shape key that is a whole pose of the mouth (its gains say what it shows; poses are blended together), a
    property (``name`` is a data path on the object ``owner``) or a transform of the pose bone ``name`` of the
    armature ``owner`` along ``axis``, in metres, radians or as a factor.
    """

    kind: str
    owner: str
    name: str
    axis: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"a target is one of {', '.join(KINDS)}, not {self.kind!r}")
        if not self.name:
            raise ValueError("a target needs a name")
        if self.kind == "BONE" and self.axis not in AXES:
            raise ValueError(f"the axis of a bone is one of {', '.join(AXES)}, not {self.axis!r}")
        if self.kind in ("PROPERTY", "BONE") and not self.owner:
            raise ValueError(f"{self.name} needs the object that it belongs to")


@dataclass(frozen=True)
class Entry:
    """``gain · channel + offset`` (``gain · (1 - channel) + offset`` when inverted) is added to the target;
    the sum of a target's entries is kept within the narrowest of their ranges ``low … high``.

    For a mouth pose the gain says what the pose shows; the rest is about its key (see ``PoseValue``)."""

    channel: str
    target: Target
    gain: float = 1.0
    offset: float = 0.0
    invert: bool = False
    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        if self.channel not in INDEX:
            raise ValueError(f"{self.channel!r} is no channel; they are {CHANNELS[0]} … {CHANNELS[-1]}")
        if not (math.isfinite(self.gain) and math.isfinite(self.offset)):
            raise ValueError(f"{self.target.name}: gain and offset must be numbers")
        if not self.low <= self.high:
            raise ValueError(f"{self.target.name}: the range ends ({self.high:g}) below its start")


@dataclass(frozen=True)
class Affine:
    """Values of ``K`` targets: ``clip(channels @ weights + offsets, low, high)``; ``weights [C, K]``."""

    weights: np.ndarray
    offsets: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels that move anything, in canonical order."""
        return tuple(CHANNELS[i] for i in np.flatnonzero((self.weights != 0.0).any(axis=1)))

    def __call__(self, channels: np.ndarray) -> np.ndarray:
        """``channels [T, C]`` to values ``float32 [T, K]``."""
        values = np.asarray(channels, np.float32) @ self.weights + self.offsets
        return np.clip(values, self.low, self.high).astype(np.float32)


@dataclass(frozen=True)
class Mapping:
    """How one set of shape keys follows the channels.

    ``drives`` maps each driven key, in rig order, to its channels and their weights; ``offsets`` and
    ``ranges`` hold what differs from 0 and from no limit; ``unused`` are the keys that follow nothing.
    """

    drives: dict[str, dict[str, float]]
    unused: tuple[str, ...] = ()
    offsets: dict[str, float] = field(default_factory=dict)
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def matched(self) -> tuple[str, ...]:
        """Channels that move at least one key, in canonical order."""
        found = {channel for weights in self.drives.values() for channel in weights}
        return tuple(name for name in CHANNELS if name in found)

    def without(self, keys: Iterable[str]) -> Mapping:
        """The mapping that leaves ``keys`` alone (driven elsewhere in the rig)."""
        dropped = set(keys)
        kept = {key: weights for key, weights in self.drives.items() if key not in dropped}
        left = tuple(key for key in self.drives if key in dropped)
        return Mapping(kept, self.unused + left, self.offsets, self.ranges)

    def affine(self) -> Affine:
        """The mapping as matrices, keys in the order of ``drives``."""
        return affine(self.drives, self.offsets, self.ranges)

    def entries(self, owner: str = "") -> Iterator[Entry]:
        """The mapping as entries of an artist's table."""
        for key, weights in self.drives.items():
            low, high = self.ranges.get(key, (-math.inf, math.inf))
            offset = self.offsets.get(key, 0.0)
            for channel, gain in weights.items():
                yield Entry(channel, Target("SHAPE_KEY", owner, key), gain, offset, low=low, high=high)
                offset = 0.0


@dataclass(frozen=True)
class PoseValue:
    """The value of a mouth pose's key, where the pose is blended in by ``v`` in 0..1: ``offset + v``, or
    ``offset + 1 - v`` when ``inverted``, within ``low … high``."""

    inverted: bool = False
    offset: float = 0.0
    low: float = -math.inf
    high: float = math.inf

    @property
    def sign(self) -> float:
        return -1.0 if self.inverted else 1.0

    @property
    def rest(self) -> float:
        """The key's value where the pose is not blended in."""
        return self.offset + self.inverted

    def span(self, top: float) -> tuple[float, float]:
        """Least and greatest ``v`` that keep the key within its range and below its slider's ``top``."""
        ends = sorted(self.sign * (end - self.rest) for end in (self.low, min(self.high, top)))
        least, most = (min(max(end, 0.0), 1.0) for end in ends)
        return least, most


PLAIN_POSE = PoseValue()


def affine(
    drives: dict[str, dict[str, float]],
    offsets: dict[str, float],
    ranges: dict[str, tuple[float, float]],
) -> Affine:
    """Matrices of targets that follow channels by weights."""
    weights = np.zeros((C, len(drives)), np.float32)
    for column, channels in enumerate(drives.values()):
        for channel, weight in channels.items():
            weights[INDEX[channel], column] = weight
    limits = np.array([ranges.get(name, (-math.inf, math.inf)) for name in drives]).reshape(-1, 2)
    shift = np.array([offsets.get(name, 0.0) for name in drives], np.float32)
    return Affine(weights, shift, limits[:, 0], limits[:, 1])


def poses(entries: Iterable[Entry]) -> dict[str, dict[str, float]]:
    """The mouth poses of a table: shape key → channels that it shows."""
    found: dict[str, dict[str, float]] = {}
    for entry in entries:
        if entry.target.kind == "POSE":
            shown = found.setdefault(entry.target.name, {})
            shown[entry.channel] = shown.get(entry.channel, 0.0) + entry.gain
    return found


def pose_values(entries: Iterable[Entry]) -> dict[str, PoseValue]:
    """How the mouth poses of a table become values of their keys; plain ones are left out.

    A pose is inverted as a whole when one of its rows is; offsets add up, the narrowest range counts.
    """
    found: dict[str, PoseValue] = {}
    for entry in entries:
        if entry.target.kind == "POSE":
            before = found.get(entry.target.name, PLAIN_POSE)
            found[entry.target.name] = PoseValue(
                before.inverted or entry.invert,
                before.offset + entry.offset,
                max(before.low, entry.low),
                min(before.high, entry.high),
            )
    return {key: value for key, value in found.items() if value != PLAIN_POSE}


def compiled(entries: Iterable[Entry]) -> tuple[list[Target], Mapping]:
    """Targets in order of appearance, and a mapping whose "keys" are their places in that list."""
    targets: dict[Target, str] = {}
    drives: dict[str, dict[str, float]] = {}
    offsets: dict[str, float] = {}
    ranges: dict[str, tuple[float, float]] = {}
    for entry in entries:
        place = targets.setdefault(entry.target, str(len(targets)))
        gain = -entry.gain if entry.invert else entry.gain
        weights = drives.setdefault(place, {})
        weights[entry.channel] = weights.get(entry.channel, 0.0) + gain
        offset = entry.offset + (entry.gain if entry.invert else 0.0)
        offsets[place] = offsets.get(place, 0.0) + offset
        low, high = ranges.get(place, (-math.inf, math.inf))
        low, high = max(low, entry.low), min(high, entry.high)
        ranges[place] = (low, max(low, high))
    return list(targets), Mapping(drives, (), offsets, ranges)


def shape_keys(entries: Iterable[Entry], mesh: str, names: Iterable[str]) -> Mapping:
    """The part of a table that moves the shape keys ``names`` of the object ``mesh``, in rig order."""
    names = tuple(names)
    wanted = [
        Entry(
            entry.channel, Target("SHAPE_KEY", "", entry.target.name), entry.gain, entry.offset,
            entry.invert, entry.low, entry.high,
        )
        for entry in entries
        if entry.target.kind == "SHAPE_KEY" and entry.target.owner in ("", mesh)
    ]  # fmt: skip
    targets, merged = compiled(wanted)
    place = {target.name: str(i) for i, target in enumerate(targets)}
    keys = [name for name in names if name in place]
    return Mapping(
        {key: merged.drives[place[key]] for key in keys},
        tuple(name for name in names if name not in place),
        {key: merged.offsets[place[key]] for key in keys if merged.offsets[place[key]]},
        {key: limit for key in keys if (limit := merged.ranges[place[key]]) != (-math.inf, math.inf)},
    )
