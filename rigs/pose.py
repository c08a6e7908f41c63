"""Channels to the values of everything that a rig animates: shape keys, bones, properties and the head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..inference.types import C
from . import head
from .retarget import to_keys
from .rig import Control, FaceKeys, Head, Rig

if TYPE_CHECKING:
    import bpy


@dataclass(frozen=True)
class Curves:
    """F-curves of one datablock: ``paths`` are (data path, array index), ``values float32 [M, P]``, and which
    of them become keys, ``needed bool [M, P]`` (None: all)."""

    datablock: bpy.types.ID
    id_type: str
    slot: str
    paths: tuple[tuple[str, int], ...]
    values: np.ndarray
    needed: np.ndarray | None = None


def pose(rig: Rig, channels: np.ndarray, *, seal: bool = True) -> tuple[Curves, ...]:
    """Values of all that ``rig`` animates for ``channels [T, C]``, one part per datablock, faces first.

    ``seal`` shuts the lips of the rig's own mesh where the channels ask for it.
    """
    channels = np.asarray(channels, np.float32)
    keys = rig.reduction.keys if rig.reduction else ()
    blended = rig.reduction(channels) if rig.reduction else np.zeros((len(channels), 0), np.float32)
    values = np.concatenate([channels, blended], axis=1)
    if seal and rig.seal is not None:
        values = rig.seal(values, channels)
    shut = values[:, :C]
    shown = rig.reduction.values(values[:, C:]) if rig.reduction else values[:, C:]
    poses = dict(zip(keys, shown.T, strict=True))
    parts = [_face_curves(face, shut, poses) for face in rig.faces]
    parts += [control_curves(control, shut) for control in rig.controls]
    if rig.head is not None:
        parts.append(_head_curves(rig.head, channels))
    return _by_datablock(parts)


def _face_curves(face: FaceKeys, channels: np.ndarray, poses: dict[str, np.ndarray]) -> Curves:
    """The keys of one mesh: those that follow channels, then those that are blended."""
    values = to_keys(channels, face.mapping)
    blended = [poses[name] for name in face.poses]
    paths = tuple((value_path(name), 0) for name in (*face.mapping.drives, *face.poses))
    return Curves(face.key, "KEY", face.mesh, paths, np.column_stack([values, *blended]).astype(np.float32))


def control_curves(control: Control, channels: np.ndarray) -> Curves:
    """A property, or one part of a bone's transform; unmapped Euler angles stay free."""
    values, axes = control.affine(channels), control.axes
    if control.part == "SCALE":
        values = values + 1.0
    if control.part == "ROTATION" and control.mode == "QUATERNION":
        angles = np.zeros((len(values), 3))
        angles[:, axes] = values
        values, axes = head.quaternions(head.from_eulers(angles, "XYZ")), (0, 1, 2, 3)
    paths = tuple((control.path, axis) for axis in axes)
    return Curves(
        control.datablock, control.datablock.id_type, control.owner, paths, values.astype(np.float32)
    )


def _head_curves(target: Head, motion: np.ndarray) -> Curves:
    """Rotation curves of the head: a bone's own rotation, or an object's delta on top of its pose."""
    turns = head.in_frame(head.rotations(motion), target.frame)
    quaternion = target.mode == "QUATERNION"
    values = head.quaternions(turns) if quaternion else head.eulers(turns, target.mode)
    paths = tuple((head_path(target), i) for i in range(values.shape[1]))
    return Curves(target.target, "OBJECT", target.target.name, paths, values.astype(np.float32))


def head_path(target: Head) -> str:
    """The data path that turns the head."""
    path = "rotation_quaternion" if target.mode == "QUATERNION" else "rotation_euler"
    return f'pose.bones["{escaped(target.bone)}"].{path}' if target.bone else f"delta_{path}"


def _by_datablock(parts: list[Curves]) -> tuple[Curves, ...]:
    """Curves of one datablock put together; where two parts move one path, the first keeps it."""
    merged: dict[int, Curves] = {}
    for part in parts:
        if not part.paths:
            continue
        place = part.datablock.as_pointer()
        before = merged.get(place)
        if before is None:
            merged[place] = part
            continue
        new = [i for i, path in enumerate(part.paths) if path not in before.paths]
        paths = before.paths + tuple(part.paths[i] for i in new)
        values = np.concatenate([before.values, part.values[:, new]], axis=1)
        merged[place] = Curves(before.datablock, before.id_type, before.slot, paths, values)
    return tuple(merged.values())


def value_path(name: str) -> str:
    return f'key_blocks["{escaped(name)}"].value'


def escaped(name: str) -> str:
    """As ``bpy.utils.escape_identifier`` for the characters that names can hold."""
    return name.replace("\\", "\\\\").replace('"', '\\"')
