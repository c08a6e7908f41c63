"""Contact sheets: what a person looks at to judge a fit. One PNG per performer.

Above, the measured and the rebuilt lip gap with loudness and phones; below, telling frames: the performer's
frontal landmarks if tracked and, under them, the measuring rig posed by the channels.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec

from ...inference.types import BLENDSHAPES, INDEX, TICK_RATE
from ..phones import PHONES
from .clip import HOPS, MotionClip
from .fit import FittedPerformer
from .landmarks import INNER_LOWER, INNER_UPPER, LIDS, OUTER_LOWER, OUTER_UPPER
from .lips import LipReadout
from .rig import Rig
from .sets import Built

SECONDS = 9.0
"""Length of the plotted stretch."""
LIGHT = np.array([0.3, 0.35, 0.9])


def telling_frames(channels: np.ndarray, lips: np.ndarray) -> dict[str, int]:
    """Frames that show the range of the face, by what to look for in them; ``lips [T, 2]``."""

    def side(name: str) -> tuple[np.ndarray, np.ndarray]:
        return channels[:, INDEX[f"{name}Left"]], channels[:, INDEX[f"{name}Right"]]

    (blink, blink_right), smile = side("eyeBlink"), np.minimum(*side("mouthSmile"))
    return {
        "lips closed": int(lips[:, 0].argmin()),
        "most open": int(lips[:, 0].argmax()),
        "narrowest": int(lips[:, 1].argmin()),
        "widest": int(lips[:, 1].argmax()),
        "smile": int(smile.argmax()),
        "blink": int(np.minimum(blink, blink_right).argmax()),
        "left lid lower": int((blink - blink_right).argmax()),
        "brows up": int(channels[:, INDEX["browInnerUp"]].argmax()),
    }


def draw_landmarks(axes: Axes, points: np.ndarray, ids: tuple[int, ...]) -> None:
    """Frontal landmarks ``[K, 3]`` with the lip lines and lids joined."""
    where = {vertex: i for i, vertex in enumerate(ids)}
    axes.scatter(points[:, 0], points[:, 1], s=1.5, color="0.5")
    for line in (OUTER_UPPER, OUTER_LOWER, INNER_UPPER, INNER_LOWER):
        path = [where[vertex] for vertex in line if vertex in where]
        axes.plot(points[path, 0], points[path, 1], color="crimson", lw=0.8)
    for corners, pairs in LIDS.values():
        for row in (0, 1):
            path = [where[v] for v in (corners[0], *(pair[row] for pair in pairs), corners[1])]
            axes.plot(points[path, 0], points[path, 1], color="navy", lw=0.8)


def draw_rig(axes: Axes, rig: Rig, channels: np.ndarray) -> None:
    """The rig's face posed by ``channels [55]``, flat shaded from the front."""
    shape = rig.neutral + np.tensordot(channels[: len(BLENDSHAPES)], rig.deltas, 1)
    faces = np.where(rig.faces < 0, rig.faces[:, :1], rig.faces)
    corners = shape[faces]
    normal = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12
    middle = corners.mean(1)
    front = (normal[:, 2] > 0) & (np.abs(middle[:, 1]) < 1.1) & (middle[:, 2] > 0.3)
    order = np.flatnonzero(front)[np.argsort(middle[front, 2])]
    shade = np.clip(normal[order] @ LIGHT, 0, 1)
    colours = np.stack([0.25 + 0.7 * shade, 0.2 + 0.62 * shade, 0.18 + 0.56 * shade], 1)
    axes.add_collection(
        PolyCollection(corners[order][..., :2], facecolors=colours, edgecolors="face", lw=0.2)
    )


