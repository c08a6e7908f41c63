"""Pictures of the scene: the film with its sound, and contact sheets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import bpy
import numpy as np


def lay_sound(sound: bpy.types.Sound) -> None:
    """Put the dialogue on the sequencer at frame 1, where the bake starts too."""
    scene = bpy.context.scene
    editor = scene.sequence_editor or scene.sequence_editor_create()
    editor.strips.new_sound(name="Dialogue", filepath=sound.filepath, channel=1, frame_start=1)
    editor.strips[-1].sound = sound
    scene.render.use_sequencer = True


def render_film(path: Path, last: int, progress: Callable[[float], None]) -> None:
    """Render frames 1 … ``last`` as H.264 + AAC in an mp4."""
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, last
    render = scene.render
    if hasattr(render.image_settings, "media_type"):
        render.image_settings.media_type = "VIDEO"
    render.image_settings.file_format = "FFMPEG"
    render.ffmpeg.format = "MPEG4"
    render.ffmpeg.codec = "H264"
    render.ffmpeg.constant_rate_factor = "HIGH"
    render.ffmpeg.gopsize = 25
    render.ffmpeg.audio_codec = "AAC"
    render.ffmpeg.audio_bitrate = 128
    render.filepath = str(path)

    def report(scene: bpy.types.Scene, *_: object) -> None:
        progress(scene.frame_current / last)

    bpy.app.handlers.render_post.append(report)
    try:
        bpy.ops.render.render(animation=True)
    finally:
        bpy.app.handlers.render_post.remove(report)


def still(folder: Path, frame: int | None = None) -> np.ndarray:
    """Render one picture of the scene as it is or at ``frame``: ``float32 [H, W, 3]`` in 0..1."""
    import matplotlib.image

    scene = bpy.context.scene
    if frame is not None:
        scene.frame_set(frame)
    if hasattr(scene.render.image_settings, "media_type"):
        scene.render.image_settings.media_type = "IMAGE"
    scene.render.image_settings.file_format = "PNG"
    path = folder / ".still.png"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    return matplotlib.image.imread(path)[..., :3]


def contact_sheet(path: Path, rows: Iterable[tuple[str, list[tuple[str, np.ndarray]]]]) -> None:
    """Write pictures in labelled rows; every picture has its own caption."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = list(rows)
    width = max(len(pictures) for _, pictures in rows)
    figure, axes = plt.subplots(len(rows), width, figsize=(2.4 * width, 2.75 * len(rows)), squeeze=False)
    for line, (label, pictures) in zip(axes, rows, strict=True):
        for axis in line:
            axis.set_axis_off()
        for axis, (caption, picture) in zip(line, pictures, strict=False):
            axis.imshow(picture)
            axis.set_title(caption, fontsize=9)
        line[0].text(-0.04, 0.5, label, transform=line[0].transAxes, rotation=90, va="center", ha="right")
    figure.tight_layout(pad=0.4)
    figure.savefig(path, dpi=100, format="png")
    plt.close(figure)
