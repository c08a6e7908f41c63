"""Hair: a combed-back shell over the skull whose edge is the hairline, and two buns with ribbons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .fields import curve, smoothstep
from .part import Part, doubled, tube
from .shape import direction, surface

ROWS, COLUMNS = 84, 176
DARK, LIGHT = np.array([0.070, 0.017, 0.008]), np.array([0.36, 0.105, 0.036])
RIBBON = np.array([0.03, 0.30, 0.33])
HAIRLINE = (
    np.array([0, 12, 30, 48, 60, 70, 80, 92, 110, 180.0]),
    np.array([50, 48.5, 43, 34, 21, 2, -14, -12, -30, -36.0]),
)
"""Azimuth and elevation in degrees of the edge of the hair, from the brow's middle to the nape."""
BUN, BUN_RADIUS = np.array([0.60, 0.26, 1.02]), 0.33


def cap() -> Part:
    """The shell: outside the skull above the hairline, sunk into it below."""
    azimuth = np.radians(np.arange(COLUMNS) * 360.0 / COLUMNS - 180.0 + 180.0 / COLUMNS)
    elevation = np.radians(np.linspace(-48.0, 89.0, ROWS))
    az, el = (a.ravel() for a in np.meshgrid(azimuth, elevation))
    skull = surface(az, el, features=False)
    line = curve(*HAIRLINE, np.degrees(np.abs(az)))
    above = np.degrees(el) - line
    comb = np.abs(np.degrees(az)) * 0.55 + 0.35 * np.degrees(el)
    strand = np.sin(np.radians(comb) * 26.0) + 0.5 * np.sin(np.radians(comb) * 61.0 + 1.0)
    part = np.exp(-((az / 0.05) ** 2)) * smoothstep(1.6, 1.0, el)
    thick = -0.05 + 0.125 * smoothstep(-1.5, 9.0, above) + 0.045 * smoothstep(8.0, 45.0, above)
    thick += smoothstep(1.0, 12.0, above) * (0.009 * strand * np.cos(el) - 0.035 * part)
    vertices = skull + direction(az, el) * thick[:, None]
    shade = np.clip(0.42 + 0.27 * strand - 0.5 * part + 0.25 * np.sin(el), 0.0, 1.0)
    tint = DARK + (LIGHT - DARK) * shade[:, None]
    faces = [*tube(ROWS, COLUMNS, closed=True), tuple((ROWS - 1) * COLUMNS + c for c in range(COLUMNS))]
    mirror = np.arange(len(vertices)).reshape(ROWS, COLUMNS)[:, ::-1].ravel()
    return trimmed(Part("Hair", vertices, faces, tint, mirror, roughness=0.42), above > -5.0)


def trimmed(part: Part, keep: np.ndarray) -> Part:
    """The part without the vertices that ``keep [V]`` denies: no hair may hide in the mouth."""
    number = np.cumsum(keep) - 1
    faces = [tuple(int(number[i]) for i in face) for face in part.faces if keep[list(face)].all()]
    return replace(
        part,
        vertices=part.vertices[keep],
        faces=faces,
        colours=part.colours[keep],
        mirror=number[part.mirror[keep]],
    )


def sphere(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, list]:
    """Unit sphere about z: points, polar angle, turn, faces."""
    polar = np.repeat(np.linspace(0.02, np.pi - 0.02, rows), columns)
    turn = np.tile(np.arange(columns) * 2 * np.pi / columns, rows)
    points = np.stack([np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), -np.cos(polar)], axis=-1)
    return points, polar, turn, tube(rows, columns, closed=True)


def tilt(points: np.ndarray) -> np.ndarray:
    """Turn z toward the direction in which the left bun leaves the head."""
    z = BUN / np.linalg.norm(BUN)
    x = np.cross([0.0, 1.0, 0.0], z)
    x /= np.linalg.norm(x)
    return points @ np.stack([x, np.cross(z, x), z])


def buns() -> list[Part]:
    """Two coiled buns and the ribbons at their feet."""
    points, polar, turn, faces = sphere(40, 64)
    coil = np.sin(6.5 * polar + turn)
    ripple = 1.0 + 0.035 * coil * np.sin(polar)
    left = tilt(points * ripple[:, None] * [1.0, 1.0, 0.88] * BUN_RADIUS) + BUN
    shade = np.clip(0.5 + 0.45 * coil, 0.0, 1.0)
    tint = np.tile(DARK + (LIGHT - DARK) * shade[:, None], (2, 1))
    vertices, both, mirror = doubled(left, faces)
    made = [Part("Buns", vertices, both, tint, mirror, roughness=0.42)]
    rows, columns = 14, 48
    around = np.repeat(np.linspace(0, 2 * np.pi, rows), columns)
    along = np.tile(np.arange(columns) * 2 * np.pi / columns, rows)
    radius = 0.205 + 0.065 * np.cos(around)
    ring = np.stack([radius * np.cos(along), radius * np.sin(along), 0.065 * np.sin(around) - 0.245], axis=-1)
    vertices, both, mirror = doubled(tilt(ring) + BUN, tube(rows, columns, closed=True))
    made.append(Part("Ribbons", vertices, both, np.tile(RIBBON, (len(vertices), 1)), mirror, roughness=0.5))
    return made
