"""Families of rigs that are known by the names of their shapes: the data files in ``presets/``.

A shape that *follows* moves with channels by fixed weights; a *pose* is a whole mouth (a viseme), described
by the channels that it shows at 1 and blended with others by ``reduce``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..inference.errors import MappingError
from ..inference.types import INDEX
from .mapping import Entry, Target

FOLDER = Path(__file__).with_name("presets")
FORMAT, VERSION = "mouthpiece-preset", 1

Recipe = dict[str, float]
"""Channels and their weights."""


@dataclass(frozen=True)
class Preset:
    """A family: plain spelling → place of its shape, and the recipe of each shape; ``least`` shapes must be
    found before a rig is taken for one of the family."""

    name: str
    about: str
    least: int
    follows: tuple[tuple[tuple[str, ...], Recipe], ...]
    poses: tuple[tuple[tuple[str, ...], Recipe], ...]

    def found(self, names: Iterable[str]) -> tuple[dict[str, Recipe], dict[str, Recipe]]:
        """Recipes of the rig's shapes ``names``: those that follow, and poses; the first of equals counts."""
        plain_names: dict[str, str] = {}
        for name in names:
            plain_names.setdefault(plain(name), name)
        return tuple(
            {
                plain_names[spelling]: dict(recipe)
                for spellings, recipe in shapes
                for spelling in [next((s for s in spellings if s in plain_names), "")]
                if spelling
            }
            for shapes in (self.follows, self.poses)
        )


def preset_entries(preset: Preset, names: Iterable[str]) -> tuple[Entry, ...]:
    """What ``preset`` says of a rig's shapes ``names``, as entries of a table."""
    follows, poses = preset.found(names)
    return (
        *(
            Entry(channel, Target("SHAPE_KEY", "", key), gain)
            for key, recipe in follows.items()
            for channel, gain in recipe.items()
        ),
        *(
            Entry(channel, Target("POSE", "", key), gain)
            for key, recipe in poses.items()
            for channel, gain in recipe.items() or (("jawOpen", 0.0),)
        ),
    )


def plain(name: str) -> str:
    """A name without case, separators, Blender's ``.001`` and what stands before ``|`` or ``:``."""
    name = re.split(r"[|:]", re.sub(r"\.\d{3}$", "", name))[-1]
    return re.sub(r"[\W_]+", "", name).casefold()


@lru_cache(maxsize=1)
def presets() -> tuple[Preset, ...]:
    """All presets of the package, by file name."""
    files = sorted(FOLDER.glob("*.json"))
    stored = [(file, json.loads(file.read_text("utf-8"))) for file in files]
    return tuple(_preset(data, str(file)) for file, data in stored if data.get("format") == FORMAT)


def _preset(data: dict, source: str) -> Preset:
    """Check one file. Raises MappingError that names it."""
    if data.get("version") != VERSION:
        raise MappingError(
            "{source} has version {value!r}, not {VERSION}: reinstall it.",
            source=source,
            value=data.get("version"),
            VERSION=VERSION,
        )
    prefixes = tuple(plain(prefix) for prefix in data["prefixes"])
    shapes = {
        kind: tuple(_shape(item, prefixes, source) for item in data[kind]) for kind in ("follows", "poses")
    }
    return Preset(data["name"], data["about"], int(data["least"]), shapes["follows"], shapes["poses"])


def _shape(item: dict, prefixes: tuple[str, ...], source: str) -> tuple[tuple[str, ...], Recipe]:
    """All plain spellings of a shape, likeliest first, and its recipe. Numbers alone say nothing."""
    unknown = [channel for channel in item["channels"] if channel not in INDEX]
    if unknown:
        raise MappingError(
            "{source}: {item} names no channel by {unknown!r}: correct it.",
            source=source,
            item=item["names"][0],
            unknown=unknown[0],
        )
    bare = [plain(name) for name in item["names"]]
    spelled = [prefix + name for name in bare for prefix in prefixes]
    return (*spelled, *(name for name in bare if not name.isdigit())), item["channels"]
