"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from .errors import OutputError


@contextmanager
def replacing(path: str | Path) -> Iterator[TextIO]:
    """A text file that takes the place of ``path`` when the block ends well and vanishes when it does not.

    It is written beside ``path``, so that the last step is one rename. Raises OutputError.
    """
    path = Path(path)
    if path.is_dir():
        raise OutputError(f"{path} is a folder: name a file to write.")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    except (OSError, ValueError) as error:
        raise OutputError(f"{path} cannot be written ({reason(error)}): choose another folder.") from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({reason(error)}): free the file or the disk."
        ) from error
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def reason(error: Exception) -> str:
    """What the system says, without the path of the temporary file."""
    return getattr(error, "strerror", None) or str(error)


def _umask() -> int:
    """The process's mask for new files; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
