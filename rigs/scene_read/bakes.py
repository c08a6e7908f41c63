"""Mouthpiece's own bakes on the NLA, told from what is the artist's."""

from __future__ import annotations

import re

import bpy

from .animation import MARK

TRACK = "Mouthpiece"
"""Name of the NLA tracks, their strips and the layers that a bake makes."""
REST = f"{TRACK} Rest"
"""Name of the tracks below, on which what a bake fades or adds to rests."""


def is_own(action: bpy.types.Action) -> bool:
    """Whether ``action`` is a bake under the name that Mouthpiece gave it (True in files of before).

    A copy has the mark as well, under another name; so has a bake that was renamed to be kept.
    """
    return action.get(MARK) in (True, action.name)


def own_strips(track: bpy.types.NlaTrack) -> list[bpy.types.NlaStrip]:
    """The strips of ``track`` that a bake may replace.

    On Mouthpiece's tracks these play also what Blender numbered anew, as an appended bake. What lies on
    another track that is muted was put aside, as Blender's stash is.
    """
    named = track.name.startswith(TRACK)
    played = [strip for strip in track.strips if strip.action is not None and (named or not track.mute)]
    return [strip for strip in played if is_own(strip.action) or (named and _renumbered(strip.action))]


def kept_strips(track: bpy.types.NlaTrack) -> list[bpy.types.NlaStrip]:
    """Copies of bakes, and renamed ones, that lie on a track of Mouthpiece's, where they may be forgotten."""
    own = own_strips(track)
    marked = [strip for strip in track.strips if strip.action is not None and MARK in strip.action]
    return [strip for strip in marked if strip not in own and track.name.startswith(TRACK)]


def _renumbered(action: bpy.types.Action) -> bool:
    return re.fullmatch(re.escape(str(action.get(MARK))) + r"\.\d{3,}", action.name) is not None
