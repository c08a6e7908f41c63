"""Writes Blender's animation data: one Action per bake, on NLA tracks of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import bpy
import numpy as np

from ..inference.types import BLENDSHAPES, HEAD, INDEX, Take
from . import head
from .bake_plan import BakePlan
from .options import StripOptions
from .pose import Curves
from .scene_read import MARK, curves_of
from .scene_read.animation import OWNER

TRACK = "Mouthpiece"
OTHERS_MARK = "mouthpiece_moves"
"""Custom properties (numbered) that point from a baked Action to the heads, armatures and others it moves."""


def write_bake(plan: BakePlan) -> bpy.types.Action:
    """Put ``plan`` on the scene and take Mouthpiece's former bake of the same datablocks away.

    Everything new is made before anything old goes; on any error the new is removed and the error raised.
    """
    blocks = [curves.datablock for curves in plan.curves]
    bare = [block for block in blocks if block.animation_data is None]
    tracks: list[tuple[bpy.types.AnimData, bpy.types.NlaTrack]] = []
    grounds: list[tuple[bpy.types.AnimData, bpy.types.NlaTrack]] = []
    action = bpy.data.actions.new(plan.name)
    try:
        rests = [_rest(part) for part in plan.curves if _needs_rest(part.datablock, plan.strip)]
        slots = fill_action(action, plan.frames, (*plan.curves, *rests))
        mark(action, plan)
        for part, slot in zip(rests, slots[len(blocks) :], strict=True):
            data = part.datablock.animation_data or part.datablock.animation_data_create()
            grounds.append((data, _new_track(data)))
            _add_strip(grounds[-1][1], action, slot, plan.frames)
        for block, slot in zip(blocks, slots[: len(blocks)], strict=True):
            data = block.animation_data or block.animation_data_create()
            over = plan.strip.patch and any(is_ours(s) for t in data.nla_tracks for s in t.strips)
            tracks.append((data, _new_track(data, over=over)))
            _add_strip(tracks[-1][1], action, slot, plan.frames)
            _lay(tracks[-1][1].strips[0], plan.strip, over=over)
    except Exception:
        for data, track in (*tracks, *grounds):
            data.nla_tracks.remove(track)
        for block in bare:
            block.animation_data_clear()
        bpy.data.actions.remove(action)
        raise
    _remove_former(blocks, action, plan)
    for (_, track), block in zip(tracks, blocks, strict=True):
        track.name = track.strips[0].name = TRACK
        if plan.strip.additive and block.animation_data.action is not None:
            block.animation_data.action_blend_type = _adding(track.strips[0])
        block.update_tag()
    for _, track in grounds:
        track.name = track.strips[0].name = f"{TRACK} Rest"
    action.name = plan.name
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
    return all(is_ours(strip) for track in tracks for strip in track.strips)


def _rest(part: Curves) -> Curves:
    """The same curves at rest, keyed at their ends only."""
    ends = np.zeros(part.values.shape, bool)
    ends[[0, -1]] = True
    return replace(part, slot=f"{part.slot} rest", values=np.zeros_like(part.values), needed=ends)


def mark(action: bpy.types.Action, plan: BakePlan) -> None:
    """Let a later bake know that ``action`` is Mouthpiece's, and what it moves beside shape keys."""
    action[MARK] = True
    others = [part.datablock for part in plan.curves if part.id_type != "KEY"]
    for number, block in enumerate(others):
        action[f"{OTHERS_MARK}_{number}"] = block


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


def copy_take(action: bpy.types.Action, frame: float | None = None) -> bpy.types.Action:
    """A copy of a bake as an asset of its own, which no bake replaces; of one scene ``frame`` when given."""
    made = action.copy()
    for name, _ in [item for item in made.items() if item[0].startswith(MARK)]:
        del made[name]
    kind = "Take" if frame is None else f"Pose {frame:g}"
    made.name = f"{action.name.removeprefix(TRACK).strip() or action.name} {kind}"
    if frame is not None:
        for slot in made.slots:
            for curve in curves_of(made, slot):
                value = curve.evaluate(frame)
                curve.keyframe_points.clear()
                curve.keyframe_points.insert(frame, value)
    made.asset_mark()
    made.asset_data.description = "Facial animation by Mouthpiece"
    return made


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


def _new_track(data: bpy.types.AnimData, *, over: bool = False) -> bpy.types.NlaTrack:
    """A track above Mouthpiece's former one (above the last of several when it is to lie ``over`` them), with
    its mute state, else above all."""
    former = [track for track in data.nla_tracks if any(map(is_ours, track.strips))]
    if not former:
        return data.nla_tracks.new()
    chosen = former[-1] if over else former[0]
    track = data.nla_tracks.new(prev=chosen)
    track.mute = chosen.mute
    return track


