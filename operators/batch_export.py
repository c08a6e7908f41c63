"""Runs inside Blender for the command line: puts motion onto the open file's rig and exports each line."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import bpy

from ..inference.batch.workshop import reason
from ..inference.errors import OutputError, RigError
from ..inference.livelink import read_motion
from ..rigs.bake_plan import BakePlan, plan_bake
from ..rigs.retarget import SceneClock
from ..rigs.rig import Rig
from ..rigs.scene_read import character_objects, read_rig
from ..rigs.scene_write import play_alone


def main(job: str) -> None:
    """Make every line of the ``job`` (JSON) and append a line of JSON on each to its results."""
    asked = json.loads(Path(job).read_text(encoding="utf-8"))
    with Path(asked["results"]).open("a", encoding="utf-8") as results:
        for line in asked["lines"]:
            made: list[str] = []
            error = _try(line, made)
            results.write(json.dumps({"id": line["id"], "made": made, "error": error}) + "\n")
            results.flush()


def _try(line: dict, made: list[str]) -> str:
    """Make one line and note the formats that were ``made``; why not all were, "" when they were."""
    try:
        _make(line, made)
    except Exception as error:  # reported by the one who asked, with the line's name
        return reason(error)
    return ""


def _make(line: dict, made: list[str]) -> None:
    scene = bpy.context.scene
    rig = _rig(scene, line["face"])
    channels, fps = read_motion(line["motion"]), line["fps"]
    scene.render.fps = max(round(fps), 1)
    scene.render.fps_base = scene.render.fps / fps
    name = line["id"].rpartition("/")[2]
    for kind, path in line["files"].items():
        # An action starts at frame 1 as an animator's does, a clip at its first instant.
        clock = SceneClock(fps, 1.0 if kind == "blend" else 0.0)
        plan = replace(plan_bake(rig, channels, clock), name=name)
        EXPORTS[kind](rig, plan, path)
        made.append(kind)


def _rig(scene: bpy.types.Scene, face: str) -> Rig:
    """The face of that name, or the one in the scene that covers most. Raises RigError."""
    if face:
        target = scene.objects.get(face)
        if target is None:
            raise RigError(f"{_file()} has no object named {face}: check the name of the face.")
        return read_rig(scene, target)
    rigs, errors = [], [RigError(f"{_file()} has no face with shape keys: choose another rig.")]
    for item in (item for item in scene.objects if item.type == "MESH" and item.data.shape_keys):
        try:
            rigs.append(read_rig(scene, item))
        except RigError as error:
            errors.append(error)
    if not rigs:
        raise errors[-1]
    return max(rigs, key=lambda rig: sum(len(part.mapping.drives) + len(part.poses) for part in rig.faces))


def _file() -> str:
    return Path(bpy.data.filepath).name


def _blend(_rig: Rig, plan: BakePlan, path: str) -> None:
    """A .blend with the Action alone, to be appended or linked."""
    with play_alone(plan) as action:
        for mark in [name for name in list(action.keys()) if name.startswith("mouthpiece_")]:
            del action[mark]  # it would take the whole character along
        bpy.data.libraries.write(path, {action}, fake_user=True, compress=True)


def _scene(rig: Rig, plan: BakePlan) -> None:
    """Show the length of the line, and select the character."""
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 0, math.ceil(plan.frames[-1])
    scene.name = plan.name
    chosen = set(character_objects(scene, bpy.data.objects[rig.name])) | ({plan.head} - {None})
    for item in bpy.context.view_layer.objects:
        item.select_set(item in chosen)


def _glb(rig: Rig, plan: BakePlan, path: str) -> None:
    """A binary glTF of the character with the line as its one animation, sampled at every frame.

    Raises OutputError where the exporter is missing.
    """
    if "gltf" not in dir(bpy.ops.export_scene):
        raise OutputError("This Blender has no glTF exporter: enable io_scene_gltf2, or name another.")
    with play_alone(plan):
        _scene(rig, plan)
        bpy.ops.export_scene.gltf(
            filepath=path,
            export_format="GLB",
            use_selection=True,
            export_animations=True,
            export_animation_mode="SCENE",
            export_anim_scene_split_object=False,
            export_frame_range=True,
            export_morph=True,
            export_morph_animation=True,
        )


def _usd(rig: Rig, plan: BakePlan, path: str) -> None:
    """A USD of the character with the line as blend-shape animation. Raises OutputError without USD."""
    if "usd_export" not in dir(bpy.ops.wm):
        raise OutputError("This Blender was built without USD: name another with --blender.")
    with play_alone(plan):
        _scene(rig, plan)
        bpy.ops.wm.usd_export(
            filepath=path, selected_objects_only=True, export_animation=True, export_shapekeys=True
        )


EXPORTS = {"blend": _blend, "glb": _glb, "usd": _usd}
