"""Can the fit be trusted? Figures per performer, printed as a table and kept in ``checks.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...inference.types import INDEX, SAMPLE_RATE, frame_times
from .clip import MotionClip
from .fit import FittedPerformer
from .landmarks import LIPS
from .lips import LipReadout
from .performer import TOUCH

LEAST_CORRELATION = 0.95
"""Rebuilt against measured lip gap, on every performer."""
LEAST_CLOSED = 0.95
"""Share of the frames with closed lips in which the rebuilt lips are closed too."""
LAGS = np.arange(-15, 16) * 0.01
"""Seconds by which lips may follow their sound."""
COLUMNS = (
    ("frames", "frames", "{:d}"), ("error %", "error_percent", "{:.2f}"), ("error px", "error_px", "{:.2f}"),
    ("lips px", "lips_px", "{:.2f}"), ("gap r", "gap_correlation", "{:.4f}"),
    ("slope", "gap_slope", "{:.3f}"), ("width r", "width_correlation", "{:.3f}"),
    ("closed", "closed_frames", "{:d}"), ("stay closed", "stay_closed", "{:.3f}"),
    ("lag s", "lag", "{:+.2f}"), ("lag r", "lag_correlation", "{:.2f}"),
)  # fmt: skip


def check_fit(fit: FittedPerformer, readout: LipReadout) -> dict[str, Any]:
    """Errors in percent of the eye distance and in pixels; lips measured against rebuilt."""
    performer, rebuilt = fit.performer, readout(fit.channels)
    gap = performer.gap
    lips = [i for i, vertex in enumerate(fit.points) if vertex in LIPS]
    closed = gap[:, 0] <= performer.closed
    return {
        "error_percent": 100 * float(fit.errors.mean()),
        "error_px": float(fit.errors.mean()) * performer.pixels,
        "lips_px": float(fit.errors[:, lips].mean()) * performer.pixels,
        **compare_lips(gap, rebuilt),
        "closed_below": performer.closed,
        "closed_frames": int(closed.sum()),
        "stay_closed": float((rebuilt[closed, 0] <= readout.offset[0] + TOUCH).mean()),
    }


def compare_lips(gap: np.ndarray, rebuilt: np.ndarray) -> dict[str, float]:
    """Correlations of both lip measures and the slope of the gap; both ``[T, 2]``."""
    return {
        "gap_correlation": float(np.corrcoef(gap[:, 0], rebuilt[:, 0])[0, 1]),
        "gap_slope": float(np.polyfit(gap[:, 0], rebuilt[:, 0], 1)[0]),
        "width_correlation": float(np.corrcoef(gap[:, 1], rebuilt[:, 1])[0, 1]),
    }


def loudness(audio: np.ndarray) -> np.ndarray:
    """Log energy of 40 ms around every 10 ms hop's centre, ``float64 [N / 160]``."""
    hops = len(audio) // 160
    energy = (audio[: hops * 160].reshape(hops, 160).astype(np.float64) ** 2).mean(1)
    return np.log(np.convolve(energy, [0.125, 0.25, 0.25, 0.25, 0.125], "same") + 1e3)


def lag_behind_sound(clips: Sequence[MotionClip], readout: LipReadout) -> dict[str, float]:
    """Seconds by which the lip gap follows loudness (best mean correlation over clips) and that correlation;
    nothing where no clip has both.

    About +0.02 s is natural: lips are widest after the vowel is loudest.
    """
    rows = []
    for clip in clips:
        sound = loudness(clip.audio)
        moments = (np.arange(len(sound)) + 0.5) * 160 / SAMPLE_RATE
        gap, times = readout(clip.channels)[:, 0], frame_times(len(clip.channels))
        if gap.std() and sound.std():
            rows.append([np.corrcoef(gap, np.interp(times - lag, moments, sound))[0, 1] for lag in LAGS])
    if not rows:
        return {}
    mean = np.mean(rows, axis=0)
    return {"lag": float(LAGS[mean.argmax()]), "lag_correlation": float(mean.max())}


def ranges(channels: np.ndarray) -> dict[str, list[float]]:
    """1st, 50th and 99th percentile of every channel."""
    low, middle, high = np.percentile(channels, (1, 50, 99), axis=0)
    return {name: [round(float(q[i]), 4) for q in (low, middle, high)] for name, i in INDEX.items()}


def check_set(
    clips: Sequence[MotionClip], fits: Mapping[str, FittedPerformer], readout: LipReadout
) -> dict[str, dict[str, Any]]:
    """Figures of every performer of a set; speakers with one clip also appear pooled."""
    out: dict[str, dict[str, Any]] = {}
    single: list[FittedPerformer] = []
    for performer in dict.fromkeys(clip.performer for clip in clips):
        owned = [clip for clip in clips if clip.performer == performer]
        channels = np.concatenate([clip.channels for clip in owned])
        out[performer] = {"frames": len(channels), "ranges": ranges(channels)}
        if performer in fits:
            out[performer] |= check_fit(fits[performer], readout)
            single += [fits[performer]] if len(owned) == 1 else []
        if len(owned[0].audio):
            out[performer] |= lag_behind_sound(owned, readout)
    if len(single) > 1:
        gap = np.concatenate([fit.performer.gap for fit in single])
        rebuilt = np.concatenate([readout(fit.channels) for fit in single])
        pooled = compare_lips(gap, rebuilt) | {"frames": len(gap)}
        del pooled["width_correlation"]  # faces differ in width at rest, the rig does not
        out["one-clip speakers"] = pooled
    return out


def failures(results: Mapping[str, Mapping[str, dict[str, Any]]]) -> list[str]:
    """One line for every performer whose fit misses the bar."""
    out = []
    for name, performers in results.items():
        for performer, row in performers.items():
            if row.get("gap_correlation", 1.0) < LEAST_CORRELATION:
                out.append(f"{name}/{performer}: rebuilt lip gap correlates {row['gap_correlation']:.3f}")
            if row.get("stay_closed", 1.0) < LEAST_CLOSED:
                out.append(
                    f"{name}/{performer}: lips stay closed in {row['stay_closed']:.3f} of closed frames"
                )
    return out


def table(results: Mapping[str, Mapping[str, dict[str, Any]]]) -> str:
    """The figures as aligned text, one performer a line."""
    lines = [["performer", *(title for title, _, _ in COLUMNS)]]
    for name, performers in results.items():
        for performer, row in performers.items():
            cells = [form.format(row[key]) if key in row else "" for _, key, form in COLUMNS]
            lines.append([f"{name}/{performer}", *cells])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(w) if i else cell.ljust(w)
            for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )
