"""A character and a take as the bake sees them in the scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .matching import Coverage, Mapping

if TYPE_CHECKING:
    import bpy


@dataclass(frozen=True)
class FaceKeys:
    """One shape-key datablock; ``mesh`` names an object that uses it, ``upper`` are its slider maxima."""

    key: bpy.types.Key
    mesh: str
    mapping: Mapping
    upper: dict[str, float]


@dataclass(frozen=True)
class Head:
    """What turns with the head: an object, or one bone of it when ``bone`` is set.

    ``mode`` is Blender's rotation mode; ``frame float64 [3, 3]`` the bone's rest axes in the
    character's space (the identity for an object).
    """

    target: bpy.types.Object
    bone: str
    mode: str
    frame: np.ndarray


@dataclass(frozen=True)
class Rig:
    """A character: its shape keys, its head if mapped, and notes that the artist should see."""

    name: str
    faces: tuple[FaceKeys, ...]
    head: Head | None
    notes: tuple[str, ...]

    @property
    def coverage(self) -> Coverage:
        return Coverage(tuple((face.mesh, face.mapping) for face in self.faces))


@dataclass(frozen=True)
class TakeSource:
    """A reference in the scene: an action, its slot ("" for the one with the face), frames and sound.

    ``first`` and ``last`` bound the take in the action's frames (None: all of it); the ``audio`` float32 [N]
    at 16 kHz starts at frame ``sound_frame``; ``rate`` is the scene's frames a second; ``head`` tells which
    bone turns, if one does.
    """

    action: bpy.types.Action
    slot: str
    rate: float
    first: float | None = None
    last: float | None = None
    audio: np.ndarray | None = None
    sound_frame: float = 1.0
    head: Head | None = None
