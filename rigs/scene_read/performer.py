"""Whose take an action is, and which of its curves show what of the face."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import bpy
import numpy as np

from ...inference.errors import RigError
from .. import head
from ..detect import detect
from ..inverse import read_back, stacked
from ..mapping import Affine
from ..reduce import Reduction, reduction
from ..rig import Control, FaceKeys, Rig
from .animation import OWNER, animation_layers, curves_of
from .character import read_rig

_VALUE = re.compile(r'key_blocks\["(.+)"\]\.value$')


@dataclass(frozen=True)
class Reading:
    """The curves of a take that show something of a face: those of ``keys`` and of ``controls`` through
    ``affine``, those of ``poses`` through ``blend``."""

    keys: tuple[bpy.types.FCurve, ...]
    controls: tuple[tuple[Control, dict[int, bpy.types.FCurve]], ...]
    affine: Affine
    poses: tuple[bpy.types.FCurve | None, ...] = ()
    blend: Reduction | None = None

    @property
    def curves(self) -> list[bpy.types.FCurve]:
        """All curves that are read."""
        parts = [curve for _, axes in self.controls for curve in axes.values()]
        return [*self.keys, *parts, *(curve for curve in self.poses if curve is not None)]

    def channels(self, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Channels ``float32 [T, C]`` at the action's ``frames [T]``, and which are known, bool [C]."""
        values = [_sampled(curve, frames)[:, None] for curve in self.keys]
        values += [_control_values(control, axes, frames) for control, axes in self.controls]
        stack = np.concatenate(values, axis=1) if values else np.zeros((len(frames), 0))
        if self.blend is None:
            return read_back(stack, self.affine)
        poses = [
            _sampled(curve, frames) if curve else np.full(len(frames), rest)
            for curve, rest in zip(self.poses, self.blend.rest, strict=True)
        ]
        return read_back(stack, self.affine, self.blend, np.stack(poses, axis=1))


def read_reading(action: bpy.types.Action, slot: str, owner: bpy.types.Object | None) -> Reading | None:
    """What ``action`` shows of a face, through the mapping of its ``owner``; None for nothing."""
    slots = [item for item in action.slots if slot in ("", item.identifier, item.name_display)]
    rig = _owner_rig(owner or action_owner(action))
    by_rig = _through_rig(action, slots, rig) if rig else None
    by_name = max((_through_names(curve_keys(action, item)) for item in slots), key=_size, default=None)
    best = max((reading for reading in (by_rig, by_name) if reading), key=_size, default=None)
    return best if best and _size(best) else None


def action_owner(action: bpy.types.Action) -> bpy.types.Object | None:
    """The object that an imported ``action`` was made for, else the first of the open scene that uses it by
    its shape keys, else itself."""
    marked = action.get(OWNER)
    if isinstance(marked, bpy.types.Object):
        return marked
    objects = bpy.context.scene.objects
    keyed = ((item, getattr(item.data, "shape_keys", None)) for item in objects)
    for item, block in (*keyed, *((item, item) for item in objects)):
        if block is not None and any(found == action for found, *_ in animation_layers(block)):
            return item
    return None


def face_slot(action: bpy.types.Action, fewest: int = 1) -> bpy.types.ActionSlot | None:
    """The slot of ``action`` whose shape keys show most of a face, None where all show less than ``fewest``
    shapes that a preset or a name explains."""
    found = [(_size(_through_names(curve_keys(action, slot))), slot) for slot in action.slots]
    most, slot = max(found, key=lambda item: item[0], default=(0, None))
    return slot if most >= max(fewest, 1) else None


def curve_keys(action: bpy.types.Action, slot: bpy.types.ActionSlot) -> dict[str, bpy.types.FCurve]:
    """The F-curves of a slot that move shape keys, by key name."""
    pairs = [(_VALUE.search(curve.data_path), curve) for curve in curves_of(action, slot)]
    return {bpy.utils.unescape_identifier(found[1]): curve for found, curve in pairs if found}


