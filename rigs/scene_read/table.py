"""The artist's mapping table: entries on the objects of a character, and what they point at in the scene."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

import bpy

from ...inference.errors import Message
from ..mapping import Entry, Target, compiled
from ..pose import escaped
from ..rig import Control
from .animation import is_driven

_ELEMENT = re.compile(r"^(.+)\[(\d+)\]$")
PARTS = {
    "LOCATION": "location",
    "SCALE": "scale",
    "ROTATION": "rotation_euler",
}


def stored_entries(objects: Iterable[bpy.types.Object]) -> tuple[Entry, ...]:
    """The table of the first of ``objects`` that has one; entries that are switched off or unfinished are
    left out."""
    for item in objects:
        table = getattr(item, "mouthpiece", None)
        if table is not None and len(table.entries):
            return tuple(entry for row in table.entries if row.enabled for entry in _entry(row))
    return ()


def has_table(item: bpy.types.Object) -> bool:
    """Whether an object holds a mapping table."""
    table = getattr(item, "mouthpiece", None)
    return table is not None and len(table.entries) > 0


def _entry(row: bpy.types.PropertyGroup) -> Iterator[Entry]:
    """The row as an entry; nothing where it is not filled in yet."""
    try:
        target = Target(row.kind, row.owner.name if row.owner else "", row.name, row.bone_axis)
        low, high = (row.low, row.high) if row.use_range else (-math.inf, math.inf)
        yield Entry(row.channel, target, row.gain, row.offset, row.invert, low, high)
    except ValueError:
        return


def store_entries(
    owner: bpy.types.Object, entries: Iterable[Entry], objects: Iterable[bpy.types.Object]
) -> list[str]:
    """Fill the table of ``owner``, whose character consists of ``objects``; returns what was left out because
    nothing of the character fits."""
    table, objects = owner.mouthpiece, tuple(objects)
    table.entries.clear()
    left_out = []
    for entry in entries:
        target = entry.target
        moved = _fitting(target, objects) if target.owner else None
        if target.owner and moved is None:
            left_out.append(f"{target.owner}: {target.name}")
            continue
        row = table.entries.add()
        row.channel, row.kind, row.name = entry.channel, target.kind, target.name
        row.owner = moved
        row.bone_axis = target.axis or "ROTATION_X"
        row.gain, row.offset, row.invert = entry.gain, entry.offset, entry.invert
        row.use_range = math.isfinite(entry.low) or math.isfinite(entry.high)
        if row.use_range:
            row.low = max(entry.low, -1e6)
            row.high = min(entry.high, 1e6)
    table.entry_index = 0
    return left_out


def _fitting(target: Target, objects: tuple[bpy.types.Object, ...]) -> bpy.types.Object | None:
    """The object of a character that ``target`` means: by name, else the only one with such a bone or
    property, else a control beside the character's meshes."""
    named = next((item for item in objects if item.name == target.owner), None)
    if named is not None or target.kind not in ("BONE", "PROPERTY"):
        return named
    has = [item for item in objects if _has(item, target)]
    if len(has) == 1:
        return has[0]
    control = bpy.data.objects.get(target.owner)
    beside = control is not None and control.type == "EMPTY" and _has(control, target)
    return control if beside else None


def _has(item: bpy.types.Object, target: Target) -> bool:
    """Whether an object has the bone or the property of ``target``."""
    if target.kind == "BONE":
        return item.type == "ARMATURE" and target.name in item.pose.bones
    return target.name in item or target.name.startswith("data.")


def read_controls(entries: Iterable[Entry]) -> tuple[list[Control], list[str]]:
    """Bones and properties that ``entries`` move, and why others cannot be moved."""
    targets, mapping = compiled(e for e in entries if e.target.kind in ("BONE", "PROPERTY"))
    groups: dict[tuple[str, str, str], list[int]] = {}
    for place, target in enumerate(targets):
        groups.setdefault((target.owner, target.name, target.axis[:-2]), []).append(place)
    controls, problems = [], []
    for places in groups.values():
        drives = {str(place): mapping.drives[str(place)] for place in places}
        affine = type(mapping)(drives, (), mapping.offsets, mapping.ranges).affine()
        found = _control([targets[place] for place in places], affine)
        if isinstance(found, str):
            problems.append(found)
        else:
            controls.append(found)
    return controls, problems


def _control(targets: list[Target], affine: object) -> Control | str:
    """The control of targets that differ in their axis only, or why there is none."""
    first = targets[0]
    item = bpy.data.objects.get(first.owner)
    if item is None:
        return Message(
            "{owner}, which the mapping moves, is no longer in the file: correct the mapping.",
            owner=first.owner,
        )
    if first.kind == "PROPERTY":
        return _property(item, first, affine)
    if not item.is_editable:
        return Message("{item}: it is linked from a library; override it to move its bones.", item=item.name)
    bone = item.pose.bones.get(first.name) if item.type == "ARMATURE" else None
    if bone is None:
        return Message("{item} has no bone {bone!r}: correct the mapping.", item=item.name, bone=first.name)
    part = first.axis[:-2]
    if part == "ROTATION" and bone.rotation_mode == "AXIS_ANGLE":
        return Message(
            "{item}: the bone {bone} turns by axis and angle; set its rotation mode to XYZ.",
            item=item.name,
            bone=bone.name,
        )
    quaternion = part == "ROTATION" and bone.rotation_mode == "QUATERNION"
    path = "rotation_quaternion" if quaternion else PARTS[part]
    path = f'pose.bones["{escaped(bone.name)}"].{path}'
    if is_driven(item, path):
        return Message("{item}: left alone since a driver moves {bone}.", item=item.name, bone=bone.name)
    axes = tuple("XYZ".index(target.axis[-1]) for target in targets)
    return Control(item, item.name, path, part, axes, affine, bone.rotation_mode)


def _property(item: bpy.types.Object, target: Target, affine: object) -> Control | str:
    """A number on an object or its data, by data path; a bare name is a custom property."""
    block, (path, axis) = item, _element(target.name)
    if path.startswith("data."):
        block, path = item.data, path.removeprefix("data.")
    if "[" not in path and "." not in path and not hasattr(block, path):
        path = f'["{escaped(path)}"]'
    try:
        value = block.path_resolve(path)
        value = value if axis is None else value[axis]
    except (ValueError, AttributeError, IndexError, TypeError):
        return Message(
            "{item} has no property {target!r}: correct the mapping.", item=item.name, target=target.name
        )
    if not isinstance(value, int | float):
        return Message(
            "{item}: {target} is no number; only numbers can be animated.", item=item.name, target=target.name
        )
    if not block.is_editable:
        return Message(
            "{block}: it is linked from a library; override it to animate {target}.",
            block=block.name,
            target=target.name,
        )
    if is_driven(block, path):
        return Message(
            "{item}: left alone since a driver moves {target}.", item=item.name, target=target.name
        )
    return Control(block, item.name, path, "VALUE", (axis or 0,), affine)


def _element(name: str) -> tuple[str, int | None]:
    """The path of a property, and which of its elements is meant: ``location[2]`` is one number of three."""
    found = _ELEMENT.match(name)
    return (found[1], int(found[2])) if found else (name, None)


def table_owner(objects: Iterable[bpy.types.Object]) -> bpy.types.Object | None:
    """The first of ``objects`` that holds a table."""
    return next((item for item in objects if has_table(item)), None)
