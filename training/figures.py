"""Figures as rows of tables, printed and written into the model card; none is typed by hand."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from .metrics import bootstrap

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


@dataclass(frozen=True)
class Figure:
    """One measured value: on what, by whom, which metric, 95 % interval, over how many recordings."""

    group: str
    who: str
    metric: str
    value: float
    interval: tuple[float, float] | None
    count: int

    @classmethod
    def of_mean(cls, group: str, who: str, metric: str, values: np.ndarray) -> Figure:
        """The mean of ``values [N]``, NaN left out, with its bootstrap interval."""
        count = int(np.isfinite(values).sum())
        return cls(group, who, metric, float(np.nanmean(values)), bootstrap(values), count)

    def as_dict(self) -> dict:
        return asdict(self)


def as_markdown(figures: list[Figure]) -> str:
    """A table for each group, in the order given."""
    parts = []
    for group, rows in groupby(figures, key=lambda figure: figure.group):
        parts.append(f"**{group}**\n\n| who | metric | value | 95 % interval | n |\n|---|---|---|---|---|")
        for row in rows:
            interval = "–" if row.interval is None else f"{row.interval[0]:.3f} … {row.interval[1]:.3f}"
            parts.append(f"| {row.who} | {row.metric} | {row.value:.3f} | {interval} | {row.count} |")
        parts.append("")
    return "\n".join(parts)


def update_card(card: Path, figures: list[Figure]) -> None:
    """Replaces what stands between the two markers of ``card``; ValueError where they are missing."""
    text = card.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{card}: has no figure markers; put {BEGIN} and {END} where the tables belong")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    card.write_text(f"{before}{BEGIN}\n{as_markdown(figures)}\n{END}{after}", encoding="utf-8")
