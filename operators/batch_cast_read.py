"""The cast as a batch needs it: faces that can be animated, and references as files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import bpy
import numpy as np

from ..inference.batch.characters import Character
from ..inference.batch.encode import take_bytes
from ..inference.errors import MouthpieceError, RigError
from ..inference.output import replacing
from ..rigs.rig import Rig
from ..rigs.scene_read import animated, find_target, read_rig
from ..rigs.scene_read.kept import Kept, find_head
from .references_take import reference_take
from .request import SETTINGS, read_influence

CAST = f"{SETTINGS}.batch.cast"


@dataclass(frozen=True)
class Speaker:
    """A member of the cast. Objects are ``Kept``, since undo may replace them while the model runs.

    ``mood`` is the path of the settings whose valence and arousal count; those of ``character`` are what they
    are at the first frame. ``moves`` names the data-blocks that the rig animates, its head apart, and
    ``face`` the first of the cast who moves one of them, too: a face can say one line at a time, whoever it
    speaks for.
    """

    name: str
    target: Kept
    head: Kept | None
    bone: str
    channel: int
    character: Character
    weights: tuple[float, ...]
    influence: tuple[float, float, float, float]
    mood: str
    moves: frozenset[str]
    face: str

    @property
    def turned(self) -> tuple[Kept | None, str]:
        """The object that turns with the head, and its bone."""
        return self.head, self.bone

    def rig(self, scene: Kept) -> Rig:
        """The face as it is now. Raises RigError when it has gone, or its head has."""
        found, target = scene.find(bpy.data.scenes), self.target.find(bpy.data.objects)
        if found is None or target is None:
            raise RigError(
                f"{self.target.name} is no longer in the scene: choose the face of {self.name} again."
            )
        return read_rig(found, target, find_head(self.head), self.bone)


@dataclass(frozen=True)
class Cast:
    """Who can speak, by name, and the ``problems`` of those who cannot.

    ``alone`` is the one face of the settings, which speaks everything while no cast is chosen.
    """

    speakers: dict[str, Speaker]
    problems: dict[str, str]
    alone: str = ""

    def obstacle(self, name: str) -> str:
        """Why ``name`` cannot speak a line, "" when it can."""
        if not name:
            return "nobody speaks it: assign it to a character of the cast"
        if name in self.speakers:
            return ""
        return (
            self.problems.get(name)
            or f"there is no character named {name} in the cast: add one, or assign the strip again"
        )


def read_cast(context: bpy.types.Context, folder: Path) -> Cast:
    """The cast of the scene. References are written into ``folder`` as takes."""
    settings = context.scene.mouthpiece
    members = [(one.name, one, one.target, f"{CAST}[{i}]") for i, one in enumerate(settings.batch.cast)]
    alone = ""
    if not members:
        target = find_target(context)
        alone = target.name if target else "the face"
        members = [(alone, settings, target, SETTINGS)]
    names = [name for name, *_ in members]
    speakers, problems = {}, {}
    for name, member, target, path in members:
        try:
            if names.count(name) > 1:
                raise RigError(f"two characters of the cast are named {name}: rename one of them")
            if target is None:
                raise RigError(
                    "no face is chosen: select it, or choose it in the Mouthpiece tab"
                    if alone
                    else f"{name} has no face: choose it under Who speaks"
                )
            speaker = _speaker(context, member, name, target, folder, path)
            same = (one.face for one in speakers.values() if one.moves & speaker.moves)
            speaker = replace(speaker, face=next(same, name))
            _refuse_shared_head(speaker, speakers.values())
            speakers[name] = speaker
        except MouthpieceError as error:
            problems[name] = str(error)
    return Cast(speakers, problems, alone)


def _speaker(
    context: bpy.types.Context,
    member: bpy.types.PropertyGroup,
    name: str,
    target: bpy.types.Object,
    folder: Path,
    path: str,
) -> Speaker:
    """A member of the cast, alone on its face. Raises RigError or TakeError."""
    rig = read_rig(context.scene, target, member.head_target, member.head_bone)
    used = [(i, item) for i, item in enumerate(member.references) if item.enabled and item.weight > 0.0]
    takes = [take_bytes(reference_take(context, index, item, member)) for index, item in used]
    return Speaker(
        name=name,
        target=Kept.of(target),
        head=Kept.of(member.head_target) if member.head_target else None,
        bone=member.head_bone,
        channel=getattr(member, "channel", 0),
        character=Character(
            references=tuple(kept(folder, content, ".npz") for content in takes),
            style_strength=member.style_strength,
            valence=_first(context, member, path, "valence"),
            arousal=_first(context, member, path, "arousal"),
        ),
        weights=tuple(item.weight for _, item in used),
        influence=astuple(read_influence(member)),
        mood=path,
        moves=_moved(rig),
        face=name,
    )


def _refuse_shared_head(speaker: Speaker, others: Iterable[Speaker]) -> None:
    """Raises RigError when another face of the cast turns the same head."""
    for other in others:
        if speaker.head and other.face != speaker.face and other.turned == speaker.turned:
            raise RigError(
                f"{speaker.name} and {other.name} turn the same head, {speaker.head.name}: choose another "
                "for one of them under Who speaks"
            )


def _first(context: bpy.types.Context, member: bpy.types.PropertyGroup, path: str, name: str) -> float:
    """A member's mood where bakes start, wherever the playhead is."""
    start = np.array([context.scene.mouthpiece.frame_start])
    values = animated(context.scene, f"{path}.{name}", start)
    return getattr(member, name) if values is None else float(values[0])


def _moved(rig: Rig) -> frozenset[str]:
    """Names of the data-blocks of the face that a bake onto ``rig`` animates, its head apart."""
    return frozenset(f"{block.bl_rna.identifier} {block.name_full}" for block in _face(rig))


def datablocks(rig: Rig) -> list[bpy.types.ID]:
    """What a bake onto ``rig`` animates."""
    return _face(rig) + ([rig.head.target] if rig.head else [])


def _face(rig: Rig) -> list[bpy.types.ID]:
    return [*(face.key for face in rig.faces), *(control.datablock for control in rig.controls)]


def kept(folder: Path, content: bytes, ending: str) -> str:
    """Path of a file in ``folder`` with this content, named by its hash. Raises OutputError."""
    path = folder / f"{hashlib.sha256(content).hexdigest()[:32]}{ending}"
    if not path.is_file() or path.stat().st_size != len(content):
        with replacing(path, binary=True) as file:
            file.write(content)
    return str(path)
