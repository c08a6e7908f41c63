"""Sets values of a scene without keys: to look at a movement, to preview, to see what a control moves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import bpy

from .pose import Curves

_CUSTOM = re.compile(r'^(.*)\["((?:[^"\\]|\\.)*)"\]$')


def show_pose(parts: Iterable[Curves], row: int = 0) -> list[tuple[bpy.types.ID, str, int, float]]:
    """Set the values of ``row`` of every part without a keyframe; they hold until the frame changes.

    Gives what was there, as (datablock, data path, index, value), in the order of setting.
    """
    was = []
    for part in parts:
        for (path, index), value in zip(part.paths, part.values[row], strict=True):
            was.append((part.datablock, path, index, put(part.datablock, path, index, value)))
        part.datablock.update_tag()
    return was


@contextmanager
def kept(parts: Iterable[Curves]) -> Iterator[None]:
    """What is set inside of the block is put back behind it, for all that ``parts`` could set."""
    was = show_pose(parts)
    try:
        yield
    finally:
        for block, path, index, value in was:
            put(block, path, index, value)
            block.update_tag()


def put(block: bpy.types.ID, path: str, index: int, value: float) -> float:
    """Set what an F-curve of ``path`` and ``index`` would set, and give what was there.

    Raises ValueError, KeyError or AttributeError for a path to nothing.
    """
    custom = _CUSTOM.match(path)
    if custom:
        owner = block.path_resolve(custom[1]) if custom[1] else block
        name = bpy.utils.unescape_identifier(custom[2])
        was = owner[name]
        if hasattr(was, "__len__"):
            was = was[index]
            owner[name][index] = _like(was, value)
        else:
            owner[name] = _like(was, value)
        return was
    owner_path, _, name = path.rpartition(".")
    owner = block.path_resolve(owner_path) if owner_path else block
    was = getattr(owner, name)
    if isinstance(was, float | int):
        setattr(owner, name, _like(was, value))
        return float(was)
    before = float(was[index])
    was[index] = _like(was[index], value)
    return before


def _like(was: float, value: float) -> float:
    """``value`` as the switch, whole number or number that ``was`` is."""
    return type(was)(value if isinstance(was, float) else round(value))
