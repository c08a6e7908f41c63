"""Actions: made of curves, marked as Mouthpiece's own, kept as takes and assets."""

from __future__ import annotations

from collections.abc import Iterable

import bpy
import numpy as np

from ...inference.types import BLENDSHAPES, HEAD, INDEX, Take
from .. import head
from ..bake_plan import BakePlan
from ..pose import Curves
from ..scene_read import MARK, curves_of
from ..scene_read.animation import OWNER
from ..scene_read.bakes import TRACK

PARTS_MARK = "mouthpiece_moves"
"""Custom properties (numbered) that point from a baked Action to the meshes, heads and others it moves."""
MARGIN = "mouthpiece_margin"
"""Custom property of a bake: scene frames by which it reaches beyond its first key, and its last."""


def fill_action(
    action: bpy.types.Action, frames: np.ndarray, parts: Iterable[Curves]
) -> list[bpy.types.ActionSlot]:
    """Give ``action`` a slot with F-curves per part, keyed at ``frames [M]``; the slots in order."""
    enum = bpy.types.Keyframe.bl_rna.properties["interpolation"].enum_items
    linear = np.full(len(frames), enum["LINEAR"].value, np.int32)
    layer = action.layers.new(TRACK)
    strip = layer.strips.new(type="KEYFRAME")
    points = np.empty((len(frames), 2), np.float32)
    points[:, 0] = frames
    slots = []
    for part in parts:
        slot = action.slots.new(part.id_type, part.slot)
        bag = strip.channelbag(slot, ensure=True)
        for place, (path, index) in enumerate(part.paths):
            points[:, 1] = part.values[:, place]
            keys = points if part.needed is None else points[part.needed[:, place]]
            curve = bag.fcurves.new(path, index=index)
            curve.keyframe_points.add(len(keys))
            curve.keyframe_points.foreach_set("co", keys.ravel())
            curve.keyframe_points.foreach_set("interpolation", linear[: len(keys)])
            curve.update()
        slots.append(slot)
    return slots


def mark(action: bpy.types.Action, plan: BakePlan) -> None:
    """Name ``action`` after ``plan``. Let a later bake know by that name that it is Mouthpiece's and what it
    moves, and an export where it begins and ends."""
    action.name = plan.name
    action[MARK] = action.name
    action[MARGIN] = plan.margin
    for number, part in enumerate(plan.curves):
        block = part.datablock
        action[f"{PARTS_MARK}_{number}"] = block.user if part.id_type == "KEY" else block


def take_action(take: Take, rate: float, start: float = 1.0) -> bpy.types.Action:
    """A new Action that holds ``take`` as ARKit-named shape keys and head turns, ``rate`` frames a second."""
    frames = start + (np.arange(len(take.channels)) + 0.5) / take.fps * rate
    names = [name for name in BLENDSHAPES if take.measured[INDEX[name]]]
    paths = tuple((f'key_blocks["{name}"].value', 0) for name in names)
    curves = [Curves(None, "KEY", "Face", paths, take.channels[:, [INDEX[name] for name in names]])]
    if any(take.measured[INDEX[name]] for name in HEAD):
        turns = head.eulers(head.rotations(take.channels), "XYZ").astype(np.float32)
        curves.append(
            Curves(None, "OBJECT", "Head", tuple(("delta_rotation_euler", i) for i in range(3)), turns)
        )
    action = bpy.data.actions.new(take.name)
    fill_action(action, frames, curves)
    action.use_fake_user = True
    return action


def curves_action(
    name: str, curves: Iterable[Curves], frames: np.ndarray, owner: bpy.types.Object
) -> bpy.types.Action:
    """A new Action of ``curves`` keyed at ``frames [M]`` that remembers the character ``owner`` it fits."""
    action = bpy.data.actions.new(name)
    fill_action(action, frames, curves)
    action[OWNER] = owner
    action.use_fake_user = True
    return action


def copy_take(action: bpy.types.Action, kind: str = "Take") -> bpy.types.Action:
    """A copy of a bake as an asset of its own, which no bake replaces; its name ends in ``kind``."""
    made = action.copy()
    for name, _ in [item for item in made.items() if item[0].startswith(MARK)]:
        del made[name]
    made.name = f"{action.name.removeprefix(TRACK).strip() or action.name} {kind}"
    made.asset_mark()
    made.asset_data.description = "Facial animation by Mouthpiece"
    return made


def copy_pose(action: bpy.types.Action, within: float, frame: float) -> bpy.types.Action:
    """What a bake shows at its own frame ``within``, as an asset keyed at scene ``frame``."""
    made = copy_take(action, f"Pose {frame:g}")
    for slot in made.slots:
        for curve in curves_of(made, slot):
            value = curve.evaluate(within)
            curve.keyframe_points.clear()
            curve.keyframe_points.insert(frame, value)
    return made


def moved_by(action: bpy.types.Action) -> list[bpy.types.ID]:
    """The datablocks whose animation a bake was."""
    marked = [value for name, value in action.items() if name.startswith(PARTS_MARK)]
    blocks = [getattr(block, "shape_keys", block) for block in marked if isinstance(block, bpy.types.ID)]
    return [block for block in blocks if block is not None]
