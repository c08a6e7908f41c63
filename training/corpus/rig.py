"""The measuring rig: ICT FaceKit's ARKit shapes seen at the tracker's vertices.

Lip vertices are matched along the contours of both faces by their fraction of the half width, because
equal names in the 68-point table sit at different places of the two lip lines.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from ...inference.types import BLENDSHAPES
from .landmarks import INNER_LOWER, INNER_UPPER, IRISES, OUTER_LOWER, OUTER_UPPER

TABLE_68 = (
    162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389,
    71, 63, 105, 66, 107, 336, 296, 334, 293, 301,
    168, 197, 5, 4, 75, 97, 2, 326, 305,
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
)  # fmt: skip
"""Tracker vertices of the first 48 of the usual 68 landmarks (the lips are matched along their lines)."""
CONTOURS_68 = (
    (OUTER_UPPER, (48, 49, 50, 51, 52, 53, 54)),
    (OUTER_LOWER, (48, 59, 58, 57, 56, 55, 54)),
    (INNER_UPPER, (60, 61, 62, 63, 64)),
    (INNER_LOWER, (60, 67, 66, 65, 64)),
)
RIG_FILE = Path("rigs") / "ict_face.npz"
"""Its place under the data folder."""
SKIN = 9409
"""The rig's first vertices are the skin of the face; sockets, teeth and eyes follow (ICT's layout)."""
FACING = 0.3
"""Least z of a unit normal that a camera in front sees well."""
FRACTIONS = np.array([-1, -0.9, -0.76, -0.55, -0.28, 0, 0.28, 0.55, 0.76, 0.9, 1])
"""Where the eleven vertices of a tracked lip line sit, in half mouth widths (mean of relaxed faces)."""


@dataclass(frozen=True)
class Rig:
    """``neutral [V, 3]`` and ``deltas [52, V, 3]`` in canonical channel order; unit: outer eye distance."""

    neutral: np.ndarray
    deltas: np.ndarray
    faces: np.ndarray
    vertex: dict[int, int]  # tracker vertex -> rig vertex, the anchors of ``register``
    unit: float  # rig lengths per outer eye distance


def canonical_deltas(names: list[str], deltas: np.ndarray) -> np.ndarray:
    """Rig shapes in canonical order: ``_L``, ``_R`` spelt out, split central shapes summed, absent zero."""
    out = np.zeros((len(BLENDSHAPES), *deltas.shape[1:]), np.float32)
    for name, delta in zip(names, deltas, strict=True):
        full = name.replace("_L", "Left").replace("_R", "Right")
        central = name.removesuffix("_L").removesuffix("_R")
        out[BLENDSHAPES.index(full if full in BLENDSHAPES else central)] += delta.astype(np.float32)
    return out


def mesh_graph(neutral: np.ndarray, faces: np.ndarray) -> csr_matrix:
    """Edge lengths of the mesh as a sparse symmetric graph ``[V, V]``."""
    quads = np.where(faces < 0, faces[:, :1], faces)
    a, b = quads.ravel(), np.roll(quads, -1, axis=1).ravel()
    keep = a != b
    a, b = a[keep], b[keep]
    length = np.linalg.norm(neutral[a] - neutral[b], axis=1)
    graph = coo_matrix((length, (a, b)), shape=(len(neutral),) * 2).tocsr()
    return graph.maximum(graph.T)


def contour(graph: csr_matrix, stops: list[int]) -> list[int]:
    """Vertices of the shortest edge path through ``stops``."""
    path = [stops[0]]
    for start, end in itertools.pairwise(stops):
        _, before = dijkstra(graph, indices=start, return_predecessors=True, limit=5.0)
        leg = [end]
        while leg[-1] != start:
            leg.append(int(before[leg[-1]]))
        path += leg[-2::-1]
    return path


@lru_cache(maxsize=2)
def load_rig(path: Path) -> Rig:
    """Read ``ict_face.npz`` and find the rig vertex of every tracker vertex that has one."""
    with np.load(path, allow_pickle=False) as z:
        neutral, faces, marks = z["neutral"], z["faces"], z["landmarks68"]
        deltas = canonical_deltas(z["expression_names"].tolist(), z["expression_deltas"])
    vertex = {tracked: int(marks[i]) for i, tracked in enumerate(TABLE_68)}
    graph = mesh_graph(neutral, faces)
    for tracked, stops in CONTOURS_68:
        path68 = contour(graph, [int(marks[i]) for i in stops])
        x = neutral[path68, 0] / np.abs(neutral[path68, 0]).max()
        for mesh_id, fraction in zip(tracked, FRACTIONS, strict=True):
            vertex[mesh_id] = path68[int(np.abs(x - fraction).argmin())]
    unit = float(np.linalg.norm(neutral[vertex[33]] - neutral[vertex[263]]))
    return Rig(neutral / unit, deltas / unit, faces, vertex, unit)


def vertex_normals(shape: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Unit normals ``[V, 3]`` of a mesh of quads (-1 marks a triangle)."""
    quads = np.where(faces < 0, faces[:, :1], faces)
    normal = np.cross(shape[quads[:, 2]] - shape[quads[:, 0]], shape[quads[:, 3]] - shape[quads[:, 1]])
    total = np.zeros_like(shape)
    for corner in range(4):
        np.add.at(total, quads[:, corner], normal)
    return total / (np.linalg.norm(total, axis=1, keepdims=True) + 1e-12)


def register(rig: Rig, neutral: np.ndarray, ids: Sequence[int]) -> dict[int, int]:
    """Rig vertex of every tracker vertex in ``ids`` but the irises, for a frontal ``neutral [K, 3]``.

    A thin-plate warp carries the performer's frontal view onto the rig's by the anchors; the rest take the
    closest skin vertex that faces the camera.
    """
    anchors = [i for i, vertex in enumerate(ids) if vertex in rig.vertex]
    rest = [i for i, vertex in enumerate(ids) if vertex not in rig.vertex and vertex < IRISES]
    target = rig.neutral[[rig.vertex[ids[i]] for i in anchors], :2]
    warp = RBFInterpolator(neutral[anchors, :2], target, smoothing=1e-4, kernel="thin_plate_spline")
    front = np.flatnonzero(vertex_normals(rig.neutral, rig.faces)[:SKIN, 2] > FACING)
    _, nearest = cKDTree(rig.neutral[front, :2]).query(warp(neutral[rest, :2]))
    return {ids[i]: rig.vertex[ids[i]] for i in anchors} | {
        ids[i]: int(front[k]) for i, k in zip(rest, nearest, strict=True)
    }
