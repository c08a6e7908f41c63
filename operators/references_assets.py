"""Performances from the Asset Browser: the actions selected there, appended where they lie in other files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import bpy

from ..inference.errors import TakeError

SOURCE = "mouthpiece_asset"
"""Custom property of an appended Action: the file and the name of the asset that it came from."""


def selected_assets(context: bpy.types.Context) -> list[bpy.types.AssetRepresentation]:
    """What is selected in the Asset Browser under the mouse, else in any that is open. Raises TakeError."""
    browsers = list(_browsers(context))
    if not browsers:
        raise TakeError("No Asset Browser is open: open one and select actions there.")
    for window, area in browsers:
        region = next(region for region in area.regions if region.type == "WINDOW")
        with context.temp_override(window=window, area=area, region=region):
            chosen = list(context.selected_assets or ())
        if chosen:
            return chosen
    raise TakeError("Nothing is selected in the Asset Browser: select actions there.")


def asset_actions(assets: Iterable[bpy.types.AssetRepresentation]) -> list[bpy.types.Action]:
    """The actions among ``assets``; those of other files are appended, once each. Raises TakeError."""
    chosen = [asset for asset in assets if asset.id_type == "ACTION"]
    if not chosen:
        raise TakeError("No action is among the selected assets: select facial takes.")
    return [asset.local_id or _appended(asset) for asset in chosen]


def _browsers(context: bpy.types.Context) -> Iterator[tuple[bpy.types.Window, bpy.types.Area]]:
    """Asset Browsers, the one under the mouse first."""
    if context.area is not None and context.area.ui_type == "ASSETS":
        yield context.window, context.area
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.ui_type == "ASSETS" and area != context.area:
                yield window, area


def _appended(asset: bpy.types.AssetRepresentation) -> bpy.types.Action:
    """The action of an asset of another file. Raises TakeError when the file no longer has it."""
    path, name = asset.full_library_path, asset.name
    found = _came_from(path, name)
    if found is not None:
        return found
    before = set(bpy.data.actions)
    try:
        with bpy.data.libraries.load(path, link=False) as (stored, wanted):
            wanted.actions = [one for one in stored.actions if one == name]
    except OSError as error:
        raise TakeError(
            "{path} cannot be read ({error}): check the asset library.", path=path, error=error
        ) from error
    made = next(iter(set(bpy.data.actions) - before), None)
    if made is None:
        raise TakeError("{path} has no action named {name}: refresh the Asset Browser.", path=path, name=name)
    made[SOURCE] = [os.fspath(Path(path)), name]
    return made


def _came_from(path: str, name: str) -> bpy.types.Action | None:
    """An action that was appended before."""
    marked = (action for action in bpy.data.actions if SOURCE in action)
    return next((action for action in marked if list(action[SOURCE]) == [os.fspath(Path(path)), name]), None)
