"""What Mouthpiece has told the artist, kept in a file that a report of a fault can quote."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler

import bpy

from .cache import user_folder

LOG = "mouthpiece.log"
SIZE = 256 * 1024
"""Bytes after which the log begins anew; the one before is kept."""


def register() -> None:
    """Open the log where the extension may write; nothing is logged elsewhere."""
    folder = user_folder("")
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(folder / LOG, maxBytes=SIZE, backupCount=1, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger(__package__)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    logger.info("Mouthpiece starts in Blender %s", bpy.app.version_string)


def unregister() -> None:
    """Close the log."""
    logger = logging.getLogger(__package__)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
