"""Named errors of the engine. Each message names the object or file, the reason and the remedy."""

from __future__ import annotations

from collections.abc import Iterable


class Message(str):
    """A sentence for a person that remembers its ``template`` and ``values``, so that whoever shows it can
    say it in another language. Values that are Messages are parts of the sentence, all others are names and
    numbers that stay as they are."""

    template: str
    values: dict[str, object]

    def __new__(cls, template: str, **values: object) -> Message:
        self = super().__new__(cls, template.format(**values))
        self.template, self.values = template, values
        return self

    @classmethod
    def joined(cls, parts: Iterable[str], between: str = " ") -> Message:
        """Several sentences as one."""
        named = {f"part_{number}": part for number, part in enumerate(parts)}
        return cls(between.join(f"{{{name}}}" for name in named), **named)

    @classmethod
    def counted(cls, count: int, one: str, several: str, **values: object) -> Message:
        """The template for one or that for several, with ``count`` among the values."""
        return cls(one if count == 1 else several, count=count, **values)

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self.template, self.values)


def _again(template: str, values: dict[str, object]) -> Message:
    """A Message that was sent to another process."""
    return Message(template, **values)


class MouthpieceError(Exception):
    """Base of every error that a user may be shown; ``str(error)`` is the one clear message.

    Given ``values``, the message is a template for them, which can be said in other languages (see Message).
    """

    def __init__(self, message: str = "", **values: object) -> None:
        super().__init__(Message(message, **values) if values else message)

    @property
    def message(self) -> str:
        """What ``str(error)`` says, with its template where it has one."""
        return self.args[0]


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