def _add_strip(
    track: bpy.types.NlaTrack, action: bpy.types.Action, slot: bpy.types.ActionSlot, frames: np.ndarray
) -> None:
    """Play ``action`` unmoved and hold its ends, since Blender 5 rests a shape key that none plays at 1."""
    first, last = float(np.floor(frames[0])), float(np.floor(frames[-1]) + 1.0)
    strip = track.strips.new(TRACK, int(first), action)
    strip.action_slot = slot
    strip.action_frame_start, strip.action_frame_end = first, last
    strip.frame_start, strip.frame_end = first, last
    strip.extrapolation = "HOLD"


def _lay(strip: bpy.types.NlaStrip, options: StripOptions, *, over: bool) -> None:
    """Blend the strip as the artist wants. One that lies ``over`` a former bake shows only where it is."""
    strip.blend_type = _adding(strip) if options.additive else "REPLACE"
    length = strip.frame_end - strip.frame_start
    strip.blend_in = min(options.blend_in, length)
    strip.blend_out = min(options.blend_out, length - strip.blend_in)
    if over:
        strip.extrapolation = "NOTHING"


def _adding(strip: bpy.types.NlaStrip) -> str:
    """How values are added: shape keys plainly, turns of bones by Blender's own rules for each property."""
    return "ADD" if strip.action_slot.target_id_type == "KEY" else "COMBINE"


def _remove_former(blocks: list[bpy.types.ID], action: bpy.types.Action, plan: BakePlan) -> None:
    """Remove Mouthpiece's other strips from ``blocks`` and from what else they moved, and unused Actions.

    A patch takes away only what lies wholly under it.
    """
    span = (float(plan.frames[0]) - 1.0, float(plan.frames[-1]) + 1.0) if plan.strip.patch else None
    former: set[bpy.types.Action] = set()
    others: set[bpy.types.ID] = set()
    for block in blocks:
        gone = _remove_strips(block, action, span=span)
        former |= gone
        others |= {block for old in gone for block in moved_by(old)}
    for moved in others.difference(blocks):
        _remove_strips(moved, action, only=former)
    for old in former:
        if old.users == 0:
            bpy.data.actions.remove(old)


def moved_by(action: bpy.types.Action) -> list[bpy.types.ID]:
    """What a bake moves beside shape keys."""
    marked = [value for name, value in action.items() if name.startswith(OTHERS_MARK)]
    return [block for block in marked if isinstance(block, bpy.types.ID)]


def _remove_strips(
    block: bpy.types.ID,
    keep: bpy.types.Action,
    *,
    only: set[bpy.types.Action] | None = None,
    span: tuple[float, float] | None = None,
) -> set[bpy.types.Action]:
    """Remove Mouthpiece's strips but ``keep``'s, and tracks that leaves empty; the strips' Actions.

    ``only`` these Actions' strips go, and only those that lie within the scene frames of ``span``.
    """
    gone = set()
    data = block.animation_data
    for track in list(data.nla_tracks) if data else ():
        ours = [strip for strip in track.strips if is_ours(strip) and strip.action != keep]
        former = [strip for strip in ours if only is None or strip.action in only]
        if span is not None:
            former = [s for s in former if s.frame_start >= span[0] and s.frame_end <= span[1]]
        for strip in former:
            gone.add(strip.action)
            track.strips.remove(strip)
        if former and not track.strips:
            data.nla_tracks.remove(track)
    return gone


def is_ours(strip: bpy.types.NlaStrip) -> bool:
    """Whether Mouthpiece baked what the strip plays."""
    return strip.action is not None and MARK in strip.action


def show_pose(curves: Iterable[Curves]) -> None:
    """Set the values ``[1, P]`` of every part without a keyframe; they hold until the frame changes."""
    for part in curves:
        for (path, index), value in zip(part.paths, part.values[0], strict=True):
            _assign(part.datablock, path, index, float(value))


def _assign(block: bpy.types.ID, path: str, index: int, value: float) -> None:
    """Set what an F-curve of ``path`` and ``index`` would set."""
    if path.endswith("]"):
        owner, _, name = path.rpartition("[")
        holder = block.path_resolve(owner) if owner else block
        name = bpy.utils.unescape_identifier(name[1:-2])
        holder[name] = round(value) if isinstance(holder[name], int) else value
        block.update_tag()
        return
    owner, _, name = path.rpartition(".")
    holder = block.path_resolve(owner) if owner else block
    current = getattr(holder, name)
    if hasattr(current, "__len__"):
        current[index] = value
    else:
        setattr(holder, name, value)