def draw_curves(axes: Axes, clips: list[MotionClip], readout: LipReadout) -> None:
    """Measured and rebuilt gap of the first clips with loudness and phones."""
    start = 0.0
    for clip in clips:
        times = start + (np.arange(len(clip.channels)) + 0.5) / TICK_RATE
        axes.plot(times, clip.gap[:, 0], color="black", lw=1.2, label=None if start else "measured")
        rebuilt = readout(clip.channels)[:, 0] - readout.offset[0]
        axes.plot(times, rebuilt, color="crimson", lw=1.0, label=None if start else "rebuilt")
        if len(clip.audio):
            sound = np.abs(clip.audio[: len(clip.audio) // 160 * 160].reshape(-1, 160).astype(float)).max(1)
            moments = start + (np.arange(len(sound)) + 0.5) / 100
            axes.fill_between(moments, 0, sound / max(sound.max(), 1) * 0.2, color="0.85", zorder=0)
        draw_phones(axes, clip.phones, start)
        start += len(clip.channels) / TICK_RATE
        axes.axvline(start, color="0.6", lw=0.5)
        if start > SECONDS:
            break
    axes.set(xlim=(0, min(start, 2 * SECONDS)), ylabel="inner lip gap / eye distance")
    axes.legend(loc="upper right", fontsize=7)


def draw_phones(axes: Axes, phones: np.ndarray, start: float) -> None:
    """Phone symbols at the middle of their runs, on two lines so that short ones stay legible."""
    edges = np.flatnonzero(np.diff(phones)) + 1
    for i, (a, b) in enumerate(zip([0, *edges], [*edges, len(phones)], strict=True)):
        if b > a and phones[a] >= 0 and PHONES[phones[a]] != "sil":
            middle = start + (a + b) / 2 / (HOPS * TICK_RATE)
            axes.text(middle, -0.012 - 0.012 * (i % 2), PHONES[phones[a]], fontsize=6, ha="center")


def draw_set(folder: Path, built: Built, rig: Rig, readout: LipReadout) -> None:
    """Write ``folder/PERFORMER.png`` for every performer of a set."""
    folder.mkdir(parents=True, exist_ok=True)
    for performer in dict.fromkeys(clip.performer for clip in built.clips):
        owned = [clip for clip in built.clips if clip.performer == performer]
        figure = draw_sheet(owned, built.fits.get(performer), rig, readout)
        figure.suptitle(f"{performer}: image left = performer's right", fontsize=10)
        figure.savefig(folder / f"{performer}.png", dpi=80)


def draw_sheet(clips: list[MotionClip], fit: FittedPerformer | None, rig: Rig, readout: LipReadout) -> Figure:
    """The sheet of one performer; without a fit there are no landmarks to draw."""
    channels = fit.channels if fit else np.concatenate([clip.channels for clip in clips])
    frames = telling_frames(channels, fit.performer.gap if fit else readout(channels))
    rows = 3 if fit else 2
    figure = Figure(figsize=(2.3 * len(frames), 3 * rows), layout="constrained")
    grid = figure.add_gridspec(rows, len(frames))
    draw_curves(figure.add_subplot(grid[0, :]), clips, readout)
    for column, (title, frame) in enumerate(frames.items()):
        if fit:
            draw_landmarks(
                frame_axes(figure, grid[1, column]), fit.performer.points[frame], fit.performer.ids
            )
        axes = frame_axes(figure, grid[rows - 1, column])
        draw_rig(axes, rig, channels[frame])
        axes.set_title(f"{title} ({frame})", fontsize=8)
        strongest = np.argsort(-channels[frame, : len(BLENDSHAPES)])[:6]
        axes.set_xlabel(
            "\n".join(f"{BLENDSHAPES[i]} {channels[frame, i]:.2f}" for i in strongest), fontsize=6
        )
    return figure


def frame_axes(figure: Figure, place: SubplotSpec) -> Axes:
    """Bare axes that hold a frontal face in eye units."""
    axes = figure.add_subplot(place)
    axes.set(xlim=(-0.85, 0.85), ylim=(-1.0, 0.9), xticks=[], yticks=[], aspect="equal")
    return axes
