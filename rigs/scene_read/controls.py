"""What the entries of a mapping point at in the scene beside shape keys: bones and properties."""

from __future__ import annotations

import re
from collections.abc import Iterable

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
    if _is_fixed(block, path):
        return Message(
            "{item}: {target} cannot be set; choose another property.", item=item.name, target=target.name
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


def _is_fixed(block: bpy.types.ID, path: str) -> bool:
    """Whether a data path leads to a property that Blender only shows; custom ones can always be set."""
    if path.endswith("]"):
        return False
    owner, _, name = path.rpartition(".")
    return (block.path_resolve(owner) if owner else block).bl_rna.properties[name].is_readonly


def _element(name: str) -> tuple[str, int | None]:
    """The path of a property, and which of its elements is meant: ``location[2]`` is one number of three."""
    found = _ELEMENT.match(name)
    return (found[1], int(found[2])) if found else (name, None)
