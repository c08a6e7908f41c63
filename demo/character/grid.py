"""The skin's topology: rows and columns of directions with three slits, for the lips and the lids.

Each slit runs along one row between two columns; its inner vertices exist twice, once for the faces above
and once for the faces below. Strips are then hung from the slits' edges (mouth bag, rims of the lids).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .shape import EYE_ELEVATION, EYE_INNER, EYE_OUTER, MOUTH_AZIMUTH, MOUTH_ELEVATION


@dataclass(frozen=True)
class Slit:
    """Vertex indices of a slit from its character-right to its character-left corner, ``[K]`` each.

    The first and last entries (the corners) are the same in both.
    """

    upper: np.ndarray
    lower: np.ndarray


@dataclass(frozen=True)
class Grid:
    """Directions of the ``V`` skin vertices, their column, on which side of a slit they lie, and faces.

    ``above bool [V]``: at or above the mouth line (the upper copy on the line itself).
    """

    azimuth: np.ndarray
    elevation: np.ndarray
    column: np.ndarray
    above: np.ndarray
    above_eyes: np.ndarray
    mirror: np.ndarray
    faces: list[tuple[int, ...]]
    mouth: Slit
    eyes: tuple[Slit, Slit]
    """Left eye, right eye."""


def spaced(
    start: float, stop: float, count: int, *, at_start: float = 1.0, at_stop: float = 1.0
) -> np.ndarray:
    """``count`` values from ``start`` to before ``stop``, crowded at an end whose power is above 1."""
    t = np.arange(count) / count
    t = t**at_start if at_stop == 1.0 else 1.0 - (1.0 - t**at_start) ** at_stop
    return start + (stop - start) * t


def row_elevations() -> np.ndarray:
    """Elevations of the rows from the neck to just under the crown, radians."""
    mouth, eyes, r = MOUTH_ELEVATION, EYE_ELEVATION, np.radians
    below = -spaced(-mouth, r(62.0), 26, at_start=1.45)[::-1]
    middle = 0.5 * (mouth + eyes)
    return np.concatenate([
        spaced(r(-88.5), r(-62.0), 12),
        below,
        spaced(mouth, middle, 17, at_start=1.35)[1:],
        eyes - spaced(0.0, eyes - middle, 17, at_start=1.15)[::-1],
        spaced(eyes, r(42.0), 30, at_start=1.1)[1:],
        spaced(r(42.0), r(90.0), 10),
    ])  # fmt: skip


def column_azimuths() -> np.ndarray:
    """Azimuths of the columns once around, -180 < a <= 180 degrees, symmetric, radians."""
    r = np.radians
    left = np.concatenate([
        spaced(0.0, EYE_INNER, 9),
        spaced(EYE_INNER, MOUTH_AZIMUTH, 17),
        spaced(MOUTH_AZIMUTH, EYE_OUTER, 15, at_start=1.15),
        spaced(EYE_OUTER, r(66.0), 16, at_start=1.1),
        spaced(r(66.0), r(180.0), 17),
    ])  # fmt: skip
    return np.concatenate([-left[:0:-1], left, [np.pi]])


def slit_columns(azimuths: np.ndarray, first: float, last: float) -> np.ndarray:
    """Columns from ``first`` to ``last`` inclusive."""
    return np.flatnonzero((azimuths > first - 1e-9) & (azimuths < last + 1e-9))


@lru_cache(maxsize=1)
def skin_grid() -> Grid:
    """Number the vertices, cut the slits and list the faces."""
    azimuths, elevations = column_azimuths(), row_elevations()
    rows, columns = len(elevations), len(azimuths)
    mouth_row = int(np.argmin(np.abs(elevations - MOUTH_ELEVATION)))
    eye_row = int(np.argmin(np.abs(elevations - EYE_ELEVATION)))
    for_above = np.arange(rows * columns).reshape(rows, columns)
    for_below = for_above.copy()
    column = np.tile(np.arange(columns), rows)
    row = np.repeat(np.arange(rows), columns)
    slits, count = [], rows * columns
    spans = ((mouth_row, -MOUTH_AZIMUTH, MOUTH_AZIMUTH), (eye_row, EYE_INNER, EYE_OUTER))
    for r, first, last in (*spans, (eye_row, -EYE_OUTER, -EYE_INNER)):
        cut = slit_columns(azimuths, first, last)
        inner = cut[1:-1]
        for_below[r, inner] = np.arange(count, count + len(inner))
        column, row = np.append(column, inner), np.append(row, np.full(len(inner), r))
        count += len(inner)
        slits.append(Slit(for_above[r, cut], for_below[r, cut]))
    faces = [
        (
            for_above[r, c],
            for_above[r, (c + 1) % columns],
            for_below[r + 1, (c + 1) % columns],
            for_below[r + 1, c],
        )
        for r in range(rows - 1)
        for c in range(columns)
    ]
    crown = count
    faces += [(for_above[-1, c], for_above[-1, (c + 1) % columns], crown) for c in range(columns)]
    column, row = np.append(column, columns // 2), np.append(row, rows)
    second = np.zeros(count + 1, bool)
    second[rows * columns : count] = True
    return Grid(
        azimuth=np.append(azimuths[column[:-1]], 0.0),
        elevation=np.append(elevations[row[:-1]], np.pi / 2),
        column=column,
        above=(row > mouth_row) | ((row == mouth_row) & ~second),
        above_eyes=(row > eye_row) | ((row == eye_row) & ~second),
        mirror=mirror_map(azimuths, column, row, second),
        faces=[tuple(int(i) for i in face) for face in faces],
        mouth=slits[0],
        eyes=(slits[1], slits[2]),
    )


def mirror_map(azimuths: np.ndarray, column: np.ndarray, row: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Index of each vertex's twin: same row and copy, opposite azimuth (the seam at the back is its own)."""
    columns = len(azimuths)
    opposite = np.append(np.arange(columns - 1)[::-1], columns - 1)
    index = {key: i for i, key in enumerate(zip(row.tolist(), column.tolist(), second.tolist(), strict=True))}
    twins = zip(row.tolist(), opposite[column].tolist(), second.tolist(), strict=True)
    mirror = np.array([index.get(key, -1) for key in twins])
    mirror[-1] = len(mirror) - 1
    return mirror
