"""Shows values on a rig for a moment and puts back what was there; nothing is keyed and no undo step made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import bpy
import numpy as np

from ..rigs.pose import Curves
from ..rigs.scene_values import put

_COLLECTIONS = {
    "KEY": "shape_keys",
    "OBJECT": "objects",
    "ARMATURE": "armatures",
    "MESH": "meshes",
    "CAMERA": "cameras",
    "CURVE": "curves",
    "CURVES": "hair_curves",
    "LATTICE": "lattices",
    "LIGHT": "lights",
    "LIGHT_PROBE": "lightprobes",
    "META": "metaballs",
    "POINTCLOUD": "pointclouds",
    "SPEAKER": "speakers",
    "VOLUME": "volumes",
}
"""Where the datablocks are that a rig moves: objects, their data and shape keys."""

NAVIGATION = {
    "MOUSEMOVE",
    "INBETWEEN_MOUSEMOVE",
    "MIDDLEMOUSE",
    "WHEELUPMOUSE",
    "WHEELDOWNMOUSE",
    "WHEELINMOUSE",
    "WHEELOUTMOUSE",
    "TRACKPADPAN",
    "TRACKPADZOOM",
    "MOUSEROTATE",
    "NDOF_MOTION",
    "WINDOW_DEACTIVATE",
}
"""Events that look at the scene but change nothing in it."""

Place = tuple[str, int]
"""A datablock's type and number: undo replaces it and an artist renames it, but these stay."""


class Overlay:
    """Values that lie over a rig while a preview plays. ``show`` as often as wanted, then ``rest``.

    ``rest`` is cheap and may be called at any time: whoever is about to read the file's data (saving, undo, a
    button that the artist presses) must find the artist's own values.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[Place, str, int], float] = {}

    @property
    def shown(self) -> bool:
        """Whether values lie over the rig now."""
        return bool(self._kept)

    def show(self, parts: Sequence[Curves], row: int = 0) -> None:
        """Lay row ``row`` of every part over its datablock; what was there first is kept."""
        for part in parts:
            place = _place(part.datablock)
            for (path, axis), value in zip(part.paths, part.values[row], strict=True):
                was = put(part.datablock, path, axis, value)
                self._kept.setdefault((place, path, axis), was)
            part.datablock.update_tag()

    def rest(self) -> None:
        """Put everything back. Datablocks that are gone need nothing."""
        kept, self._kept = self._kept, {}
        blocks: dict[Place, bpy.types.ID | None] = {}
        for (place, path, axis), value in kept.items():
            block = blocks.setdefault(place, _found(place)) if place not in blocks else blocks[place]
            if block is not None:
                try:
                    put(block, path, axis, value)
                except (ValueError, KeyError, AttributeError, IndexError):
                    continue  # the artist has removed this key, bone or property meanwhile
        for block in blocks.values():
            if block is not None:
                block.update_tag()


class Guard:
    """Keeps an overlay out of saved files, undo steps and renders for as long as it is installed.

    ``quiet`` is True while nothing may be shown: a button may be about to make an undo step, or a render
    runs. ``on_undo`` is told that datablocks were replaced, ``on_load`` that another file is about to be
    opened.
    """

    _BEFORE = ("save_pre", "load_pre", "undo_pre", "redo_pre", "frame_change_pre")

    def __init__(self, overlay: Overlay, on_undo: Callable[[], None], on_load: Callable[[], None]) -> None:
        self.overlay = overlay
        self._held = self._rendering = False
        self._on_undo, self._on_load = on_undo, on_load

    @property
    def quiet(self) -> bool:
        return self._held or self._rendering

    def install(self) -> None:
        for name, handler in self._handlers():
            getattr(bpy.app.handlers, name).append(handler)
        installed.append(self)

    def remove(self) -> None:
        """Let the overlay rest and take the handlers out again; loading a file has taken them already."""
        self.overlay.rest()
        for name, handler in self._handlers():
            if handler in getattr(bpy.app.handlers, name):
                getattr(bpy.app.handlers, name).remove(handler)
        if self in installed:
            installed.remove(self)

    def see(self, event: bpy.types.Event) -> None:
        """Whoever handles this event finds the artist's own values."""
        if event.type in NAVIGATION:
            self._held = False
            return
        self._held = event.value == "PRESS"
        self.overlay.rest()

    def changed(self) -> None:
        """A setting has changed and becomes an undo step.

        A button that is held takes all events to itself: only when one arrives here again is it let go, and
        the undo step made.
        """
        self._held = not bpy.app.background
        self.overlay.rest()

    def _handlers(self) -> list[tuple[str, Callable[..., None]]]:
        others = {
            "undo_post": self._undone,
            "redo_post": self._undone,
            "load_pre": self.leave,
            "render_init": self._render_begins,
            "render_complete": self._render_ends,
            "render_cancel": self._render_ends,
        }
        return [*((name, self._rest) for name in self._BEFORE), *others.items()]

    def _rest(self, *_: object) -> None:
        self.overlay.rest()

    def _undone(self, *_: object) -> None:
        self._on_undo()

    def _render_begins(self, *_: object) -> None:
        self._rendering = True
        self.overlay.rest()

    def _render_ends(self, *_: object) -> None:
        self._rendering = False

    def leave(self, *_: object) -> None:
        """The preview ends with the file or the add-on."""
        self._on_load()


installed: list[Guard] = []
"""Guards of the previews that play now."""


def rest_all() -> None:
    """Let every preview rest until its next picture: a setting has changed, and becomes an undo step."""
    for guard in installed:
        guard.changed()


def leave_all() -> None:
    """End every preview, as when the add-on is switched off."""
    for guard in list(installed):
        guard.leave()
        guard.remove()


def _place(block: bpy.types.ID) -> Place:
    return block.id_type, block.session_uid


def _found(place: Place) -> bpy.types.ID | None:
    kind, number = place
    return next((one for one in getattr(bpy.data, _COLLECTIONS[kind]) if one.session_uid == number), None)


def moment(parts: Sequence[Curves], seconds: float, rate: float) -> list[Curves]:
    """Every part at one time, as a single row: linear between rows that show (i + 0.5) / rate; ends held."""
    found = []
    for part in parts:
        position = min(max(seconds * rate - 0.5, 0.0), len(part.values) - 1.0)
        below = int(position)
        share = np.float32(position - below)
        row = (1 - share) * part.values[below] + share * part.values[min(below + 1, len(part.values) - 1)]
        found.append(replace(part, values=row[None]))
    return found
