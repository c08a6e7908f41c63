"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
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
    part = path.with_name(f".mouthpiece-{secrets.token_hex(4)}.part")
    try:
        with part.open("x", encoding="utf-8", newline="") as file:
            yield file
        os.replace(part, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{path} cannot be written ({reason}): choose another place or free it.") from error
    finally:
        with suppress(OSError):
            part.unlink()
