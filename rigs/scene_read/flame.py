"""A FLAME head in the scene: its shapes, its skin weights and its bones."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from ...inference.errors import Message, TakeError
from .. import head
from ..flame import (
    FlameNames,
    FlameShape,
    FlameSolve,
    bone_turns,
    expression_mapping,
    eye_turns,
    flame_names,
    solve_flame,
)
from ..flame_file import FlameTake
from ..mapping import Affine, Mapping
from ..pose import Curves, escaped
from ..rig import Control
from .animation import SLACK, curves_of
from .geometry import read_surface


@dataclass(frozen=True)
class FlameRig:
    """A recognised FLAME head: its mesh and armature, the parts' names, the solve and what follows."""

    mesh: bpy.types.Object
    armature: bpy.types.Object
    names: FlameNames
    solve: FlameSolve
    mapping: Mapping
    controls: tuple[Control, ...]

    def frame(self, part: str) -> np.ndarray:
        """Rest axes of a bone as columns ``[3, 3]``, in the space of the mesh."""
        return _frame(self.mesh, self.armature, self.names.bones[part])

    def notes(self) -> list[str]:
        """What keeps the head from showing all."""
        blocks = self.mesh.data.shape_keys.key_blocks
        if all(blocks[name].slider_min < 0.0 for name in self.names.expression):
            return []
        return [
            Message(
                "{mesh}: its expression sliders stop at 0, but FLAME's coefficients may be negative; "
                "set their range to -5 … 5 to see all of the face.",
                mesh=self.mesh.name,
            )
        ]


def carrier(mesh: bpy.types.Object) -> bpy.types.Object | None:
    """The armature that deforms ``mesh``, or that it is parented to."""
    return mesh.find_armature() or (mesh.parent if mesh.parent and mesh.parent.pose else None)


def find_flame(meshes: list[bpy.types.Object]) -> FlameRig | None:
    """The FLAME head among the ``meshes`` of a character, None without one."""
    for mesh in meshes:
        armature = carrier(mesh)
        if armature is None:
            continue
        blocks = [block.name for block in mesh.data.shape_keys.key_blocks[1:]]
        names = flame_names(blocks, (bone.name for bone in armature.pose.bones))
        if names is None:
            continue
        solve = solve_flame(names, _shape(mesh, armature, names))
        if solve is None:
            continue
        unused = [name for name in blocks if name not in names.expression]
        mapping = expression_mapping(names, solve, unused)
        return FlameRig(mesh, armature, names, solve, mapping, _controls(mesh, armature, names, solve))
    return None


def _shape(mesh: bpy.types.Object, armature: bpy.types.Object, names: FlameNames) -> FlameShape:
    group = mesh.vertex_groups.get(names.bones["jaw"])
    weights = np.zeros(len(mesh.data.vertices))
    if group is not None:
        for vertex in mesh.data.vertices:
            for part in vertex.groups:
                if part.group == group.index:
                    weights[vertex.index] = part.weight
    eyes = np.stack([_joint(mesh, armature, names.bones[part]) for part in ("left_eye", "right_eye")])
    return FlameShape(read_surface(mesh), weights, _joint(mesh, armature, names.bones["jaw"]), eyes)


def _controls(
    mesh: bpy.types.Object, armature: bpy.types.Object, names: FlameNames, solve: FlameSolve
) -> tuple[Control, ...]:
    """Jaw and eyes as bones that follow channels; those that a driver moves are left alone."""
    turns = {"jaw": solve.jaw, "left_eye": eye_turns("Left"), "right_eye": eye_turns("Right")}
    controls = []
    for part, vectors in turns.items():
        bone = names.bones[part]
        affine = bone_turns(vectors, solve.axes, _frame(mesh, armature, bone))
        control = _control(armature, bone, affine)
        data = armature.animation_data
        if data is None or not any(curve.data_path == control.path for curve in data.drivers):
            controls.append(control)
    return tuple(controls)


def _control(armature: bpy.types.Object, bone: str, affine: Affine) -> Control:
    mode = armature.pose.bones[bone].rotation_mode
    path = "rotation_quaternion" if mode == "QUATERNION" else "rotation_euler"
    path = f'pose.bones["{escaped(bone)}"].{path}'
    return Control(armature, armature.name, path, "ROTATION", (0, 1, 2), affine, mode)


def _to_mesh(mesh: bpy.types.Object, armature: bpy.types.Object) -> np.ndarray:
    """The armature's space seen from the mesh's, ``[4, 4]``."""
    return np.array(mesh.matrix_world.inverted_safe() @ armature.matrix_world)


