"""A character as the bake sees it: which shape keys and which head follow the channels."""

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
