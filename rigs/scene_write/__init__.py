"""Writes Blender's animation data: Actions, and Mouthpiece's tracks on the NLA."""

from __future__ import annotations

from .actions import MARGIN, copy_pose, copy_take, curves_action, take_action
from .bake import write_bake
from .joins import joined, neighbours
from .line_home import Home
from .lines import LinePlan, play_alone, write_lines
from .strips import taken_head

__all__ = [
    "MARGIN",
    "Home",
    "LinePlan",
    "copy_pose",
    "copy_take",
    "curves_action",
    "joined",
    "neighbours",
    "play_alone",
    "take_action",
    "taken_head",
    "write_bake",
    "write_lines",
]
