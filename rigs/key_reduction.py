"""Fewer keys within an error bound: which keys a linear curve can do without."""

from __future__ import annotations

import numpy as np


def needed_keys(frames: np.ndarray, values: np.ndarray, bound: float, keep: np.ndarray) -> np.ndarray:
    """Which keys of curves ``values [M, P]`` at ``frames [M]`` are needed, ``bool [M, P]``.

    Straight lines between needed keys stay within ``bound`` of every key left out; keys in ``keep`` (bool
    [M, P]) and both ends are always needed. One pass per frame for all curves: a key is left out as long as
    one line from the last needed key meets all others within the bound (the swing-door method, E. H.
    Bristol, 1990).
    """
    frames, values = np.asarray(frames, np.float64), np.asarray(values, np.float64)
    count, curves = values.shape
    needed = np.array(keep, bool)
    needed[[0, -1]] = True
    if bound <= 0.0 or count < 3:
        return np.ones_like(needed)
    start_time, start = np.full(curves, frames[0]), values[0].copy()
    low, high = np.full(curves, -np.inf), np.full(curves, np.inf)
    for place in range(1, count):
        span = frames[place] - start_time
        slope = (values[place] - start) / span
        ends = (slope < low) | (slope > high) | needed[place - 1]
        if ends.any() and place > 1:
            needed[place - 1] |= ends
            start_time[ends], start[ends] = frames[place - 1], values[place - 1, ends]
            low[ends], high[ends] = -np.inf, np.inf
            span = frames[place] - start_time
        low = np.maximum(low, (values[place] - bound - start) / span)
        high = np.minimum(high, (values[place] + bound - start) / span)
    return needed
