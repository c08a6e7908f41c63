"""Writes many lines at once: an Action each, side by side on Mouthpiece's NLA tracks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import bpy

from ..bake_plan import BakePlan
from ..pose import Curves
from .actions import fill_action, mark
from .line_home import Home, mark_line
from .line_strips import LineStrip, Strips, beneath, place
from .rest import ends, shown_always
from .strips import refuse_tweaked


@dataclass(frozen=True)
class LinePlan:
    """A line to be written: its id, its curves, and the scene frames that it takes on the NLA.

    Without ``start`` and ``end`` it is an Action only, which the file keeps for later use.
    """

    id: str
    plan: BakePlan
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class _Layer:
    """Curves of a line, whether they hold their last pose, and what of those that do not must lie below."""

    part: Curves
    holds: bool = True
    rest: Curves | None = None


def _lay(part: Curves, hers: frozenset[tuple[str, int]]) -> _Layer:
    """How a line's curves lie on the NLA. Of them ``hers``, which strips below move at all times, show around
    it; what else it moves holds its last pose."""
    others = [path not in hers for path in part.paths]
    if all(others):
        return _Layer(part)
    return _Layer(part, False, ends(part, others) if any(others) else None)


def write_lines(lines: Sequence[LinePlan], home: Home | None = None) -> list[bpy.types.Action]:
    """Make an Action of every line, in order, in place of the line's former one at the same ``home``.

    On the NLA a line also takes the place of whatever else Mouthpiece baked there, and lines that the home no
    longer has go; all other strips stay as they are and show around the lines that lie over them, and those
    of former Actions that were laid out by hand play the new ones. Raises RigError while a strip that it
    would replace is being tweaked.

    Everything new is made before anything old goes; an error leaves the scene as it was.
    """
    home = home or Home(bpy.context.scene.name)
    placed = [line for line in lines if line.start is not None]
    blocks = {part.datablock for line in placed for part in line.plan.curves}
    gone = home.spoken({line.id for line in placed})
    freed = home.freed(gone, blocks)
    refuse_tweaked(blocks | freed)
    hers = {block: shown_always(beneath(block)) for block in blocks}
    actions: list[bpy.types.Action] = []
    strips: dict[bpy.types.ID, Strips] = {}
    try:
        for line in lines:
            action = bpy.data.actions.new(line.plan.name)
            actions.append(action)
            below = hers if line.start is not None else {}
            layers = [_lay(part, below.get(part.datablock, frozenset())) for part in line.plan.curves]
            resting = [layer for layer in layers if layer.rest is not None]
            curves = (*line.plan.curves, *(layer.rest for layer in resting))
            slots = iter(fill_action(action, line.plan.frames, curves))
            mark_line(action, line.id, home.scene if line.start is not None else "")
            action.use_fake_user = line.start is None
            if line.start is None:
                continue
            span = line.start, line.end
            for layer in layers:
                on = strips.setdefault(layer.part.datablock, Strips())
                on.lines.append(LineStrip(line.id, action, next(slots), *span, layer.holds))
            for layer in resting:
                strips[layer.part.datablock].rests.append(
                    LineStrip(f"{line.id} rest", action, next(slots), *span)
                )
        place(strips, gone, freed)
    except Exception:
        for action in actions:
            bpy.data.actions.remove(action)
        raise
    for line, action in zip(lines, actions, strict=True):
        for old in home.kept(line.id, line.plan) if line.start is None else ():
            old.user_remap(action)
            bpy.data.actions.remove(old)
        mark(action, line.plan)
    return actions


@contextmanager
def play_alone(plan: BakePlan) -> Iterator[bpy.types.Action]:
    """An Action of ``plan`` as all that moves its datablocks, for an export; it goes with the block.

    Other tracks are gone for good: this is for a file that nobody saves.
    """
    action = bpy.data.actions.new(plan.name)
    try:
        slots = fill_action(action, plan.frames, plan.curves)
        mark(action, plan)
        for part, slot in zip(plan.curves, slots, strict=True):
            data = part.datablock.animation_data or part.datablock.animation_data_create()
            for track in list(data.nla_tracks):
                data.nla_tracks.remove(track)
            data.action = action
            data.action_slot = slot
        yield action
    finally:
        bpy.data.actions.remove(action)
