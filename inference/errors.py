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


class MappingError(MouthpieceError):
    """A mapping cannot be read, or names what the rig does not have."""


class OutputError(MouthpieceError):
    """A result cannot be written."""


class ManifestError(MouthpieceError):
    """A list of lines cannot be read, or one of its rows says something impossible."""


class ClusterError(MouthpieceError):
    """Other processes or machines cannot be used: Dask is missing, no scheduler answers, weights differ."""


class Cancelled(MouthpieceError):
    """The user stopped the work; nothing was changed."""
