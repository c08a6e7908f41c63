"""Everything that a bake will write, computed before anything is touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..inference.errors import RigError
from ..inference.types import TICK_RATE, frame_times
from . import head, retarget
from .rig import Head, Rig

if TYPE_CHECKING:
    import bpy

MARGIN = 1e-3
"""Values that exceed a slider by less than this are not worth a word."""


@dataclass(frozen=True)
class Curves:
    """F-curves of one datablock: ``paths`` are (data path, array index), ``values float32 [M, P]``."""

    datablock: bpy.types.ID
    id_type: str
    slot: str
    paths: tuple[tuple[str, int], ...]
    values: np.ndarray


@dataclass(frozen=True)
class BakePlan:
    """One Action to be: ``frames float64 [M]`` in scene frames and a set of curves per datablock."""

    name: str
    frames: np.ndarray
    curves: tuple[Curves, ...]
    head: bpy.types.Object | None
    notes: tuple[str, ...]


def plan_bake(rig: Rig, channels: np.ndarray, clock: retarget.SceneClock, *, whole: bool = False) -> BakePlan:
    """Turn ``channels [T, C]`` at model rate into the curves of ``rig``.

    Raises RigError when whole frames were asked for and the sound is shorter than one.
    """
    frames = retarget.key_frames(len(channels), clock, whole=whole)
    if not len(frames):
        raise RigError(
            f"The sound ({len(channels) / TICK_RATE:.2f} s) is shorter than one scene frame: "
            "turn off Whole Frames or use a longer sound."
        )
    seconds = clock.seconds(frames) if whole else frame_times(len(channels))
    motion = retarget.sample(channels, seconds) if whole else np.asarray(channels, np.float32)
    curves, notes = [], list(rig.notes)
    for face in rig.faces:
        values = retarget.to_keys(motion, face.mapping)
        paths = tuple((_value_path(name), 0) for name in face.mapping.drives)
        curves.append(Curves(face.key, "KEY", face.mesh, paths, values))
        peaks = zip(face.mapping.drives, values.max(axis=0), strict=True)
        clipped = [name for name, peak in peaks if peak > face.upper[name] + MARGIN]
        if clipped:
            notes.append(f"{face.mesh}: the slider's maximum cuts {', '.join(clipped)}; raise it to see all.")
    if rig.head is not None:
        curves.append(_head_curves(rig.head, motion))
    return BakePlan(
        f"Mouthpiece {rig.name}", frames, tuple(curves), rig.head and rig.head.target, tuple(notes)
    )


def _head_curves(target: Head, motion: np.ndarray) -> Curves:
    """Rotation curves of the head: a bone's own rotation, or an object's delta on top of its pose."""
    turns = head.in_frame(head.rotations(motion), target.frame)
    quaternion = target.mode == "QUATERNION"
    values = head.quaternions(turns) if quaternion else head.eulers(turns, target.mode)
    path = "rotation_quaternion" if quaternion else "rotation_euler"
    path = f'pose.bones["{_escaped(target.bone)}"].{path}' if target.bone else f"delta_{path}"
    paths = tuple((path, i) for i in range(values.shape[1]))
    return Curves(target.target, "OBJECT", target.target.name, paths, values.astype(np.float32))


def _value_path(name: str) -> str:
    return f'key_blocks["{_escaped(name)}"].value'


def _escaped(name: str) -> str:
    """As ``bpy.utils.escape_identifier`` for the characters that names can hold."""
    return name.replace("\\", "\\\\").replace('"', '\\"')
