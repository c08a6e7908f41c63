"""A line in a few hundred bytes, for the report: three curves and three moments of the face."""

from __future__ import annotations

import numpy as np

from ..types import INDEX, TICK_RATE

POINTS = 80
"""Points of a curve; each is the largest value of its stretch, so that nothing short is lost."""
MOMENTS = 3
CURVES = {
    "jaw": ("jawOpen",),
    "lips": ("mouthClose", "mouthPucker", "mouthFunnel", "mouthPressLeft", "mouthPressRight"),
    "lids": ("eyeBlinkLeft", "eyeBlinkRight"),
}
FACE = {
    "open": ("jawOpen",),
    "close": ("mouthClose",),
    "round": ("mouthPucker", "mouthFunnel"),
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
    "frown": ("mouthFrownLeft", "mouthFrownRight"),
    "blink": ("eyeBlinkLeft", "eyeBlinkRight"),
    "brow": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
}
"""What a thumbnail shows: the largest of some channels, in percent."""

Sketch = dict[str, object]


def sketch(channels: np.ndarray) -> Sketch:
    """What the report draws of ``channels [T, 55]`` at 25 Hz, T > 0; plain numbers, ready for JSON."""
    shown = {name: _largest(channels, names) for name, names in CURVES.items()}
    parts = {name: _largest(channels, names) for name, names in FACE.items()}
    moments = _telling(np.stack([values for name, values in parts.items() if name != "blink"], axis=1))
    faces = {name: values[moments] for name, values in parts.items()}
    return {
        "curves": {name: _percent(_pooled(values)) for name, values in shown.items()},
        "moments": [round((frame + 0.5) / TICK_RATE, 2) for frame in moments],
        "faces": [
            dict(zip(faces, row, strict=True)) for row in zip(*map(_percent, faces.values()), strict=True)
        ],
    }


def _telling(poses: np.ndarray) -> list[int]:
    """The frame of each stretch of ``poses [T, parts]`` that is farthest from rest and from those chosen."""
    chosen: list[int] = []
    for stretch in np.array_split(np.arange(len(poses)), min(MOMENTS, len(poses))):
        known = np.stack([np.zeros_like(poses[0]), *poses[chosen]])
        apart = np.linalg.norm(poses[stretch][:, None] - known[None], axis=2).min(axis=1)
        chosen.append(int(stretch[np.argmax(apart)]))
    return chosen


def _largest(channels: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    return channels[:, [INDEX[name] for name in names]].max(axis=1)


def _pooled(values: np.ndarray) -> np.ndarray:
    return np.array([part.max() for part in np.array_split(values, min(POINTS, len(values)))])


def _percent(values: np.ndarray) -> list[int]:
    return np.rint(100 * np.clip(values, 0, 1)).astype(int).tolist()
