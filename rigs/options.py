"""How an artist wants a bake: parameters only."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..inference.types import C


@dataclass(frozen=True)
class StripOptions:
    """How a bake lies on the NLA: ``additive`` adds to what is below and above; ``blend_in`` and
    ``blend_out`` in scene frames; a ``patch`` lies over the former bake instead of taking its place."""

    additive: bool = False
    blend_in: float = 0.0
    blend_out: float = 0.0
    patch: bool = False


PLAIN = StripOptions()
"""A bake that replaces what is below it."""


@dataclass(frozen=True)
class BakeOptions:
    """``whole``: key whole scene frames. ``smoothing``: standard deviation in seconds. ``gains [C]``: the
    intensity of every channel. ``tolerance``: greatest error of left-out keys in channel units (0 keeps all).
    ``seal``: shut the lips on the mesh. ``span``: first and last scene frame to key (None: all)."""

    whole: bool = False
    smoothing: float = 0.0
    gains: np.ndarray = field(default_factory=lambda: np.ones(C, np.float32))
    tolerance: float = 0.0
    seal: bool = True
    span: tuple[float, float] | None = None
    strip: StripOptions = PLAIN
