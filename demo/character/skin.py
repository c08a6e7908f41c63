"""The face mesh at rest: skin, lips, mouth bag and lids put together, and its colours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from . import lids, mouth
from .fields import bump, smoothstep
from .grid import Grid, skin_grid
from .shape import nostrils, surface

SKIN = np.array([0.94, 0.56, 0.40])
BLUSH = np.array([0.93, 0.30, 0.21])
LIP = np.array([0.72, 0.19, 0.165])
SHADOW = np.array([0.42, 0.15, 0.11])
DARK = np.array([0.055, 0.010, 0.012])
LID_TINT = np.array([0.72, 0.33, 0.30])


@dataclass(frozen=True)
class Face:
    """Everything that the shape keys need to know of the face mesh; ``V`` counts skin, bag and rims.

    ``closed [S, 3]`` is the skin with shut lids, ``rest [V, 3]`` the neutral mesh; ``mu, nu, inner [V]`` are
    mouth coordinates (see ``mouth.MouthMap``), ``lid [V]`` is 1 on lids and rims.
    """

    grid: Grid
    closed: np.ndarray
    rest: np.ndarray
    bag_slice: slice
    mu: np.ndarray
    nu: np.ndarray
    inner: np.ndarray
    lid: np.ndarray
    mirror: np.ndarray
    faces: list[tuple[int, ...]]

    def with_lids(self, left: lids.LidPose, right: lids.LidPose) -> np.ndarray:
        """Rest vertices ``[V, 3]`` with other lid poses."""
        skin = lids.open_lids(self.closed, self.grid, left, right)
        return np.concatenate([skin, self.rest[self.bag_slice], lids.rims(skin, self.grid)])


def closed_skin(grid: Grid) -> np.ndarray:
    """Skin ``[S, 3]`` with shut lids and mouth: the solid, lips, philtrum, nostrils and a hint of a smile."""
    points = surface(grid.azimuth, grid.elevation)
    mu, nu = mouth.elliptic(grid)
    points = points + mouth.lip_relief(mu, nu) + mouth.philtrum(points)
    dent = nostrils(points)
    points = points + np.stack([0 * dent, 0.022 * dent, 0.030 * dent], axis=-1)
    smile = 0.016 * np.abs(np.cos(nu)) ** 2.5 * smoothstep(1.3, 0.0, mu)
    bow = 0.004 * np.exp(-((np.cos(nu) / 0.35) ** 2)) * smoothstep(0.8, 0.0, mu)
    return points + np.stack([0 * smile, 0.3 * smile, smile - bow], axis=-1)


@lru_cache(maxsize=1)
def build_face() -> Face:
    """Build the neutral face once."""
    grid = skin_grid()
    closed = closed_skin(grid)
    mu, nu = mouth.elliptic(grid)
    skin = lids.open_lids(closed, grid, lids.NEUTRAL, lids.NEUTRAL)
    bag, bag_faces, bag_nu, bag_inner = mouth.bag(skin, grid)
    rim = lids.rims(skin, grid)
    first_rim = len(skin) + len(bag)
    columns = len(grid.mouth.upper)
    bag_mirror = np.arange(len(bag)).reshape(-1, columns)[:, ::-1].ravel() + len(skin)
    return Face(
        grid=grid,
        closed=closed,
        rest=np.concatenate([skin, bag, rim]),
        bag_slice=slice(len(skin), first_rim),
        mu=np.concatenate([mu, np.zeros(len(bag)), np.full(len(rim), 9.0)]),
        nu=np.concatenate([nu, bag_nu, np.full(len(rim), np.pi / 2)]),
        inner=np.concatenate([np.zeros(len(skin), int), bag_inner, np.zeros(len(rim), int)]),
        lid=np.concatenate([lids.lid_mask(closed), np.zeros(len(bag)), np.ones(len(rim))]),
        mirror=np.concatenate([grid.mirror, bag_mirror, lids.rim_mirror(grid, first_rim)]),
        faces=grid.faces + bag_faces + lids.rim_faces(grid, first_rim),
    )


def mix(base: np.ndarray, colour: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Blend ``colour`` over ``base [V, 3]`` by ``amount [V]``."""
    return base + (colour - base) * np.clip(amount, 0.0, 1.0)[:, None]


def colours(face: Face) -> np.ndarray:
    """Vertex colours ``[V, 3]``: blush, lips, lids, nostrils, and a mouth that darkens inward."""
    skin = len(face.closed)
    p = face.closed.copy()
    p[:, 0] = np.abs(p[:, 0])
    tint = np.tile(SKIN, (len(face.rest), 1))
    blush = 0.55 * bump(p, (0.46, -0.70, -0.24), 0.20) + 0.30 * bump(p, (0.0, -1.06, -0.20), 0.10)
    tint[:skin] = mix(tint[:skin], BLUSH, blush)
    tint[:skin] = mix(tint[:skin], LID_TINT, lid_tint(face))
    tint[:skin] = mix(tint[:skin], DARK, 0.85 * smoothstep(0.25, 0.9, nostrils(p)))
    edge = face.mu[:skin] / mouth.border(face.nu[:skin])
    tint[:skin] = mix(tint[:skin], LIP, smoothstep(1.14, 0.84, edge))
    tint[:skin] = mix(tint[:skin], SHADOW, 0.8 * np.exp(-((face.mu[:skin] / 0.035) ** 2)))
    depth = np.abs(face.inner[face.bag_slice])
    tint[face.bag_slice] = mix(
        np.tile(SHADOW, (len(depth), 1)), DARK, smoothstep(1.0, 4.5, depth.astype(float))
    )
    tint[face.bag_slice.stop :] = mix(
        np.tile(LID_TINT, (len(face.rest) - face.bag_slice.stop, 1)),
        SHADOW,
        np.full(len(face.rest) - face.bag_slice.stop, 0.4),
    )
    return tint


def lid_tint(face: Face) -> np.ndarray:
    """Amount ``[S]`` of eyeshadow: strongest at the edge of the upper lid."""
    turned = np.zeros(len(face.closed))
    for k, slit in enumerate(face.grid.eyes):
        pose = lids.LidPose(1.0, -0.35)
        turned += np.abs(lids.lid_angles(face.closed, face.grid, slit, pose, right=bool(k)))
    amount = np.degrees(turned)
    return 0.75 * smoothstep(0.42, 0.62, amount) * face.lid[: len(face.closed)]
