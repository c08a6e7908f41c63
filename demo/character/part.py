"""What every part of the character is: a mesh with colours and named displacement fields."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

Keys = dict[str, np.ndarray]


@dataclass(frozen=True)
class Part:
    """One mesh object.

    ``vertices float64 [V, 3]``, ``faces`` tuples of 3 or 4 indices, ``colours [V, 3]`` linear RGB,
    ``keys`` name -> displacement ``[V, 3]`` at value 1, ``mirror int [V]`` the index of each vertex's twin
    across x = 0 (itself on the midline). ``moves`` is False for what stays when the head turns.
    """

    name: str
    vertices: np.ndarray
    faces: list[tuple[int, ...]]
    colours: np.ndarray
    mirror: np.ndarray
    keys: Keys = field(default_factory=dict)
    roughness: float = 0.5
    glow: float = 0.0
    moves: bool = True

    def posed(self, values: dict[str, float]) -> np.ndarray:
        """Vertices ``[V, 3]`` with the given keys applied, the linear mix that Blender makes too."""
        return self.vertices + sum(v * self.keys[k] for k, v in values.items() if k in self.keys)


def doubled(vertices: np.ndarray, faces: list[tuple[int, ...]]) -> tuple[np.ndarray, list, np.ndarray]:
    """A left-hand part and its mirror image as one mesh: vertices, faces and mirror map."""
    count = len(vertices)
    both = np.concatenate([vertices, vertices * [-1.0, 1.0, 1.0]])
    twin = [tuple(i + count for i in reversed(face)) for face in faces]
    return both, faces + twin, np.roll(np.arange(2 * count), count)


def left_to_both(left: np.ndarray, side: str) -> np.ndarray:
    """Displacement of a doubled part whose ``side`` moves: ``left [V, 3]`` -> ``[2 V, 3]``."""
    still = np.zeros_like(left)
    if side == "Left":
        return np.concatenate([left, still])
    return np.concatenate([still, left * [-1.0, 1.0, 1.0]])


def tube(rows: int, columns: int, *, closed: bool) -> list[tuple[int, ...]]:
    """Quads of a ``rows x columns`` vertex grid in row-major order, wrapped across columns if ``closed``."""
    faces = []
    for r in range(rows - 1):
        for c in range(columns if closed else columns - 1):
            d = (c + 1) % columns
            faces.append((r * columns + c, r * columns + d, (r + 1) * columns + d, (r + 1) * columns + c))
    return faces
