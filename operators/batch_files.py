"""Lines of a batch that lie in a folder or a table, worn by the cast of the scene."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy

from ..inference.batch.characters import Character
from ..inference.batch.line import BLENDER_FORMATS, MOTION, Line, Refused
from ..inference.batch.manifest import Defaults, Manifest, read_folder, read_manifest
from ..inference.batch.naming import Rule
from ..inference.errors import ManifestError
from .batch_cast_read import Cast, Speaker


def lines_of_files(batch: bpy.types.PropertyGroup, cast: Cast, seed: int) -> tuple[Manifest, str]:
    """The lines of the folder or table that ``batch`` names, and its path. Raises ManifestError."""
    place = bpy.path.abspath(batch.folder if batch.source == "FOLDER" else batch.manifest)
    if not place:
        raise ManifestError("Nothing is chosen: name the folder or the table of the lines.")
    known = {name: speaker.character for name, speaker in cast.speakers.items()}
    characters = None if cast.alone else known
    alone = known.get(cast.alone, Character())
    defaults = Defaults(seed=seed, formats=(MOTION,), rigs=False, character=alone)
    if batch.source == "FOLDER":
        rule = Rule("*" if cast.alone else batch.rule)
        found = read_folder(Path(place), rule, characters, defaults)
    else:
        found = read_manifest(Path(place), characters, defaults)
    lines, refused = [], list(found.refused)
    for line in found.lines:
        who = cast.alone or line.character
        if obstacle := cast.obstacle(who):
            refused.append(Refused(line.row, line.id, obstacle))
        else:
            lines.append(_worn(line, cast.speakers[who]))
    return Manifest(tuple(lines), tuple(refused), found.notes), place


def _worn(line: Line, speaker: Speaker) -> Line:
    """The line as an action of the scene; other files that it asks for are written as well."""
    own = tuple(name for name in line.formats if name not in (*BLENDER_FORMATS, MOTION))
    formats = (*own, MOTION)
    line = replace(line, character=speaker.name, formats=formats, influence=speaker.influence)
    if line.references and line.references != speaker.character.references:
        return line
    return replace(line, references=speaker.character.references, weights=speaker.weights)