def _size(reading: Reading | None) -> int:
    return len(reading.curves) if reading else 0


def _owner_rig(owner: bpy.types.Object | None) -> Rig | None:
    """The rig of the character that a take was made on; None when it has none that can be read."""
    if owner is None:
        return None
    for scene in (bpy.context.scene, *owner.users_scene):
        try:
            return read_rig(scene, owner, seal=False)
        except RigError:
            continue
    return None


def _through_names(curves: dict[str, bpy.types.FCurve]) -> Reading:
    """What curves show by the names of their shape keys alone."""
    found = detect({"": tuple(curves)})
    mapping = found.meshes[""]
    blend = reduction(found.poses) if found.poses else None
    keys = tuple(curves[name] for name in mapping.drives)
    return Reading(keys, (), mapping.affine(), tuple(curves[name] for name in found.poses), blend)


def _through_rig(action: bpy.types.Action, slots: list[bpy.types.ActionSlot], rig: Rig) -> Reading | None:
    """What curves show by the mapping of the rig that they move: a slot is one mesh's, the largest first."""
    controls = [item for slot in action.slots for item in _controls(action, slot, rig)]
    found = [
        (_of_face(curve_keys(action, slot), face, rig.reduction), slot.handle, face.mesh)
        for slot in slots
        for face in rig.faces
    ]
    parts: list[Reading] = []
    read: set[int | str] = set()
    for reading, slot, mesh in sorted(found, key=lambda item: -_size(item[0])):
        if _size(reading) and not read & {slot, mesh}:
            parts.append(reading)
            read |= {slot, mesh}
    if not parts and not controls:
        return None
    affine = stacked([*(part.affine for part in parts), *(control.affine for control, _ in controls)])
    keys = tuple(curve for part in parts for curve in part.keys)
    posed = next((part for part in parts if part.blend is not None), None)
    return Reading(keys, tuple(controls), affine, *((posed.poses, posed.blend) if posed else ()))


def _of_face(curves: dict[str, bpy.types.FCurve], face: FaceKeys, blend: Reduction | None) -> Reading:
    """The curves of one mesh."""
    mapping = face.mapping.without(name for name in face.mapping.drives if name not in curves)
    poses = tuple(curves.get(name) for name in blend.keys) if blend else ()
    posed = any(curve is not None for curve in poses)
    return Reading(
        tuple(curves[name] for name in mapping.drives),
        (),
        mapping.affine(),
        poses if posed else (),
        blend if posed else None,
    )


def _controls(
    action: bpy.types.Action, slot: bpy.types.ActionSlot, rig: Rig
) -> Iterator[tuple[Control, dict[int, bpy.types.FCurve]]]:
    """The rig's bones and properties that a slot animates, with their curves by index."""
    curves = list(curves_of(action, slot))
    for control in rig.controls:
        if slot.target_id_type not in ("UNSPECIFIED", control.datablock.id_type):
            continue
        axes = {curve.array_index: curve for curve in curves if curve.data_path == control.path}
        if axes:
            yield control, axes


def _control_values(control: Control, axes: dict[int, bpy.types.FCurve], frames: np.ndarray) -> np.ndarray:
    """Values ``[T, K]`` of a control's mapped axes."""
    if control.part == "ROTATION" and control.mode == "QUATERNION":
        rest = (1.0, 0.0, 0.0, 0.0)
        parts = [_sampled(axes[i], frames) if i in axes else np.full(len(frames), rest[i]) for i in range(4)]
        turns = head.eulers(head.from_quaternions(np.stack(parts, axis=1)), "XYZ")
        return turns[:, control.axes]
    shift = 1.0 if control.part == "SCALE" else 0.0
    still = np.zeros(len(frames))
    return np.stack([_sampled(axes[i], frames) - shift if i in axes else still for i in control.axes], axis=1)


def _sampled(curve: bpy.types.FCurve, frames: np.ndarray) -> np.ndarray:
    return np.array([curve.evaluate(frame) for frame in frames])
