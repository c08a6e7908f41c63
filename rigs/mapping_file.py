"""Mappings as JSON files that artists save, load and share.

``{"format": "mouthpiece-mapping", "version": 1, "name": …, "entries": [{"channel": …, "target": {…}, …}]}``;
what an entry leaves out has its default.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path

from ..inference.errors import MappingError, Message
from .mapping import Entry, Target

FORMAT, VERSION = "mouthpiece-mapping", 1
_TARGET = {"kind": str, "owner": str, "name": str, "axis": str}
_ENTRY = {"channel": str, "gain": float, "offset": float, "invert": bool, "low": float, "high": float}


def write_mapping(path: str | Path, name: str, entries: Iterable[Entry]) -> None:
    """Save a mapping, whole or not at all. Raises MappingError when the file cannot be written."""
    path = Path(path)
    text = json.dumps(as_json(name, entries), indent=1, ensure_ascii=False) + "\n"
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, "utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise MappingError(
            "{path} cannot be written ({reason}): choose another folder.",
            path=path,
            reason=error.strerror,
        ) from error


def read_mapping(path: str | Path) -> tuple[str, tuple[Entry, ...]]:
    """Name and entries of a saved mapping. Raises MappingError that names the file and the entry."""
    path = Path(path)
    try:
        stored = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise MappingError(
            "{path} cannot be read ({reason}): check the path.", path=path, reason=error.strerror
        ) from error
    except ValueError as error:
        raise MappingError(
            "{path} is no JSON ({error}): choose a mapping saved by Mouthpiece.", path=path, error=error
        ) from error
    return from_json(stored, str(path))


def as_json(name: str, entries: Iterable[Entry]) -> dict:
    """The JSON value of a mapping; defaults are left out."""
    return {"format": FORMAT, "version": VERSION, "name": name, "entries": [_written(e) for e in entries]}


def from_json(stored: object, source: str) -> tuple[str, tuple[Entry, ...]]:
    """Name and entries of a JSON value; ``source`` names it in errors. Raises MappingError."""
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        raise MappingError("{source} is no mapping: choose a file saved by Save Mapping.", source=source)
    if stored.get("version") != VERSION:
        raise MappingError(
            "{source} has version {value!r}, this Mouthpiece reads {VERSION}: update it.",
            source=source,
            value=stored.get("version"),
            VERSION=VERSION,
        )
    listed = stored.get("entries")
    if not isinstance(listed, list):
        raise MappingError("{source} has no list of entries: save the mapping again.", source=source)
    entries = tuple(
        _read(item, Message("{source}, entry {number}", source=source, number=i + 1))
        for i, item in enumerate(listed)
    )
    return str(stored.get("name", "")), entries


def _written(entry: Entry) -> dict:
    target = {key: getattr(entry.target, key) for key in _TARGET if getattr(entry.target, key)}
    values = {"channel": entry.channel, "target": target}
    plain = Entry(entry.channel, entry.target)
    for key in ("gain", "offset", "invert", "low", "high"):
        value = getattr(entry, key)
        if value != getattr(plain, key) and value not in (-math.inf, math.inf):
            values[key] = value
    return values


def _read(item: object, where: str) -> Entry:
    if not isinstance(item, dict) or not isinstance(item.get("target"), dict):
        raise MappingError(
            "{where}: it needs a 'channel' and a 'target'; correct it or save it again.", where=where
        )
    values = _checked({k: v for k, v in item.items() if k != "target"}, _ENTRY, where)
    target = _checked(item["target"], _TARGET, where)
    try:
        return Entry(target=Target(**{"owner": "", **target}), **values)
    except (TypeError, ValueError) as error:
        raise MappingError(
            "{where}: {error}; correct it or save the mapping again.", where=where, error=error
        ) from error


def _checked(item: dict, kinds: dict[str, type], where: str) -> dict:
    """The values of ``item``, checked for known keys and their types."""
    for key, value in item.items():
        if key not in kinds:
            raise MappingError(
                "{where}: it knows no {key!r}; it may hold {kinds}.",
                where=where,
                key=key,
                kinds=", ".join(kinds),
            )
        number = kinds[key] is float and isinstance(value, int | float) and not isinstance(value, bool)
        if not number and not isinstance(value, kinds[key]):
            raise MappingError(
                "{where}: {key!r} is {value!r}, which is no {name}.",
                where=where,
                key=key,
                value=value,
                name=kinds[key].__name__,
            )
    return {key: kinds[key](value) for key, value in item.items()}