def _joint(mesh: bpy.types.Object, armature: bpy.types.Object, bone: str) -> np.ndarray:
    head = np.append(np.array(armature.data.bones[bone].head_local), 1.0)
    return (_to_mesh(mesh, armature) @ head)[:3]


def _frame(mesh: bpy.types.Object, armature: bpy.types.Object, bone: str) -> np.ndarray:
    turn = _to_mesh(mesh, armature)[:3, :3]
    turn = turn / np.linalg.norm(turn, axis=0)
    return turn @ np.array(armature.data.bones[bone].matrix_local.to_3x3())


def flame_take(rig: FlameRig, action: bpy.types.Action, rate: float, fps: float) -> FlameTake:
    """The FLAME parameters that ``action`` holds for a head, ``fps`` frames a second at scene ``rate``.

    Raises TakeError when it animates none of the head's expression shapes.
    """
    curves = {
        (curve.data_path, curve.array_index): curve
        for slot in action.slots
        for curve in curves_of(action, slot)
    }
    paths = [f'key_blocks["{escaped(name)}"].value' for name in rig.names.expression]
    keyed = [curves[path, 0] for path in paths if (path, 0) in curves]
    if not keyed:
        raise TakeError(
            "{action} animates no expression of {mesh}: bake onto it first.",
            action=action.name,
            mesh=rig.mesh.name,
        )
    ranges = np.array([curve.range() for curve in keyed])
    first, last = float(ranges[:, 0].min()), float(ranges[:, 1].max())
    frames = first + np.arange(int((last - first) / rate * fps + SLACK) + 1) * rate / fps
    expression = [_sampled(curves.get((path, 0)), frames) for path in paths]
    turns = {}
    for part, bone in rig.names.bones.items():
        local = _bone_turns(curves, rig.armature.pose.bones[bone], frames)
        frame = rig.frame(part)
        turns[part] = head.vectors(frame @ local @ frame.T) @ rig.solve.axes.T
    return FlameTake(np.stack(expression, axis=1), turns, fps)


def _bone_turns(
    curves: dict[tuple[str, int], bpy.types.FCurve], bone: bpy.types.PoseBone, frames: np.ndarray
) -> np.ndarray:
    """Rotations ``[T, 3, 3]`` of a bone in its own rest axes."""
    path = f'pose.bones["{escaped(bone.name)}"].rotation_'
    if bone.rotation_mode == "QUATERNION":
        parts = [curves.get((f"{path}quaternion", i)) for i in range(4)]
        values = np.stack([_sampled(part, frames) for part in parts], axis=1)
        values[:, 0] += parts[0] is None
        return head.from_quaternions(values)
    values = [_sampled(curves.get((f"{path}euler", i)), frames) for i in range(3)]
    order = bone.rotation_mode if bone.rotation_mode != "AXIS_ANGLE" else "XYZ"
    return head.from_eulers(np.stack(values, axis=1), order)


def _sampled(curve: bpy.types.FCurve | None, frames: np.ndarray) -> np.ndarray:
    return np.array([curve.evaluate(frame) for frame in frames]) if curve else np.zeros(len(frames))


def flame_curves(rig: FlameRig, take: FlameTake) -> tuple[Curves, ...]:
    """The curves that show ``take`` on a head; coefficients beyond those of the head are dropped."""
    count = min(take.expression.shape[1], len(rig.names.expression))
    paths = [(f'key_blocks["{escaped(name)}"].value', 0) for name in rig.names.expression[:count]]
    key = rig.mesh.data.shape_keys
    parts = [Curves(key, "KEY", rig.mesh.name, tuple(paths), take.expression[:, :count].astype(np.float32))]
    bone_paths: list[tuple[str, int]] = []
    values = []
    for part, vectors in take.turns.items():
        if part not in rig.names.bones:
            continue
        bone, frame = rig.armature.pose.bones[rig.names.bones[part]], rig.frame(part)
        turns = frame.T @ head.from_vectors(vectors @ rig.solve.axes) @ frame
        quaternion = bone.rotation_mode == "QUATERNION"
        turned = head.quaternions(turns) if quaternion else head.eulers(turns, bone.rotation_mode)
        path = f'pose.bones["{escaped(bone.name)}"].rotation_{"quaternion" if quaternion else "euler"}'
        bone_paths += [(path, i) for i in range(turned.shape[1])]
        values.append(turned)
    if values:
        table = np.concatenate(values, axis=1).astype(np.float32)
        parts.append(Curves(rig.armature, "OBJECT", rig.armature.name, tuple(bone_paths), table))
    return tuple(parts)
