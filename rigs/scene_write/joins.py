"""A line that is baked alone begins and ends as its neighbours on the NLA do."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

import bpy
import numpy as np

from ..bake_plan import BakePlan, mouth_paths, of_mouth
from ..dialogue import EASE, Span, easing
from ..pose import Curves
from ..rig import Rig
from ..scene_read import curves_of
from ..scene_read.bakes import REST, own_strips
from .line_home import LINE_MARK

Neighbours = dict[bpy.types.ID, list[bpy.types.NlaStrip]]
"""The lines that stay on each datablock."""


def neighbours(blocks: Iterable[bpy.types.ID], baked: Collection[str]) -> Neighbours:
    """Lines on the NLA of ``blocks``, apart from those that are ``baked`` now."""
    found: Neighbours = {}
    for block in blocks:
        tracks = block.animation_data.nla_tracks if block.animation_data else ()
        own = (strip for track in tracks if not track.name.startswith(REST) for strip in own_strips(track))
        lines = (strip for strip in own if LINE_MARK in strip.action)
        found[block] = [strip for strip in lines if strip.action[LINE_MARK] not in baked]
    return found


def joined(plan: BakePlan, rig: Rig, span: Span, lines: Neighbours, rate: float) -> BakePlan:
    """``plan`` of a line at scene frames ``span`` that leaves the pose in which the one before it ends and
    comes to that in which the next begins, where these are among ``lines`` and less than a second away.

    Mouths are left alone, since lips must meet their sounds. ``rate`` are the scene's frames a second.
    """
    passed = (plan.frames - span[0]) / (EASE * rate)
    left = (span[1] - plan.frames) / (EASE * rate)
    mouth, parts = mouth_paths(rig), []
    for part in plan.curves:
        before = [strip for strip in lines[part.datablock] if 0.0 <= span[0] - strip.frame_end < rate]
        after = [strip for strip in lines[part.datablock] if 0.0 <= strip.frame_start - span[1] < rate]
        free = ~of_mouth(mouth, part)
        if before:
            strip = max(before, key=lambda strip: strip.frame_end)
            part = _eased(part, free, easing(passed), strip, strip.action_frame_end)
        if after:
            strip = min(after, key=lambda strip: strip.frame_start)
            part = _eased(part, free, easing(left), strip, strip.action_frame_start)
        parts.append(part)
    return replace(plan, curves=tuple(parts))


def _eased(
    part: Curves, free: np.ndarray, weight: np.ndarray, strip: bpy.types.NlaStrip, frame: float
) -> Curves:
    """The ``free`` curves of a part moved by ``weight [M]`` towards what ``strip`` shows at ``frame`` of its
    action."""
    curves = {(c.data_path, c.array_index): c for c in curves_of(strip.action, strip.action_slot)}
    values, needed, moved = part.values.copy(), part.needed, weight > 0.0
    if needed is not None:
        needed = needed | (moved[:, None] & free)
    for place in np.flatnonzero(free):
        if curve := curves.get(part.paths[place]):
            values[:, place] += weight * (curve.evaluate(frame) - values[:, place])
    return replace(part, values=values, needed=needed)
