"""Everything that a bake will write, computed before anything is touched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..inference.errors import Message, RigError
from ..inference.types import TICK_RATE, frame_times
from . import retarget
from .key_reduction import needed_keys
from .matching import MOUTH
from .options import PLAIN, BakeOptions, StripOptions
from .pose import Curves, pose, value_path
from .rig import Rig
from .shaping import open_between, resampled, shaped, shut

if TYPE_CHECKING:
    import bpy

MARGIN = 1e-3
"""Values that exceed a slider by less than this are not worth a word."""


@dataclass(frozen=True)
class BakePlan:
    """One Action to be: ``frames float64 [M]`` in scene frames and a set of curves per datablock.

    ``margin`` are the scene frames by which the sound, or what is baked of it, reaches beyond the first key
    and beyond the last. ``unseen`` is how often lips shut between two whole frames that show them open.
    """

    name: str
    frames: np.ndarray
    curves: tuple[Curves, ...]
    head: bpy.types.Object | None
    notes: tuple[str, ...]
    strip: StripOptions = PLAIN
    margin: tuple[float, float] = (0.0, 0.0)
    unseen: int = 0


def plan_bake(
    rig: Rig,
    channels: np.ndarray,
    clock: retarget.SceneClock,
    *,
    whole: bool = False,
    options: BakeOptions | None = None,
) -> BakePlan:
    """Turn ``channels [T, C]`` at model rate into the curves of ``rig``.

    Raises RigError when no frame is left to key: whole frames were asked for and the sound is shorter than
    one, or the chosen range lies beside the sound.
    """
    options = options or BakeOptions(whole=whole)
    frames = retarget.key_frames(len(channels), clock, whole=options.whole)
    if not len(frames):
        raise RigError(
            "The sound ({seconds:.2f} s) is shorter than one scene frame: turn off Whole Frames "
            "or use a longer sound.",
            seconds=len(channels) / TICK_RATE,
        )
    motion = shaped(channels, options)
    seconds = clock.seconds(frames) if options.whole else frame_times(len(channels))
    motion = resampled(motion, seconds) if options.whole else np.asarray(motion, np.float32)
    unseen = _unseen(rig, motion, clock, options)
    frames, motion = _within(options.span, frames, motion)
    curves = pose(rig, motion, seal=options.seal)
    notes = (*rig.notes, *_clipped(rig, curves))
    if options.tolerance > 0.0:
        curves = _reduced(rig, curves, frames, motion, options.tolerance)
    name = f"Mouthpiece {rig.name}"
    margin = _margin(frames, clock, len(channels), options)
    head = rig.head and rig.head.target
    return BakePlan(name, frames, curves, head, notes, options.strip, margin, unseen)


def _unseen(rig: Rig, motion: np.ndarray, clock: retarget.SceneClock, options: BakeOptions) -> int:
    """How often lips shut between two whole frames of the range, keyed at exact times, and show open."""
    if options.whole or not mouth_paths(rig):
        return 0
    first, last = options.span or (-np.inf, np.inf)
    frames = retarget.key_frames(len(motion), clock, whole=True)
    return open_between(motion, clock.seconds(frames[(frames >= first) & (frames <= last)]))


def _margin(
    frames: np.ndarray, clock: retarget.SceneClock, count: int, options: BakeOptions
) -> tuple[float, float]:
    """How far what is baked of ``count`` ticks reaches beyond the first of its ``frames``, and the last."""
    if not options.whole:
        half = 0.5 * clock.rate / TICK_RATE
        return half, half
    begin, end = np.clip(retarget.extent(count, clock), *(options.span or (-np.inf, np.inf)))
    return float(frames[0] - begin), float(end - frames[-1])


def _within(
    span: tuple[float, float] | None, frames: np.ndarray, motion: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The frames of a range. Raises RigError when the sound has none there."""
    if span is None:
        return frames, motion
    chosen = (frames >= span[0]) & (frames <= span[1])
    if not chosen.any():
        raise RigError(
            "The range {span:g} to {span_2:g} lies beside the sound, which plays from frame "
            "{frames:g} to {frames_2:g}: choose another range.",
            span=span[0],
            span_2=span[1],
            frames=frames[0],
            frames_2=frames[-1],
        )
    return frames[chosen], motion[chosen]


def _reduced(
    rig: Rig, curves: tuple[Curves, ...], frames: np.ndarray, motion: np.ndarray, tolerance: float
) -> tuple[Curves, ...]:
    """Curves without the keys that they can do without; mouths keep every key at which the lips are shut."""
    held, mouth = shut(motion), mouth_paths(rig)
    thinned = []
    for part in curves:
        keep = held[:, None] & of_mouth(mouth, part)[None]
        thinned.append(replace(part, needed=needed_keys(frames, part.values, tolerance, keep)))
    return tuple(thinned)


def of_mouth(mouth: set[tuple[int, str]], part: Curves) -> np.ndarray:
    """Which curves of a ``part`` are among ``mouth_paths``, ``bool [P]``."""
    place = part.datablock.as_pointer()
    return np.array([(place, path) in mouth for path, _ in part.paths], bool)


def mouth_paths(rig: Rig) -> set[tuple[int, str]]:
    """(datablock, data path) of everything that moves the mouth."""
    found = set()
    for face in rig.faces:
        names = [name for name, follows in face.mapping.drives.items() if MOUTH & set(follows)]
        found |= {(face.key.as_pointer(), value_path(name)) for name in (*names, *face.poses)}
    for control in rig.controls:
        if MOUTH & set(control.affine.channels):
            found.add((control.datablock.as_pointer(), control.path))
    return found


def _clipped(rig: Rig, curves: tuple[Curves, ...]) -> list[str]:
    """Which sliders cut what the bake asks of them."""
    values = {part.datablock.as_pointer(): part.values for part in curves}
    notes = []
    for face in rig.faces:
        names = (*face.mapping.drives, *face.poses)
        peaks = zip(names, values[face.key.as_pointer()].max(axis=0), strict=False)
        clipped = [name for name, peak in peaks if peak > face.upper[name] + MARGIN]
        if clipped:
            notes.append(
                Message(
                    "{mesh}: the slider's maximum cuts {clipped}; raise it to see all.",
                    mesh=face.mesh,
                    clipped=", ".join(clipped),
                )
            )
    return notes
