"""Where the lips of any mesh meet, told from how the mesh opens its mouth.

No vertex groups, names or topology are needed: where the lips meet, points that lie together at rest part
when the mouth opens, which skin elsewhere never does. Teeth do the same further back; the front wins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STATIONS = np.array([-0.8, -0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8])
"""Places along the lip line in half widths, from the character's right corner to the left one."""
MIDDLE = slice(3, 6)
"""Stations whose mean is the lip gap."""
PARTING = 0.3
"""Least difference of the downward motion of two lips, as a share of the greatest motion."""
NEAR = 0.05
"""Lips at rest are at most this far apart, as a share of the width of what moves."""
LEAP = 2.0
"""A line of lips ends where the next pair is this many ``NEAR`` away."""
CHUNK = 256


@dataclass(frozen=True)
class Lips:
    """Vertices of the upper and lower lip at ``STATIONS`` (``int [S]``), of the corners (right, left), the
    mouth's ``width`` at rest and its axes as rows (towards the character's left, up, forward)."""

    upper: np.ndarray
    lower: np.ndarray
    corners: np.ndarray
    width: float
    axes: np.ndarray

    @property
    def vertices(self) -> np.ndarray:
        """All vertices, ``int [2 S + 2]``: upper, lower, corners."""
        return np.concatenate([self.upper, self.lower, self.corners])

    def gap(self, shape: np.ndarray) -> np.ndarray:
        """Lip gap of positions or displacements ``[..., V, 3]``, in mouth widths; negative for overlap."""
        apart = (shape[..., self.upper[MIDDLE], :] - shape[..., self.lower[MIDDLE], :]) @ self.axes[1]
        return apart.mean(axis=-1) / self.width

    def landmarks(self, displacements: np.ndarray) -> np.ndarray:
        """Displacements ``[..., V, 3]`` at ``vertices`` in mouth widths and mouth axes, [..., 2 S + 2, 3]."""
        return displacements[..., self.vertices, :] @ self.axes.T / self.width


def find_lips(rest: np.ndarray, opening: np.ndarray) -> Lips | None:
    """The lips of a mesh ``rest [V, 3]`` whose mouth opens by ``opening [V, 3]``; None where none part."""
    axes = mouth_axes(rest, opening)
    if axes is None:
        return None
    place = (np.asarray(rest, np.float64) - rest.mean(axis=0)) @ axes.T
    fall = -(opening @ axes[1])
    most = fall.max()
    lower = np.flatnonzero(fall > PARTING * most)
    if not 3 <= len(lower) < len(rest):
        return None
    reach = NEAR * np.ptp(place[lower, 0])
    pairs = _parting_pairs(place, fall, lower, reach, PARTING * most)
    if len(pairs) < len(STATIONS):
        return None
    line = _front_line(place, fall, pairs, reach)
    if len(line) < len(STATIONS):
        return None
    return _stations(place, line, axes)


def mouth_axes(rest: np.ndarray, opening: np.ndarray) -> np.ndarray | None:
    """Left, up and forward as rows ``[3, 3]`` of a mesh, told from how its mouth opens.

    A jaw is at the bottom of a face and moves further down, is at its front and swings back, and does not
    move across.
    """
    total = opening.sum(axis=0)
    size = np.abs(total)
    if not size.max() > 0.0 or not np.isfinite(size).all():
        return None
    across = 0 if size[0] < 0.1 * size.max() else int(size.argmin())
    weight = np.linalg.norm(opening, axis=1)
    offset = weight @ rest / weight.sum() - rest.mean(axis=0)
    outward = np.where(np.arange(3) == across, -np.inf, offset * total + 1e-6 * size)
    up = int(outward.argmax())
    front = 3 - up - across
    axes = np.zeros((3, 3))
    axes[1, up] = -np.sign(total[up])
    axes[2, front] = np.sign(offset[front]) or 1.0
    axes[0] = np.cross(axes[1], axes[2])
    return axes


def _parting_pairs(
    place: np.ndarray, fall: np.ndarray, lower: np.ndarray, reach: float, parting: float
) -> np.ndarray:
    """(upper, lower) vertices within ``reach`` that part by ``parting``, nearest upper per lower, [P, 2]."""
    box_low, box_high = place[lower].min(axis=0) - reach, place[lower].max(axis=0) + reach
    near = np.flatnonzero(((place >= box_low) & (place <= box_high)).all(axis=1))
    order = near[np.argsort(place[near, 0], kind="stable")]
    across = place[order, 0]
    pairs = []
    lower = lower[np.argsort(place[lower, 0], kind="stable")]
    for start in range(0, len(lower), CHUNK):
        some = lower[start : start + CHUNK]
        first = np.searchsorted(across, place[some[0], 0] - reach)
        last = np.searchsorted(across, place[some[-1], 0] + reach)
        others = order[first:last]
        if not len(others):
            continue
        here, there = place[some], place[others]
        apart = (here**2).sum(axis=1)[:, None] + (there**2).sum(axis=1) - 2.0 * here @ there.T
        apart[fall[some][:, None] - fall[others] <= parting] = np.inf
        apart[there[:, 1] <= here[:, 1:2] - 0.25 * reach] = np.inf
        best = apart.argmin(axis=1)
        found = apart[np.arange(len(some)), best] < reach**2
        pairs += zip(others[best[found]], some[found], strict=True)
    return np.array(pairs, np.intp).reshape(-1, 2)


def _front_line(place: np.ndarray, fall: np.ndarray, pairs: np.ndarray, reach: float) -> np.ndarray:
    """The line of pairs where the lips meet, from right to left: the foremost that lie together (teeth lie
    further back), of these the ones that part most, as far as the line goes on without a leap."""
    middle = place[pairs].mean(axis=1)
    cells = np.floor((middle[:, 0] - middle[:, 0].min()) / (0.5 * reach)).astype(np.intp)
    apart = np.linalg.norm(place[pairs[:, 0]] - place[pairs[:, 1]], axis=1)
    parts = fall[pairs[:, 1]] - fall[pairs[:, 0]]
    line = []
    for cell in np.unique(cells):
        members = np.flatnonzero(cells == cell)
        front = members[middle[members, 2] > middle[members, 2].max() - 0.8 * reach]
        close = front[apart[front] <= apart[front].min() + 0.1 * reach]
        line.append(pairs[close[parts[close].argmax()]])
    line = np.array(line)
    spot = place[line].mean(axis=1)
    leaps = np.linalg.norm(np.diff(spot, axis=0), axis=1) > LEAP * reach
    centre = int(np.abs(spot[:, 0] - np.median(spot[:, 0])).argmin())
    breaks = np.flatnonzero(leaps)
    first = max((gap + 1 for gap in breaks if gap < centre), default=0)
    last = min((gap for gap in breaks if gap >= centre), default=len(line) - 1)
    return line[first : last + 1]


def _stations(place: np.ndarray, line: np.ndarray, axes: np.ndarray) -> Lips:
    """The pairs nearest to every station, and the ends of the line as corners."""
    across = place[line].mean(axis=1)[:, 0]
    right, left = across[0], across[-1]
    wanted = 0.5 * (right + left) + 0.5 * (left - right) * STATIONS
    chosen = line[np.abs(across[None] - wanted[:, None]).argmin(axis=1)]
    ends = line[[0, -1], 1]
    width = float(np.linalg.norm(place[ends[1]] - place[ends[0]]))
    return Lips(chosen[:, 0], chosen[:, 1], ends, width, axes)
