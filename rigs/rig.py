"""A character and a take as the bake sees them in the scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .mapping import Affine, Mapping
from .matching import Coverage
from .reduce import Reduction
from .seal import Seal

if TYPE_CHECKING:
    import bpy


@dataclass(frozen=True)
class FaceKeys:
    """One shape-key datablock; ``mesh`` names an object that uses it, ``upper`` are its slider maxima;
    ``poses`` are its keys that the rig's reduction blends."""

    key: bpy.types.Key
    mesh: str
    mapping: Mapping
    upper: dict[str, float]
    poses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Control:
    """Something beside shape keys that follows the channels: a property, or a part of a bone's transform.

    ``path`` is the data path on ``datablock``; ``part`` is VALUE, LOCATION, ROTATION or SCALE; ``axes`` are
    the indices that ``affine`` gives values for; ``mode`` is a bone's rotation mode.
    """

    datablock: bpy.types.ID
    owner: str
    path: str
    part: str
    axes: tuple[int, ...]
    affine: Affine
    mode: str = "XYZ"


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
    """A character: its shape keys, its head if mapped, and notes that the artist should see.

    ``controls`` are the bones and properties that an artist's table moves, ``reduction`` blends mouth poses,
    ``seal`` shuts the lips of its mesh, ``preset`` names the family that it was taken for (with a
    ``confidence`` 0..1) or is empty for an artist's table.
    """

    name: str
    faces: tuple[FaceKeys, ...]
    head: Head | None
    notes: tuple[str, ...]
    controls: tuple[Control, ...] = ()
    reduction: Reduction | None = None
    seal: Seal | None = None
    preset: str = ""
    confidence: float = 0.0

    @property
    def coverage(self) -> Coverage:
        return Coverage(
            tuple((face.mesh, face.mapping) for face in self.faces),
            self.preset,
            self.confidence,
            self.reduction.keys if self.reduction else (),
            tuple(control.owner for control in self.controls),
            tuple(channel for control in self.controls for channel in control.affine.channels),
        )


@dataclass(frozen=True)
class TakeSource:
    """A reference in the scene: an action, its slot ("" for the one with the face), frames and sound.

    ``first`` and ``last`` bound the take in the action's frames (None: all of it); the ``audio`` float32 [N]
    at 16 kHz starts at frame ``sound_frame``; ``rate`` is the scene's frames a second; ``head`` tells which
    bone turns, if one does; ``owner`` is an object of the character that the take was made on, whose mapping
    reads it back (None: whoever uses the action, else the names of its curves). ``own`` lets
    Mouthpiece read its own bake.
    """

    action: bpy.types.Action
    slot: str
    rate: float
    first: float | None = None
    last: float | None = None
    audio: np.ndarray | None = None
    sound_frame: float = 1.0
    head: Head | None = None
    owner: bpy.types.Object | None = None
    own: bool = False
