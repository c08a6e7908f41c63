"""Measure how far label times lie from the sound: ``python -m mouthpiece.training.corpus.speech_check DATA``.

Four boundaries are sharp in the sound: silence to a vowel, a closure to its burst and a voiced burst to a
vowel (the level rises), and a vowel to a voiceless sibilant (the level above 3.5 kHz rises). Around each
label the steepest rise of the smoothed level is found; the median offset is the correction that the label set
needs. A set that labels whole stops has no burst labels: its ``burst`` row tests the share that ``phones.py``
assumes.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import scipy.signal

from ..phones import FEATURE_TABLE, FEATURES, PHONES, SILENCE
from .sound import decode
from .speech_sets import SPEECH_SETS, Clip

STEP = 16
"""Samples between level readings: 1 ms."""
REACH = 60
"""Milliseconds searched on each side of a label."""
SMOOTH = 8
"""Milliseconds on each side of a moment whose levels are compared."""

KINDS = ("onset", "sibilant", "burst", "voice")


def _with(feature: str, floor: float = 0.9) -> np.ndarray:
    return FEATURE_TABLE[:, FEATURES.index(feature)] >= floor


_VOWEL, _BURST, _VOICED = _with("vowel"), _with("burst"), _with("voicing")
_HISS = _with("sibilance") & ~_VOICED
_CLOSURE = np.isin(PHONES, list("pbtdkɡ"))


def level(sound: np.ndarray, low: float | None = None) -> np.ndarray:
    """Log energy of ``sound`` (int16 [N]) per ms in centred 4 ms windows, above ``low`` Hz if given."""
    wave = sound.astype(np.float64)
    if low is not None:
        wave = scipy.signal.sosfiltfilt(scipy.signal.butter(4, low, "high", fs=16_000, output="sos"), wave)
    energy = np.convolve(wave**2, np.ones(64) / 64, mode="same")[STEP // 2 :: STEP]
    return np.log(energy + 100.0)


def rise_offset(levels: np.ndarray, at: float) -> float | None:
    """Milliseconds from ``at`` (s) to the steepest rise of ``levels`` in reach; None at edges or if flat."""
    centre = round(at * 1000)
    if centre - REACH - SMOOTH < 0 or centre + REACH + SMOOTH > len(levels):
        return None
    total = np.concatenate([[0.0], np.cumsum(levels)])
    moments = np.arange(centre - REACH, centre + REACH + 1)
    rise = (total[moments + SMOOTH] - 2 * total[moments] + total[moments - SMOOTH]) / SMOOTH
    best = int(rise.argmax())
    return float(best - REACH) if rise[best] > 1.5 and 0 < best < 2 * REACH else None


def clip_offsets(clip: Clip) -> dict[str, list[float]]:
    """Offsets in ms (positive: the label is early) of each kind of boundary in one labelled clip."""
    sound = decode(clip.sound) if isinstance(clip.sound, Path) else clip.sound
    levels = {"sibilant": level(sound, 3500.0)}
    plain = level(sound)
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    segments = clip.segments or []
    for before, after in pairwise(segments):
        kind = _boundary(before[2], after[2])
        if kind:
            offset = rise_offset(levels.get(kind, plain), after[0])
            if offset is not None:
                found[kind].append(offset)
    return found


def _boundary(before: int, after: int) -> str | None:
    """Which sharp boundary lies between two phones, if any."""
    if before < 0 or after < 0:
        return None
    if before == SILENCE and _VOWEL[after]:
        return "onset"
    if _VOWEL[before] and _HISS[after]:
        return "sibilant"
    if _CLOSURE[before] and _BURST[after]:
        return "burst"
    return "voice" if _BURST[before] and _VOICED[before] and _VOWEL[after] else None


def main() -> None:
    """Print, for every labelled set, the count, median and quartiles of the offsets of each boundary."""
    parser = argparse.ArgumentParser(description="Measure label offsets")
    parser.add_argument("data", type=Path)
    parser.add_argument("--clips", type=int, default=200, help="clips read per set, spread evenly")
    given = parser.parse_args()
    for name, source in SPEECH_SETS.items():
        clips = [clip for clip in source.clips(given.data / (source.folder or "")) if clip.segments]
        offsets = [clip_offsets(clip) for clip in clips[:: max(1, len(clips) // given.clips)]]
        for kind in KINDS if offsets else ():
            values = np.array([value for found in offsets for value in found[kind]])
            if len(values):
                low, median, high = np.percentile(values, (25, 50, 75))
                print(f"{name:16} {kind:9} {len(values):5d}  {median:+5.0f} ms  [{low:+.0f}, {high:+.0f}]")


if __name__ == "__main__":
    main()
