"""Named errors of the engine. Each message names the object or file, the reason and the remedy."""

from __future__ import annotations


class MouthpieceError(Exception):
    """Base of every error that a user may be shown; ``str(error)`` is the one clear message."""


class AudioError(MouthpieceError):
    """A sound cannot be read: missing, empty, truncated or not audio."""


class TakeError(MouthpieceError):
    """A reference performance cannot be used: unreadable, no motion, too short."""


class WeightsError(MouthpieceError):
    """The shipped model is missing, damaged or made for another interface."""


class DeviceError(MouthpieceError):
    """The requested execution device is not available in this ONNX Runtime."""


class RigError(MouthpieceError):
    """The chosen object cannot be animated: no usable shape key, linked, locked or driven."""


class OutputError(MouthpieceError):
    """A result cannot be written."""


class Cancelled(MouthpieceError):
    """The user stopped the work; nothing was changed."""
