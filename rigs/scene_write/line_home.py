"""Which Actions are lines of which batch: ids repeat in other scenes and on other faces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import bpy

from ..bake_plan import BakePlan
from ..scene_read import MARK
from ..scene_read.bakes import is_own
from .actions import moved_by

LINE_MARK = "mouthpiece_line"
"""Custom property of an Action that holds one line of a batch: the line's id."""
SCENE_MARK = "mouthpiece_scene"
"""Custom property of such an Action: the scene whose sequencer it is of, "" where it is of a file."""


@dataclass(frozen=True)
class Home:
    """Where lines belong: the ``scene`` whose sequencer has them, and the datablocks that its ``cast`` moves.

    Its lines are of no other face, unless one speaks ``alone`` and another did before. ``ids`` are all lines
    of that sequencer, also those that are not baked now; None where nobody knows.
    """

    scene: str
    cast: frozenset[bpy.types.ID] = frozenset()
    alone: bool = True
    ids: frozenset[str] | None = None

    def spoken(self, ids: set[str]) -> set[bpy.types.Action]:
        """The Actions of the sequencer's lines ``ids``, and of those that it no longer has."""
        return {action for action in _lines() if is_placed(action) and self._goes(action, ids)}

    def freed(self, gone: Iterable[bpy.types.Action], blocks: set[bpy.types.ID]) -> set[bpy.types.ID]:
        """Where Actions that are ``gone`` must fall silent when lines move ``blocks``."""
        cast, freed = self.cast | blocks, set()
        for action in gone:
            moved = set(moved_by(action))
            if moved & cast or (action.get(SCENE_MARK) == self.scene and not self.alone):
                freed |= moved
        return cast | freed

    def kept(self, name: str, plan: BakePlan) -> list[bpy.types.Action]:
        """The former Actions of the line ``name`` of a file, which ``plan`` is now."""
        cast = self.cast | {part.datablock for part in plan.curves}
        own = [action for action in _lines() if is_own(action) and not is_placed(action)]
        return [action for action in own if action[LINE_MARK] == name and cast & set(moved_by(action))]

    def _goes(self, action: bpy.types.Action, ids: set[str]) -> bool:
        scene, line = action.get(SCENE_MARK), action[LINE_MARK]
        if scene == self.scene and self.ids is not None and line not in self.ids:
            return True
        return line in ids and (scene in (None, self.scene) or scene not in bpy.data.scenes)


def mark_line(action: bpy.types.Action, name: str, scene: str) -> None:
    """Let a later batch know that ``action`` is the line ``name`` of a ``scene``, or of a file ("")."""
    action[LINE_MARK], action[SCENE_MARK] = name, scene


def is_placed(action: bpy.types.Action) -> bool:
    """Whether Mouthpiece itself put what ``action`` holds on the NLA; lines of files are laid out by hand."""
    if LINE_MARK not in action:
        return True
    scene = action.get(SCENE_MARK)
    return not action.use_fake_user if scene is None else scene != ""


def _lines() -> list[bpy.types.Action]:
    return [action for action in bpy.data.actions if MARK in action and LINE_MARK in action]
