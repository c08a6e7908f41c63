"""What a bake finds below it on the NLA, and the keys that it lays there where it finds nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import bpy
import numpy as np

from ..bake_plan import BakePlan
from ..options import StripOptions
from ..pose import Curves
from ..scene_read.bakes import moved_paths, own_strips, playing


@dataclass(frozen=True)
class Ground:
    """Curves to lie right below a bake, which show also around it where they ``hold``."""

    curves: Curves
    hold: bool


@dataclass(frozen=True)
class Below:
    """Which of a bake's ``paths`` strips below it move ``ever``, and which while it plays (``meanwhile``)."""

    ever: frozenset[tuple[str, int]]
    meanwhile: frozenset[tuple[str, int]]


def look_below(part: Curves, plan: BakePlan, tracks: Iterable[bpy.types.NlaTrack], *, over: bool) -> Below:
    """What strips on ``tracks`` move; Mouthpiece's own count where the bake lies ``over`` them."""
    ever, meanwhile, paths = set(), set(), set(part.paths)
    for strip, first, last in _shown(tracks, own=over):
        moved = paths & moved_paths(strip)
        ever |= moved
        if first <= plan.frames[-1] and last >= plan.frames[0]:
            meanwhile |= moved
    return Below(frozenset(ever), frozenset(meanwhile))


def shown_always(tracks: Iterable[bpy.types.NlaTrack]) -> frozenset[tuple[str, int]]:
    """The paths that strips of hers on ``tracks`` move at all times."""
    spans: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for strip, first, last in _shown(tracks, own=False):
        for path in moved_paths(strip):
            spans.setdefault(path, []).append((first, last))
    return frozenset(path for path, shown in spans.items() if _gapless(shown))


def _shown(
    tracks: Iterable[bpy.types.NlaTrack], *, own: bool
) -> Iterator[tuple[bpy.types.NlaStrip, float, float]]:
    """The strips that play on ``tracks``, and from when to when; Mouthpiece's if its ``own`` count."""
    for track in tracks:
        baked = [] if own else own_strips(track)
        yield from (shown for shown in playing(track) if shown[0] not in baked)


def _gapless(spans: list[tuple[float, float]]) -> bool:
    """Whether ``spans`` together fill all time."""
    reached = -np.inf
    for first, last in sorted(spans):
        if first > reached:
            return False
        reached = max(reached, last)
    return reached == np.inf


def grounds(part: Curves, options: StripOptions, below: Below, *, over: bool) -> list[Ground]:
    """What must lie below a bake of shape keys. Bones and properties rest by themselves.

    One that fades or adds must find the keys at rest where nothing else moves them: Blender 5 takes 1 for
    them. One that leaves the frames around it to strips below holds there what these do not move.
    """
    if part.id_type != "KEY":
        return []
    free = [path not in below.ever for path in part.paths]
    late = [path in below.ever - below.meanwhile for path in part.paths]
    found = []
    if options.additive or options.blend_in or options.blend_out:
        still = replace(part, values=np.zeros_like(part.values))
        if not _keys_rest():
            found = [Ground(ends(still, free), True), Ground(ends(still, late), False)]
    elif below.ever and not over:
        found = [Ground(ends(part, free), True)]
    return [ground for ground in found if ground.curves.paths]


def _keys_rest() -> bool:
    """Whether the NLA takes 0 for a shape key that nothing moves."""
    return bpy.types.ShapeKey.bl_rna.properties["value"].default == 0.0


def ends(part: Curves, chosen: list[bool]) -> Curves:
    """The ``chosen`` curves of a part, keyed at their ends only."""
    paths = tuple(path for path, wanted in zip(part.paths, chosen, strict=True) if wanted)
    values = part.values[:, chosen]
    needed = np.zeros(values.shape, bool)
    needed[[0, -1]] = True
    return replace(part, slot=f"{part.slot} rest", paths=paths, values=values, needed=needed)
