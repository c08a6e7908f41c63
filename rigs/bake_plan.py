"""Everything that a bake will write, computed before anything is touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..inference.errors import RigError
from ..inference.types import TICK_RATE, frame_times
from . import retarget
from .pose import Curves, pose
from .rig import Rig

if TYPE_CHECKING:
    import bpy

MARGIN = 1e-3
"""Values that exceed a slider by less than this are not worth a word."""


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
    curves = pose(rig, motion)
    notes = (*rig.notes, *_clipped(rig, curves))
    return BakePlan(f"Mouthpiece {rig.name}", frames, curves, rig.head and rig.head.target, notes)


def _clipped(rig: Rig, curves: tuple[Curves, ...]) -> list[str]:
    """Which sliders cut what the bake asks of them."""
    values = {part.datablock.as_pointer(): part.values for part in curves}
    notes = []
    for face in rig.faces:
        names = (*face.mapping.drives, *face.poses)
        peaks = zip(names, values[face.key.as_pointer()].max(axis=0), strict=False)
        clipped = [name for name, peak in peaks if peak > face.upper[name] + MARGIN]
        if clipped:
            notes.append(f"{face.mesh}: the slider's maximum cuts {', '.join(clipped)}; raise it to see all.")
    return notes
