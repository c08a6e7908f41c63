"""Which channels make up which part of the face."""

from __future__ import annotations

from ..inference.types import BLENDSHAPES, CHANNELS

MOUTH: tuple[int, ...] = tuple(
    i for i, name in enumerate(BLENDSHAPES) if name.startswith(("mouth", "jaw", "cheek", "nose", "tongue"))
)
MOUTH_LATENT = len(MOUTH)
"""Principal components that stand for the mouth: all, so that nothing of a take is lost."""
UPPER: tuple[int, ...] = tuple(i for i in range(len(CHANNELS)) if i not in MOUTH)
"""Eyes, brows and head: what sound does not determine."""
HEAD: tuple[int, ...] = tuple(i for i, name in enumerate(CHANNELS) if name.startswith("head"))
UNSEEN: tuple[str, ...] = ("tongueOut", "cheekPuff", "jawForward")
"""What a frontal camera does not show: no speech was ever measured on them."""
FACE: tuple[int, ...] = tuple(i for i in UPPER if i not in HEAD)
"""Eyes and brows."""
FACE_LATENT = len(FACE)
"""Principal components that stand for them: all."""
