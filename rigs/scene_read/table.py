"""The artist's mapping table: entries on the objects of a character."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import bpy

from ...inference.errors import Message
from ..mapping import Entry, Target


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


def unusable(objects: Iterable[bpy.types.Object]) -> list[str]:
    """Why rows of the table of ``objects`` that name a target are left out, or the whole of it is."""
    owner = table_owner(objects)
    if owner is None:
        return []
    rows = [row for row in owner.mouthpiece.entries if row.enabled and row.name]
    told = [
        Message(
            "{owner}: the row of {channel} and {target} is left out since its range ends ({high:g}) "
            "below its start ({low:g}): correct it.",
            owner=owner.name,
            channel=row.channel,
            target=row.name,
            high=row.high,
            low=row.low,
        )
        for row in rows
        if row.use_range and row.high < row.low
    ]
    if rows:
        return told
    return [
        Message(
            "Every row of the mapping of {owner} is switched off or unfinished: switch some on, or make the "
            "mapping automatic.",
            owner=owner.name,
        )
    ]


def _entry(row: bpy.types.PropertyGroup) -> Iterator[Entry]:
    """The row as an entry; nothing where it is not filled in yet. A bone or property without an object is
    that of the object that holds the table."""
    try:
        owner = row.owner or (row.id_data if row.kind in ("BONE", "PROPERTY") else None)
        target = Target(row.kind, owner.name if owner else "", row.name, row.bone_axis)
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


def table_owner(objects: Iterable[bpy.types.Object]) -> bpy.types.Object | None:
    """The first of ``objects`` that holds a table."""
    return next((item for item in objects if has_table(item)), None)
