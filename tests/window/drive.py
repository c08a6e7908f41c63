"""Drives a real Blender window from within: a scenario yields seconds to wait, clicks, types and looks.

Imported by the scenarios, inside Blender. Positions are pixels of the window, y upwards.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy

HERE = Path(__file__).resolve().parent
PACKAGE = "bl_ext.user_default.mouthpiece"
Steps = Iterator[float]
found: dict[str, object] = {}
"""What the scenario has seen; written to ``result.json`` at the end."""


def run(scenario: Callable[[], Steps]) -> None:
    """Install the extension, open the scene and follow the scenario; quit with what it has found."""
    try:
        _prepare()
    except BaseException:
        found["error"] = traceback.format_exc()
        leave(3)
    steps = scenario()

    def tick() -> float | None:
        try:
            return next(steps)
        except StopIteration:
            leave(0)
        except BaseException:
            found["error"] = traceback.format_exc()
            shot("error")
            leave(3)
        return None

    bpy.app.timers.register(tick, first_interval=1.0, persistent=True)


def _prepare() -> None:
    bpy.context.preferences.view.show_splash = False
    bpy.context.preferences.view.use_save_prompt = False
    bpy.ops.extensions.package_install_files(
        repo="user_default", filepath=str(HERE / "mouthpiece.zip"), enable_on_install=True
    )
    bpy.ops.wm.open_mainfile(filepath=str(HERE / "scene.blend"), load_ui=False)


def leave(status: int) -> None:
    (HERE / "result.json").write_text(json.dumps(found, default=str), "utf-8")
    os._exit(status)


def shot(name: str) -> None:
    """A picture of the whole window."""
    subprocess.run(["import", "-window", "root", str(HERE / f"{name}.png")], check=True)


def window() -> bpy.types.Window:
    return bpy.context.window_manager.windows[0]


def view() -> bpy.types.Area:
    return next(area for area in window().screen.areas if area.type == "VIEW_3D")


def region(kind: str) -> bpy.types.Region:
    return next(one for one in view().regions if one.type == kind)


def state() -> bpy.types.PropertyGroup:
    return bpy.context.window_manager.mouthpiece


def redraw() -> Steps:
    """Let a script's change be drawn: Blender itself draws where the mouse has been."""
    region("UI").tag_redraw()
    yield 1.0


def settings() -> bpy.types.PropertyGroup:
    return bpy.context.scene.mouthpiece


def open_tab(width: int = 330) -> Steps:
    """Show the Mouthpiece tab of the sidebar, wide enough to read, and look at the face."""
    view().spaces.active.show_region_ui = True
    view().spaces.active.shading.type = "SOLID"
    view().spaces.active.shading.color_type = "VERTEX"
    yield 1.0
    region("UI").active_panel_category = "Mouthpiece"
    yield 0.5
    with bpy.context.temp_override(window=window(), area=view(), region=region("WINDOW")):
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.view3d.view_all()
    view().tag_redraw()
    yield 1.0


def event(kind: str, value: str, x: float, y: float) -> None:
    window().event_simulate(type=kind, value=value, x=round(x), y=round(y))


def move(x: float, y: float) -> Steps:
    for offset in (-1, 0):
        event("MOUSEMOVE", "NOTHING", x + offset, y)
        yield 0.15


def click(x: float, y: float) -> Steps:
    """Press and release the left button."""
    yield from move(x, y)
    event("LEFTMOUSE", "PRESS", x, y)
    yield 0.1
    event("LEFTMOUSE", "RELEASE", x, y)
    yield 0.4


def drag(x: float, y: float, to: float, steps: int = 8) -> Steps:
    """Press, pull sideways to ``to``, wait there as a hand does, and let go."""
    yield from move(x, y)
    event("LEFTMOUSE", "PRESS", x, y)
    yield 0.1
    for step in range(1, steps + 1):
        event("MOUSEMOVE", "NOTHING", x + (to - x) * step / steps, y)
        yield 0.1
    yield 1.0
    event("LEFTMOUSE", "RELEASE", to, y)
    yield 0.4


def key(kind: str, **modifiers: bool) -> Steps:
    """Press and release a key over the viewport."""
    area = region("WINDOW")
    x, y = area.x + area.width // 3, area.y + area.height // 2
    yield from move(x, y)
    for value in ("PRESS", "RELEASE"):
        window().event_simulate(type=kind, value=value, x=x, y=y, **modifiers)
        yield 0.1
    yield 0.4


def until(condition: Callable[[], bool], seconds: float, what: str) -> Steps:
    """Wait for something; the scenario fails when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s; the panel says {state().status!r}")
        yield 0.05


def wait_and_watch(condition: Callable[[], bool], seconds: float, what: str) -> Steps:
    """``until``, and note in ``found["gap"]`` the longest time that the window stood still."""
    longest, last, end = 0.0, time.monotonic(), time.monotonic() + seconds
    while not condition():
        now = time.monotonic()
        longest, last = max(longest, now - last), now
        if now > end:
            raise TimeoutError(f"{what}: not within {seconds} s; the panel says {state().status!r}")
        yield 0.01
    found[f"gap {what}"] = round(max(longest, time.monotonic() - last), 3)


def keys() -> dict[str, float]:
    """Shape-key values of the face."""
    return {block.name: block.value for block in bpy.data.objects["Face"].data.shape_keys.key_blocks[1:]}
