"""Camera, light and render settings: Workbench where OpenGL works (also in software), else Cycles."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import dataclass

import bpy
from mathutils import Vector

BACKDROP = (0.80, 0.62, 0.42)
PROBE = """
import bpy, os
render = bpy.context.scene.render
render.engine, render.resolution_x, render.resolution_y = "BLENDER_WORKBENCH", 16, 16
bpy.ops.render.render()
os._exit(0)
"""


@dataclass(frozen=True)
class View:
    """Where the camera stands: degrees around and above the face, focal length in millimetres."""

    around: float = 16.0
    above: float = 2.0
    distance: float = 8.2
    lens: float = 92.0
    target: tuple[float, float, float] = (0.0, -0.05, -0.10)


def workbench_works() -> bool:
    """Whether Workbench renders here; tried in a process of its own, since a missing driver ends Blender."""
    try:
        return subprocess.run([sys.executable, "-c", PROBE], capture_output=True, timeout=60).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def set_stage(engine: str, size: int, fps: float) -> None:
    """An empty scene with camera, backdrop, lights and render settings. ``engine`` workbench or cycles."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps_base = 1.0 if float(fps).is_integer() else 2.0  # exact for halves
    scene.render.fps = round(fps * scene.render.fps_base)
    scene.render.resolution_x = scene.render.resolution_y = size
    scene.view_settings.view_transform = "Standard"
    world = bpy.data.worlds.new("Backdrop")
    world.color = BACKDROP
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (*BACKDROP, 1.0)
    world.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.75
    scene.world = world
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    aim(View())
    (use_workbench if engine == "workbench" else use_cycles)(scene)


def aim(view: View) -> None:
    """Move the scene's camera."""
    around, above = math.radians(view.around), math.radians(view.above)
    way = Vector((math.sin(around) * math.cos(above), -math.cos(around) * math.cos(above), math.sin(above)))
    camera, target = bpy.context.scene.camera, Vector(view.target)
    camera.data.lens = view.lens
    camera.location = target + way * view.distance
    camera.rotation_euler = (-way).to_track_quat("-Z", "Y").to_euler()


def set_viewports() -> None:
    """Let the saved scene open as it is filmed: through the camera, in vertex colours, with the sidebar."""
    for screen in bpy.data.screens:
        for area in screen.areas:
            if area.type == "VIEW_3D":
                space = area.spaces.active
                space.shading.color_type = "VERTEX"
                space.region_3d.view_perspective = "CAMERA"
                space.show_region_ui = True


def use_workbench(scene: bpy.types.Scene) -> None:
    """Vertex colours under the painterly studio light."""
    scene.render.engine = "BLENDER_WORKBENCH"
    shading = scene.display.shading
    shading.light = "STUDIO"
    shading.studio_light = "paint.sl"
    shading.color_type = "VERTEX"
    shading.show_specular_highlight = True
    scene.display.render_aa = "FXAA"


def use_cycles(scene: bpy.types.Scene) -> None:
    """Three soft lamps, few samples, denoised."""
    scene.render.engine = "CYCLES"
    scene.render.use_persistent_data = True
    scene.cycles.debug_bvh_type = "DYNAMIC_BVH"  # only what moved is built anew
    scene.cycles.samples = 4
    scene.cycles.max_bounces = 2
    scene.cycles.use_denoising = True
    lamps = (
        ("Key", (2.6, -4.2, 2.6), 170.0, 2.2),
        ("Fill", (-3.4, -3.6, 0.6), 60.0, 3.0),
        ("Rim", (-2.2, 3.2, 2.6), 150.0, 1.6),
    )
    for name, place, watts, width in lamps:
        lamp = bpy.data.lights.new(name, "AREA")
        lamp.energy, lamp.size = watts, width
        made = bpy.data.objects.new(name, lamp)
        made.location = place
        made.rotation_euler = (-Vector(place)).to_track_quat("-Z", "Y").to_euler()
        scene.collection.objects.link(made)
