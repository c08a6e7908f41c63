"""The plot: lip opening against the waveform, with the phones and the closures that they demand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .voice import Phone

ROW_SECONDS = 7.0
CLOSURES = frozenset({"p", "b", "m"})
COLOURS = ("#c8553d", "#2d7d8a", "#7a5c99")


def plot_opening(
    path: Path, sound: np.ndarray, rate: int, openings: dict[str, np.ndarray], fps: float, phones: list[Phone]
) -> None:
    """Write a png. ``openings``: label -> ``[T]`` at frames 1, 2, … (frame f at (f - 1) / fps s)."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    seconds = len(sound) / rate
    rows = max(1, int(np.ceil(seconds / ROW_SECONDS - 1e-6)))
    span = seconds / rows
    top = max(max(float(v.max()) for v in openings.values()), 0.05) * 1.25
    figure, axes = plt.subplots(rows, 1, figsize=(15, 2.7 * rows + 0.6), squeeze=False)
    for row, axis in enumerate(axes[:, 0]):
        first, last = row * span, (row + 1) * span
        draw_sound(axis, sound, rate, top)
        for colour, (label, values) in zip(COLOURS, openings.items(), strict=False):
            axis.plot(np.arange(len(values)) / fps, values, color=colour, lw=1.8, label=label)
        draw_phones(axis, phones, top, first, last)
        axis.set_xlim(first, last)
        axis.set_ylim(0.0, top)
        axis.set_ylabel("lip opening / mouth width")
    axes[-1, 0].set_xlabel("seconds")
    axes[0, 0].legend(loc="upper left", bbox_to_anchor=(0.0, 1.22), ncols=4, frameon=False)
    if phones:
        axes[0, 0].set_title("shaded: lips must close (p, b, m)", fontsize=10, loc="right")
    figure.tight_layout()
    figure.savefig(path, dpi=100, format="png")
    plt.close(figure)


def draw_sound(axis: object, sound: np.ndarray, rate: int, top: float) -> None:
    """The waveform's envelope in grey, centred in the axis."""
    hop = max(1, rate // 200)
    frames = sound[: len(sound) // hop * hop].reshape(-1, hop)
    scale = 0.45 * top / max(float(np.abs(sound).max()), 1e-6)
    times = (np.arange(len(frames)) + 0.5) * hop / rate
    middle = 0.5 * top
    axis.fill_between(
        times, middle + frames.min(1) * scale, middle + frames.max(1) * scale, color="0.86", lw=0
    )


def draw_phones(axis: object, phones: list[Phone], top: float, first: float, last: float) -> None:
    """Names along the top, shading where the lips must close."""
    for phone in phones:
        middle = 0.5 * (phone.start + phone.end)
        if phone.name in CLOSURES:
            axis.axvspan(phone.start, phone.end, color="#e9c46a", alpha=0.55, lw=0)
        if first <= middle < last and phone.name != "pau":
            axis.text(middle, 0.94 * top, phone.name, ha="center", fontsize=7.5)
