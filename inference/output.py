"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from .errors import OutputError

PART = ".mouthpiece-"
"""How the name of an unfinished file starts; it ends in ``.part``."""


@contextmanager
def replacing(path: str | Path, *, binary: bool = False) -> Iterator[IO]:
    """A text (or binary) file that takes the place of ``path`` when the block ends well, else vanishes.

    It is written beside the file that ``path`` is or links to, so that the last step is one rename, and is on
    the disk before: a power cut leaves the old file or the new one. Raises OutputError.
    """
    target = replaceable(path)
    part = target.with_name(f"{PART}{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") if binary else part.open("x", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
    except BaseException as error:
        with suppress(OSError):
            part.unlink()
        if not isinstance(error, OSError):
            raise
        reason = error.strerror or str(error)
        raise OutputError(f"{path} cannot be written ({reason}): choose another place or free it.") from error


def replaceable(path: str | Path) -> Path:
    """The file, there or not, that ``path`` is or links to. Raises OutputError where it is none."""
    if os.path.isdir(path):
        raise OutputError(f"{path} is a folder: name a file to write.")
    if os.path.exists(path) and not os.path.isfile(path):
        raise OutputError(f"{path} is a pipe or a device, which no file can replace: name a file to write.")
    return Path(os.path.realpath(path))


def sweep(folder: Path, older_than: float = 60.0) -> None:
    """Remove the unfinished files that killed programs left in ``folder`` more than ``older_than`` s ago."""
    for part in folder.glob(f"{PART}*.part"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > older_than:
                part.unlink()
