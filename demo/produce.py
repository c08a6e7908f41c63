"""The demo's stages, one after another in one Blender."""

from __future__ import annotations

import argparse
from pathlib import Path

import bpy
import numpy as np

from .. import register
from ..inference.decode import load_audio
from ..inference.errors import AudioError
from ..inference.types import BLENDSHAPES, SAMPLE_RATE, frame_count
from . import performance, stage
from .character import build_parts
from .character.build import build_objects
from .console import Console
from .film import contact_sheet, lay_sound, render_film, still
from .opening import measure_opening
from .plot import plot_opening
from .voice import Phone, read_phones

FPS = 25.0
STILLS = 7
SIZES = {"workbench": 512, "cycles": 320}


def produce(options: argparse.Namespace, folder: Path, console: Console) -> None:
    """Make everything into ``folder``. Raises MouthpieceErrors that name file, reason and remedy."""
    audio = options.audio.resolve() if options.audio else performance.DIALOGUE
    own = not options.reference
    takes = performance.OWN_TAKES if own else tuple(map(performance.parse_take, options.reference))
    samples = load_audio(audio)
    if not len(samples):
        raise AudioError(f"{audio} holds no samples: give a sound with something to hear.")
    phones = [] if options.audio else read_phones(performance.PHONES)
    engine = options.engine
    if engine == "auto":
        engine = "workbench" if stage.workbench_works() else "cycles"
        if engine == "cycles":
            console.say("no OpenGL here: filming smaller with Cycles")
    register()
    stage.set_stage(engine, options.size or SIZES[engine], FPS)
    head = build_objects(build_parts())
    console.say("built the character")
    if options.keys:
        picture_keys(folder, console)
    sound = performance.load_sound(audio)
    performance.prepare(bpy.data.objects["Face"], head, sound, options.seed)
    performance.import_takes(takes)
    bakes = performance.versions(takes, own)
    last = min(frame_count(len(samples)), int(options.film_seconds * FPS))
    openings, rows = perform(bakes, last, phones, folder, console)
    cut = samples[: int(last / FPS * SAMPLE_RATE)]
    plot_opening(folder / "plot.png", cut, SAMPLE_RATE, openings, FPS, phones)
    contact_sheet(folder / "contact.png", rows)
    lay_sound(sound)
    bpy.context.scene.frame_start, bpy.context.scene.frame_end = 1, frame_count(len(samples))
    bpy.context.scene.frame_set(1)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "demo.blend"), compress=True)
    console.say(f"filming {last} frames with {engine}")
    render_film(folder / "demo.mp4", last, lambda share: console.progress("filming", share))


def perform(
    bakes: tuple[performance.Version, ...], last: int, phones: list[Phone], folder: Path, console: Console
) -> tuple[dict[str, np.ndarray], list]:
    """Bake every version; return its lip opening and a row of stills at the same moments."""
    openings, rows, moments = {}, [], None
    for version in bakes:
        performance.bake(version)
        console.say(f"baked {version.label}")
        target = bpy.data.objects["Face"]
        opening = measure_opening(target, last, lambda share: console.progress("measuring the lips", share))
        moments = moments or telling_frames(phones, opening)
        rows.append(
            (version.label, [(f"{(f - 1) / FPS:.2f} s {name}", still(folder, f)) for f, name in moments])
        )
        openings[version.label] = opening
    return openings, rows


def telling_frames(phones: list[Phone], opening: np.ndarray) -> list[tuple[int, str]]:
    """Frames for the contact sheet with what is said there; without phones, evenly spread ones."""
    last = len(opening)
    if not phones:
        return [(int(f), "") for f in np.linspace(1, last, STILLS + 2)[1:-1].round()]
    chosen = []
    for name in ("ow", "m", "aw", "iy", "uw", "v", "b", "ae"):
        spoken = [p for p in phones if p.name == name and p.end * FPS < last]
        if spoken:
            longest = max(spoken, key=lambda p: p.end - p.start)
            chosen.append((round(0.5 * (longest.start + longest.end) * FPS) + 1, name))
    return sorted(chosen) or [(1, "")]


def picture_keys(folder: Path, console: Console) -> None:
    """Every shape key at 1, on one sheet."""
    blocks = [
        o.data.shape_keys.key_blocks for o in bpy.data.objects if o.type == "MESH" and o.data.shape_keys
    ]
    pictures = []
    for k, name in enumerate(BLENDSHAPES):
        for keys in blocks:
            for key in keys[1:]:
                key.value = float(key.name == name)
        pictures.append((name, still(folder)))
        console.progress("picturing the shape keys", (k + 1) / len(BLENDSHAPES))
    for keys in blocks:
        for key in keys[1:]:
            key.value = 0.0
    contact_sheet(folder / "keys.png", [("", pictures[i : i + 9]) for i in range(0, len(pictures), 9)])
