"""The demo's stages, one after another in one Blender."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from .. import register
from ..inference.decode import load_audio
from ..inference.errors import AudioError
from ..inference.types import BLENDSHAPES, SAMPLE_RATE
from . import performance, stage
from .character import build_parts
from .character.build import build_objects
from .console import Console
from .film import contact_sheet, lay_sound, render_film, still
from .opening import measure_opening
from .plot import plot_opening
from .voice import Phone, read_phones

TELLING = ("ow", "m", "aw", "iy", "uw", "v", "b", "ae")
"""Phones that the contact sheet shows, each at its longest."""


@dataclass(frozen=True)
class Quality:
    """Side of the pictures in pixels and scene frames a second."""

    size: int
    rate: float


QUALITY = {"workbench": Quality(512, 25.0), "cycles": Quality(256, 12.5)}
"""What two cores film in under five minutes: Cycles takes several times as long a frame."""


@dataclass(frozen=True)
class Shoot:
    """What is filmed: ``samples float32 [N]`` at 16 kHz, its phones if known, frames 1 … ``last``."""

    samples: np.ndarray
    phones: list[Phone]
    rate: float
    last: int
    folder: Path
    console: Console

    def frame(self, seconds: float) -> int:
        """The frame that shows a moment of the dialogue."""
        return min(self.last, round(seconds * self.rate) + 1)


def produce(options: argparse.Namespace, folder: Path, console: Console) -> None:
    """Make everything into ``folder``. Raises MouthpieceErrors that name file, reason and remedy."""
    audio = options.audio.resolve() if options.audio else performance.DIALOGUE
    own = not options.reference
    takes = performance.OWN_TAKES if own else tuple(map(performance.parse_take, options.reference))
    samples = load_audio(audio)
    if not len(samples):
        raise AudioError(f"{audio} holds no samples: give a sound with something to hear.")
    engine = choose_engine(options.engine, console)
    rate = QUALITY[engine].rate
    whole = int(np.ceil(len(samples) / SAMPLE_RATE * rate))
    phones = [] if options.audio else read_phones(performance.PHONES)
    last = max(1, min(whole, int(options.film_seconds * rate)))
    shoot = Shoot(samples, phones, rate, last, folder, console)
    register()
    stage.set_stage(engine, options.size or QUALITY[engine].size, rate)
    head = build_objects(build_parts())
    console.say("built the character")
    if options.keys:
        picture_keys(shoot)
    sound = performance.load_sound(audio)
    performance.prepare(bpy.data.objects["Face"], head, sound, options.seed)
    performance.import_takes(takes)
    perform(performance.versions(takes, own), shoot)
    lay_sound(sound)
    bpy.context.scene.frame_start, bpy.context.scene.frame_end = 1, whole
    bpy.context.scene.frame_set(1)
    stage.set_viewports()
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "demo.blend"), compress=True)
    console.say(f"filming {last} frames with {engine}")
    render_film(folder / "demo.mp4", last, lambda share: console.progress("filming", share))


def choose_engine(wish: str, console: Console) -> str:
    """``workbench`` or ``cycles``; on ``auto`` Workbench where it works."""
    if wish != "auto":
        return wish
    if stage.workbench_works():
        return "workbench"
    console.say("Workbench finds no OpenGL here (see the README's system packages): filming with Cycles")
    return "cycles"


def perform(bakes: tuple[performance.Version, ...], shoot: Shoot) -> None:
    """Bake every version; plot their lips and picture them at the same moments."""
    openings: dict[str, np.ndarray] = {}
    rows = []
    for version in bakes:
        performance.bake(version)
        shoot.console.say(f"baked {version.label}")
        target = bpy.data.objects["Face"]
        openings[version.label] = measure_opening(
            target, shoot.last, lambda share: shoot.console.progress("measuring the lips", share)
        )
        pictures = [(caption, still(shoot.folder, frame)) for frame, caption in moments(shoot)]
        rows.append((version.label, pictures))
    heard = shoot.samples[: int(shoot.last / shoot.rate * SAMPLE_RATE)]
    plot_opening(shoot.folder / "plot.png", heard, SAMPLE_RATE, openings, shoot.rate, shoot.phones)
    contact_sheet(shoot.folder / "contact.png", rows)


def moments(shoot: Shoot) -> list[tuple[int, str]]:
    """Frames for the contact sheet and their captions: telling phones, or without phones even steps."""
    longest: dict[str, Phone] = {}
    for phone in sorted(shoot.phones, key=lambda p: p.end - p.start):
        if phone.end * shoot.rate < shoot.last:
            longest[phone.name] = phone
    middles = {0.5 * (longest[n].start + longest[n].end): n for n in TELLING if n in longest}
    if not middles:
        seconds = shoot.last / shoot.rate
        middles = {float(t): "" for t in np.linspace(0.0, seconds, len(TELLING) + 2)[1:-1]}
    return [(shoot.frame(t), f"{t:.2f} s {name}") for t, name in sorted(middles.items())]


def picture_keys(shoot: Shoot) -> None:
    """Every shape key at 1, on one sheet."""
    meshes = [item.data for item in bpy.data.objects if item.type == "MESH" and item.data.shape_keys]
    keys = [key for mesh in meshes for key in mesh.shape_keys.key_blocks[1:]]
    pictures = []
    for k, name in enumerate(BLENDSHAPES):
        for key in keys:
            key.value = float(key.name == name)
        pictures.append((name, still(shoot.folder)))
        shoot.console.progress("picturing the shape keys", (k + 1) / len(BLENDSHAPES))
    for key in keys:
        key.value = 0.0
    contact_sheet(shoot.folder / "keys.png", [("", pictures[i : i + 9]) for i in range(0, len(pictures), 9)])
