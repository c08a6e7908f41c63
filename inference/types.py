"""Canonical motion space shared by every room: channel names, clock and the ``Take``.

Channel order is that of Apple's ``ARFaceAnchor.BlendShapeLocation`` documentation, in [0, 1],
followed by head yaw, pitch and roll in radians.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

SAMPLE_RATE = 16_000
"""Model sample rate, Hz."""
TICK_RATE = 25
"""Model frame rate, Hz. Frame t shows the face at (t + 0.5) / 25 s."""
TICK_SAMPLES = SAMPLE_RATE // TICK_RATE
"""Samples that each frame consumes (640): frame t knows samples < (t + 1) * 640 and nothing later."""

BLENDSHAPES: tuple[str, ...] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft",
    "eyeSquintLeft", "eyeWideLeft",
    "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
    "eyeSquintRight", "eyeWideRight",
    "jawForward", "jawLeft", "jawRight", "jawOpen",
    "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight",
    "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthUpperUpLeft", "mouthUpperUpRight",
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight",
    "noseSneerLeft", "noseSneerRight",
    "tongueOut",
)  # fmt: skip
HEAD: tuple[str, ...] = ("headYaw", "headPitch", "headRoll")
CHANNELS: tuple[str, ...] = BLENDSHAPES + HEAD
C = len(CHANNELS)
INDEX: dict[str, int] = {name: i for i, name in enumerate(CHANNELS)}


def frame_count(samples: int) -> int:
    """Frames that ``samples`` model-rate samples give: ceil(N / 640), zero for none."""
    return -(-samples // TICK_SAMPLES)


def frame_times(frames: int) -> np.ndarray:
    """Seconds at which frames 0 … T-1 show the face, ``float64 [T]``."""
    return (np.arange(frames) + 0.5) / TICK_RATE


@dataclass(frozen=True)
class Take:
    """A performance: ``channels float32 [T, 55]`` sampled at ``fps``, row i at (i + 0.5) / fps s.

    ``audio`` is the optional sound of the same performance, ``float32 [N]`` mono at 16 kHz.
    ``measured bool [55]`` is False where the capture has no such channel (head of most phone takes).
    """

    channels: np.ndarray
    fps: float
    name: str
    audio: np.ndarray | None = None
    measured: np.ndarray = field(default_factory=lambda: np.ones(C, bool))

    @property
    def seconds(self) -> float:
        return len(self.channels) / self.fps

    @cached_property
    def content_hash(self) -> str:
        """Hex SHA-256 of everything but the name."""
        digest = hashlib.sha256(np.float64(self.fps).tobytes())
        digest.update(np.ascontiguousarray(self.channels, np.float32).tobytes())
        digest.update(np.ascontiguousarray(self.measured, bool).tobytes())
        if self.audio is not None:
            digest.update(np.ascontiguousarray(self.audio, np.float32).tobytes())
        return digest.hexdigest()
