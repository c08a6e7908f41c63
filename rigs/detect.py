"""What a character's shape keys mean: presets first, then names, and whether its mouth speaks by poses."""

from __future__ import annotations

from collections.abc import Mapping as Names
from dataclasses import dataclass, field

from ..inference.types import BLENDSHAPES
from .mapping import Mapping, PoseValue
from .matching import MOUTH, match
from .presets import Preset, Recipe, presets

ENOUGH_MOUTH = 14
"""A rig with fewer mouth channels than this speaks better by its visemes, if it has any."""
BY_NAME = "names"
"""What stands for a preset when single names were understood."""


@dataclass(frozen=True)
class Detection:
    """``meshes``: mesh name → mapping of its keys that follow channels. ``poses``: keys that are blended by
    ``reduce``, and what they show; ``laid`` how they become key values where an artist's table says so.
    ``confidence`` 0..1 is the share of the ``preset`` that was found."""

    preset: str
    confidence: float
    meshes: dict[str, Mapping]
    poses: dict[str, Recipe]
    laid: dict[str, PoseValue] = field(default_factory=dict)


def detect(meshes: Names[str, tuple[str, ...]]) -> Detection:
    """Tell the shape keys of a character apart; ``meshes`` maps mesh names to their key names."""
    every = tuple(dict.fromkeys(name for names in meshes.values() for name in names))
    follows, poses, label, confidence = _family(every)
    found = {mesh: _merged(names, follows) for mesh, names in meshes.items()}
    covered = {channel for mapping in found.values() for channel in mapping.matched}
    if not label and covered:
        label, confidence = BY_NAME, len(covered) / len(BLENDSHAPES)
    if len(covered & MOUTH) >= ENOUGH_MOUTH or not poses:
        return Detection(label, confidence, found, {})
    for mapping in found.values():
        poses |= {key: weights for key, weights in mapping.drives.items() if set(weights) <= MOUTH}
    return Detection(label, confidence, {m: mapping.without(poses) for m, mapping in found.items()}, poses)


def _family(names: tuple[str, ...]) -> tuple[dict[str, Recipe], dict[str, Recipe], str, float]:
    """The preset that explains most of the names: what follows, what poses, its name and its confidence."""
    found = [(preset, *preset.found(names)) for preset in presets()]
    likely = [item for item in found if len(item[1]) + len(item[2]) >= item[0].least]
    if not likely:
        return {}, {}, "", 0.0
    best = max(likely, key=lambda item: (len(item[1]) + len(item[2]), _confidence(*item)))
    poses = max((item[2] for item in likely), key=len)
    return _unshared(best[1]), dict(poses), best[0].name, _confidence(*best)


def _confidence(preset: Preset, follows: dict[str, Recipe], poses: dict[str, Recipe]) -> float:
    """Share of the channels and poses of the preset that the rig has."""
    wanted = {channel for _, recipe in preset.follows for channel in recipe}
    have = {channel for recipe in follows.values() for channel in recipe}
    if preset.poses and poses:
        pose_share = len(poses) / len(preset.poses)
        return max(pose_share, len(have) / len(wanted)) if wanted else pose_share
    return len(have) / len(wanted) if wanted else 0.0


def _unshared(follows: dict[str, Recipe]) -> dict[str, Recipe]:
    """Drop shapes of both sides where each side has a shape of its own."""
    own = {channel for recipe in follows.values() if len(recipe) == 1 for channel in recipe}
    return {key: recipe for key, recipe in follows.items() if len(recipe) == 1 or not set(recipe) <= own}


def _merged(names: tuple[str, ...], follows: dict[str, Recipe]) -> Mapping:
    """The keys of one mesh that follow: by name alone where that says as much, else by the preset first."""
    plain_match = match(names)
    known = {name: follows[name] for name in names if name in follows}
    said = {channel for recipe in known.values() for channel in recipe}
    if said <= set(plain_match.matched):
        return plain_match
    more = {
        key: weights
        for key, weights in plain_match.drives.items()
        if key not in known and not said & set(weights)
    }
    drives = {name: known.get(name) or more[name] for name in names if name in known or name in more}
    return Mapping(drives, tuple(name for name in names if name not in drives))
