"""What a take without sound does not show of the mouth: what captured faces do beside what it shows.

With sound, the plain mouth of that sound stands in. Without, shapes that a rig lacks would rest, and what the
others do to go with them would count as manner.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RIDGE = 1e-3
"""Variance that is noise: about three hundredths of a shape's range."""


@dataclass(frozen=True)
class Usual:
    """How captured mouths move: ``channels int [M]``, their ``mean [M]`` and ``covariance [M, M]``."""

    channels: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray

    def complete(self, channels: np.ndarray, measured: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``channels [T, 55]`` and ``measured bool [55]`` with the rest of a mouth that is shown in part:
        what is most likely under normal distributions."""
        shown = measured[self.channels]
        if shown.all() or not shown.any():
            return channels, measured
        known, lacking = self.channels[shown], self.channels[~shown]
        noisy = self.covariance[np.ix_(shown, shown)] + RIDGE * np.eye(len(known))
        gain = np.linalg.solve(noisy, self.covariance[np.ix_(shown, ~shown)])
        whole, everything = channels.copy(), measured.copy()
        whole[:, lacking] = (self.mean[~shown] + (channels[:, known] - self.mean[shown]) @ gain).clip(0, 1)
        everything[self.channels] = True
        return whole, everything
