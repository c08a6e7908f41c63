"""Writes a bake: one Action, on NLA tracks of its own."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np

from ..bake_plan import BakePlan
from ..options import StripOptions
from ..pose import Curves
from ..scene_read.bakes import REST, TRACK, own_strips
from .actions import fill_action, mark
from .strips import add_strip, adding, lay, new_track, refuse_tweaked, remove_former, soloed


def write_bake(plan: BakePlan) -> bpy.types.Action:
    """Put ``plan`` on the scene and take Mouthpiece's former bake of the same datablocks away.

    Everything new is made before anything old goes; on any error the new is removed and the error raised.
    Raises RigError while a strip that it would replace is being tweaked.
    """
    blocks = [curves.datablock for curves in plan.curves]
    refuse_tweaked(blocks)
    bare = [block for block in blocks if block.animation_data is None]
    tracks: list[tuple[bpy.types.AnimData, bpy.types.NlaTrack]] = []
    grounds: list[tuple[bpy.types.AnimData, bpy.types.NlaTrack]] = []
    action = bpy.data.actions.new(plan.name)
    try:
        rests = [_rest(part) for part in plan.curves if _needs_rest(part.datablock, plan.strip)]
        slots = fill_action(action, plan.frames, (*plan.curves, *rests))
        for part, slot in zip(rests, slots[len(blocks) :], strict=True):
            data = part.datablock.animation_data or part.datablock.animation_data_create()
            grounds.append((data, new_track(data)))
            add_strip(grounds[-1][1], action, slot, plan.frames)
        for block, slot in zip(blocks, slots[: len(blocks)], strict=True):
            data = block.animation_data or block.animation_data_create()
            over = plan.strip.patch and any(map(own_strips, data.nla_tracks))
            tracks.append((data, new_track(data, over=over)))
            add_strip(tracks[-1][1], action, slot, plan.frames)
            lay(tracks[-1][1].strips[0], plan.strip, over=over)
    except Exception:
        for data, track in (*tracks, *grounds):
            data.nla_tracks.remove(track)
        for block in bare:
            block.animation_data_clear()
        bpy.data.actions.remove(action)
        raise
    alone = [track for data, track in tracks if soloed(data)]
    remove_former(blocks, action, plan)
    for (data, track), block in zip(tracks, blocks, strict=True):
        track.name = track.strips[0].name = TRACK
        track.is_solo = track in alone and not soloed(data)
        if plan.strip.additive and block.animation_data.action is not None:
            block.animation_data.action_blend_type = adding(track.strips[0])
        block.update_tag()
    for _, track in grounds:
        track.name = track.strips[0].name = REST
    mark(action, plan)
    return action


def _needs_rest(block: bpy.types.ID, options: StripOptions) -> bool:
    """Whether a bake that fades or adds must find its shape keys at rest below it.

    Blender 5 takes 1 for a shape key that nothing on the NLA moves.
    """
    if block.id_type != "KEY" or not (options.additive or options.blend_in or options.blend_out):
        return False
    if bpy.types.ShapeKey.bl_rna.properties["value"].default == 0.0:
        return False
    tracks = block.animation_data.nla_tracks if block.animation_data else ()
    return all(len(own_strips(track)) == len(track.strips) for track in tracks)


def _rest(part: Curves) -> Curves:
    """The same curves at rest, keyed at their ends only."""
    ends = np.zeros(part.values.shape, bool)
    ends[[0, -1]] = True
    return replace(part, slot=f"{part.slot} rest", values=np.zeros_like(part.values), needed=ends)
