"""How a character's mouth is blended from poses, and how the lips of its mesh are shut."""

from __future__ import annotations

from dataclasses import replace

import bpy

from ...inference.errors import Message
from ..build import blend, channel_seal, mouth_keys
from ..detect import Detection
from ..mapping import Mapping
from ..reduce import Reduction
from ..rig import Rig
from ..seal import Seal
from .geometry import read_surface
from .moved import moved_surface, moves_mouth


def with_mouth(rig: Rig, members: list[bpy.types.Object], found: Detection, seal: bool) -> Rig:
    """The rig with the blend and the seal of its mouth, and a note where nothing shuts its lips."""
    blended, shutting = _mouth(rig, members, found, seal)
    notes = rig.notes
    if seal and shutting is None and moves_mouth(rig):
        notes += (
            Message(
                "{rig}: its lips were not found to move with its bones or properties, so nothing shuts them; "
                "show its mesh, and give jawOpen a target that opens the mouth.",
                rig=rig.name,
            ),
        )
    return replace(rig, notes=notes, reduction=blended, seal=shutting)


def _mouth(
    rig: Rig, members: list[bpy.types.Object], found: Detection, seal: bool
) -> tuple[Reduction | None, Seal | None]:
    """How the mouth of a character is blended from poses, and, if asked for, how its lips are shut."""
    if not (found.poses or seal):
        return None, None
    available = {name for face in rig.faces for name in face.poses}
    wanted = {key: recipe for key, recipe in found.poses.items() if key in available}
    if not rig.faces:
        return None, _bone_seal(rig, members)
    main = max(rig.faces, key=lambda face: len(face.poses) if wanted else mouth_keys(face.mapping))
    mesh = bpy.data.objects[main.mesh]
    laid = {key: value for key, value in found.laid.items() if key in wanted}
    surface = moved_surface(mesh, rig, laid) if seal and moves_mouth(rig) else None
    if surface is None:
        rests = main.mapping.offsets | {key: value.rest for key, value in laid.items()}
        surface = read_surface(mesh).shifted(rests)
    unseen = moves_mouth(rig) and not surface.controls  # a seal that knows half of the lips does harm
    if wanted:
        tops = {name: top for face in rig.faces for name, top in face.upper.items()}
        blended, shutting = blend(wanted, surface, tops, main.mapping, laid)
        return blended, None if unseen else shutting
    return None, None if unseen else channel_seal(main.mapping, surface)


def _bone_seal(rig: Rig, members: list[bpy.types.Object]) -> Seal | None:
    """The seal of the first mesh without shape keys whose lips its bones or properties part."""
    for mesh in (item for item in members if item.type == "MESH") if moves_mouth(rig) else ():
        surface = moved_surface(mesh, rig, {})
        shutting = channel_seal(Mapping({}), surface) if surface else None
        if shutting is not None:
            return shutting
    return None
