"""Writes a bake: one Action, on NLA tracks of its own."""

from __future__ import annotations

import bpy

from ..bake_plan import BakePlan
from .actions import fill_action, mark
from .layer import Layer
from .strips import refuse_tweaked, remove_former


def write_bake(plan: BakePlan) -> bpy.types.Action:
    """Put ``plan`` on the scene and take Mouthpiece's former bake of the same datablocks away.

    Everything new is made before anything old goes; on any error the new is removed and the error raised.
    Raises RigError while a strip that it would replace is being tweaked.
    """
    blocks = [curves.datablock for curves in plan.curves]
    refuse_tweaked(blocks)
    bare = [block for block in blocks if block.animation_data is None]
    layers = [Layer(part, plan) for part in plan.curves]
    action = bpy.data.actions.new(plan.name)
    try:
        rests = [ground.curves for layer in layers for ground in layer.grounds]
        slots = fill_action(action, plan.frames, (*plan.curves, *rests))
        left = iter(slots[len(layers) :])
        for layer, slot in zip(layers, slots, strict=False):
            layer.put(action, [*(next(left) for _ in layer.grounds), slot])
    except Exception:
        for layer in layers:
            layer.undo()
        for block in bare:
            block.animation_data_clear()
        bpy.data.actions.remove(action)
        raise
    remove_former(blocks, action, plan)
    for layer in layers:
        layer.settle(action)
    mark(action, plan)
    return action
