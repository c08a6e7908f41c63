"""What stands against animating a mesh, and what would keep its motion from being seen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import bpy

from ...inference.errors import Message
from ..rig import FaceKeys
from .animation import curves_of
from .bakes import own_strips

_VALUE = re.compile(r'key_blocks\["(.+)"\]\.value$')


def obstacle(mesh: bpy.types.Object) -> str:
    """Why no shape key of a mesh can be animated, "" when they can."""
    key = mesh.data.shape_keys
    if not key.is_editable:
        return Message(
            "{mesh}: its shape keys are linked from a library; override its mesh or make it local.",
            mesh=mesh.name,
        )
    if not key.use_relative:
        return Message(
            "{mesh}: its shape keys are absolute; turn on Relative in Shape Keys to animate it.",
            mesh=mesh.name,
        )
    if key.animation_data is not None and key.animation_data.use_tweak_mode:
        return Message(
            "{mesh}: an NLA strip is in tweak mode; leave it (Tab in the NLA editor) to bake.", mesh=mesh.name
        )
    return ""


def named_keys(curves: Iterable[bpy.types.FCurve], names: Iterable[str]) -> list[str]:
    """The shape keys of ``names`` that ``curves`` (F-curves or drivers) move."""
    paths = [_VALUE.match(curve.data_path) for curve in curves]
    moved = {bpy.utils.unescape_identifier(path[1]) for path in paths if path}
    return [name for name in names if name in moved]


def visibility_notes(mesh: bpy.types.Object, face: FaceKeys) -> list[str]:
    """Why a baked face would not show its motion, or not all of it."""
    key, notes = mesh.data.shape_keys, []
    names = (*face.mapping.drives, *face.poses)
    muted = [name for name in names if key.key_blocks[name].mute]
    if muted:
        notes.append(
            Message(
                "{mesh}: muted shape keys will not show: {muted}.", mesh=mesh.name, muted=", ".join(muted)
            )
        )
    if mesh.show_only_shape_key:
        notes.append(
            Message(
                "{mesh}: a pinned shape key hides all others; unpin it to see the motion.", mesh=mesh.name
            )
        )
    data = key.animation_data
    if data is not None:
        hidden = named_keys(_covering(data), names)
        if hidden:
            notes.append(
                Message(
                    "{mesh}: its action {action} lies above the Mouthpiece track and hides it on {count} "
                    "shape keys; push it down or unlink it to see the bake.",
                    mesh=mesh.name,
                    action=data.action.name,
                    count=len(hidden),
                )
            )
    if data is not None and _is_nla_off(data):
        notes.append(_nla_off(mesh.name))
    return notes


def hidden_notes(block: bpy.types.ID, name: str, paths: Iterable[str]) -> list[str]:
    """What would hide the motion of a baked bone, property or head: ``paths`` of ``block``."""
    data = block.animation_data
    if data is None:
        return []
    notes, moved = [], set(paths)
    if any(curve.data_path in moved for curve in _covering(data)):
        notes.append(
            Message(
                "{name}: its action {action} lies above the Mouthpiece track and hides what the bake moves; "
                "push it down or unlink it to see the bake.",
                name=name,
                action=data.action.name,
            )
        )
    if _is_nla_off(data):
        notes.append(_nla_off(name))
    return notes


def _covering(data: bpy.types.AnimData) -> Iterator[bpy.types.FCurve]:
    """The curves of an action that lies above the NLA and replaces what its strips show."""
    if data.action is not None and data.action_blend_type == "REPLACE":
        yield from curves_of(data.action, data.action_slot)


def _is_nla_off(data: bpy.types.AnimData) -> bool:
    """Whether a switch of the NLA silences a bake, which takes a solo of the former one over."""
    return not data.use_nla or any(track.is_solo and not own_strips(track) for track in data.nla_tracks)


def _nla_off(name: str) -> Message:
    return Message(
        "{mesh}: its NLA is switched off or plays another track solo, which hides the bake.", mesh=name
    )


def no_match(target: bpy.types.Object, meshes: list[bpy.types.Object]) -> str:
    names = [block.name for mesh in meshes for block in mesh.data.shape_keys.key_blocks[1:]]
    shown = ", ".join(names[:3])
    return Message(
        "None of the {count} shape keys of {target} ({shown}…) is named like a facial "
        "movement: use ARKit names such as jawOpen or Mouth_Smile_L.",
        count=len(names),
        target=target.name,
        shown=shown,
    )
