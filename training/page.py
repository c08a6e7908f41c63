"""The plot page: lip gap with phones, what was retrieved when, and who is taken for whom."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..inference.animate import animate, animate_with
from ..inference.bank import Bank
from ..inference.model import Found, Model
from ..inference.types import TICK_RATE, frame_times
from .corpus.lips import LipReadout
from .dataset import Utterance, to_float
from .phones import PHONES
from .styles import Performance, bank_of, error

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CLIPS = 3


class WatchedBank(Bank):
    """A bank that notes which entries each tick retrieved, and with what share."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.seen: list[tuple[np.ndarray, np.ndarray]] = []

    def offer(self, query: np.ndarray, found: Found, row: int, strength: float = 1.0) -> np.ndarray:
        places, biases = self.find(query, strength)
        weights = np.exp(biases - biases.max(initial=-np.inf)) if len(places) else biases
        self.seen.append((places, weights / max(weights.sum(), 1e-9)))
        return super().offer(query, found, row, strength)


def draw_gap(axis: Axes, model: Model, readout: LipReadout, clip: Utterance) -> None:
    """Predicted against measured lip gap of one recording, its phones above."""
    made = readout(animate(to_float(clip.audio), model))[: len(clip.gap), 0]
    times = frame_times(len(clip.gap))
    measured = np.asarray(clip.gap[:, 0])
    for values, label in ((measured, "measured"), (made, "Mouthpiece")):
        axis.plot(times, (values - values.mean()) / values.std(), label=label)
    phones, start = np.asarray(clip.phones, int), 0
    for stop in [*(np.flatnonzero(np.diff(phones)) + 1), len(phones)]:
        if phones[start] >= 0:
            axis.text((start + stop) / 200, 2.6, PHONES[phones[start]], ha="center", fontsize=7)
            if PHONES[phones[start]] in "pbm":
                axis.axvspan(start / 100, stop / 100, color="0.85", lw=0)
        start = stop
    axis.set(title=clip.name, ylim=(-2.5, 3.2), ylabel="lip gap, deviations")
    axis.legend(loc="lower right", fontsize=8)


def draw_retrieval(axis: Axes, model: Model, performance: Performance) -> None:
    """Entries by place, time of the line across: how much each one was attended to."""
    bank = WatchedBank(model)
    for take in performance.references:
        bank.add(take)
    animate_with(performance.target.audio, model, bank)
    table = np.zeros((len(bank), len(bank.seen)))
    for tick, (places, weights) in enumerate(bank.seen):
        table[places, tick] = weights
    extent = (0, len(bank.seen) / TICK_RATE, len(bank), 0)
    axis.imshow(np.sqrt(table), aspect="auto", interpolation="nearest", extent=extent, cmap="magma")
    axis.set(title="retrieved entries (root of their share)", xlabel="seconds of the line", ylabel="entry")


def confusion(model: Model, cast: Sequence[Performance]) -> np.ndarray:
    """``[N, N]``: error of each target (row) animated with each performer's references (column)."""
    banks = [bank_of(model, p.references) for p in cast]
    rows = []
    for p in cast:
        rows.append([error(animate_with(p.target.audio, model, b), p.target) for b in banks])
    return np.array(rows)


def draw_confusion(axis: Axes, errors: np.ndarray) -> None:
    """Each row relative to its mean: dark where a performer's takes meet the target best."""
    image = axis.imshow(errors / errors.mean(1, keepdims=True), cmap="viridis")
    axis.figure.colorbar(image, ax=axis, shrink=0.8)
    axis.set(title="error relative to the row's mean", xlabel="references of", ylabel="target of")


def write(
    path: Path,
    model: Model,
    readout: LipReadout,
    clips: Sequence[Utterance],
    performance: Performance,
    errors: np.ndarray,
) -> None:
    """Writes the page as a png."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(15, 15))
    grid = figure.add_gridspec(CLIPS + 2, 2)
    for row, clip in enumerate(clips[:CLIPS]):
        draw_gap(figure.add_subplot(grid[row, :]), model, readout, clip)
    draw_retrieval(figure.add_subplot(grid[CLIPS:, 0]), model, performance)
    draw_confusion(figure.add_subplot(grid[CLIPS:, 1]), errors)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    plt.close(figure)
