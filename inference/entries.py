"""What is remembered of a take: short overlapping pieces, each with a key, a value and a style."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Entries:
    """``E`` pieces of a take: ``keys float32 [E, K]`` of length one, ``values [E, V]``, ``styles [E, S]``
    (the last columns say where brows and eyes rest, and 1 if the take shows them)."""

    keys: np.ndarray
    values: np.ndarray
    styles: np.ndarray

    def __len__(self) -> int:
        return len(self.keys)

    def arrays(self) -> dict[str, np.ndarray]:
        """For ``np.savez``; ``Entries(**arrays)`` is the way back."""
        return asdict(self)
