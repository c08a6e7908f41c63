"""What a bake needs, gathered from the scene on the main thread; from here on no Blender data is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import bpy
import numpy as np

from ..inference.animate import animate_with
from ..inference.bank import Bank
from ..inference.entry_cache import EntryCache
from ..inference.errors import Cancelled, RigError
from ..inference.model import Model
from ..inference.regions import Influence, blend
from ..inference.types import Take, frame_count, frame_times
from ..inference.witness import WitnessBank
from ..rigs.bake_plan import BakePlan, plan_bake
from ..rigs.options import BakeOptions
from ..rigs.pose import Curves, pose
from ..rigs.retarget import SceneClock
from ..rigs.rig import Rig
from ..rigs.scene_read import animated, find_target, read_rig, unread
from ..rigs.scene_read.kept import Kept, find_head
from ..rigs.shaping import shaped
from .bake_options import read_options, start_frame, sync_notes
from .cache import entry_cache
from .references_take import reference_take, taken_from
from .sound import file_samples, sound_samples

COURSE = 20
"""Stretches of a bake for which the references' shares are told."""
SETTINGS = "mouthpiece"
"""Path of the scene's settings, which animate one face."""
MOOD = ("valence", "arousal")
"""What of them can be keyed."""

Takes = dict[tuple[object, ...], Take]
"""Takes of references by what they were read from (``taken_from``)."""


@dataclass(frozen=True)
class BakeRequest:
    """A bake's input. Data-blocks are ``Kept``, since undo may replace them while the model runs."""

    scene: Kept
    target: Kept
    head_target: Kept | None
    head_bone: str
    clock: SceneClock
    options: BakeOptions
    audio: np.ndarray
    references: tuple[tuple[Take, float], ...]
    style_strength: float
    influence: Influence
    valence: float | np.ndarray
    arousal: float | np.ndarray
    seed: int
    device: str
    notes: tuple[str, ...]
    cache: EntryCache
    first: int = 0
    """Frame of the line at which ``audio`` begins: what is drawn depends on it."""
    gave: dict[str, np.ndarray] = field(default_factory=dict, compare=False)
    """Filled by ``infer``: content hash of a reference → its share over the bake, ``float32 [COURSE]``."""
    told: list[str] = field(default_factory=list, compare=False)
    """Filled by ``infer``: that the chosen device was not there."""

    def infer(self, progress: Callable[[float], None], cancelled: Callable[[], bool]) -> np.ndarray:
        """Channels ``float32 [T, C]`` of the sound; may run outside the main thread. Raises Cancelled."""
        model = Model.load(device=self.device)
        self.told[:] = filter(None, [model.notice])
        bank = WitnessBank(model)
        for take, weight in self.references:
            if cancelled():
                raise Cancelled("stopped before the sound was heard; nothing was changed")
            bank.add_entries(take.content_hash, self.cache.embed(model, take), weight)
        blended = bool(self.references) and not self.influence.full
        styled = self._perform(model, bank, lambda done: progress(done / (1 + blended)), cancelled)
        self.gave.update(bank.course(COURSE))
        if not blended:
            return styled
        plain = self._perform(model, None, lambda done: progress(0.5 + done / 2), cancelled)
        return blend(plain, styled, self.influence)

    def _perform(
        self,
        model: Model,
        bank: Bank | None,
        progress: Callable[[float], None],
        cancelled: Callable[[], bool],
    ) -> np.ndarray:
        return animate_with(
            self.audio,
            model,
            bank,
            style_strength=self.style_strength,
            valence=self.valence,
            arousal=self.arousal,
            seed=self.seed,
            first=self.first,
            progress=progress,
            cancelled=cancelled,
        )

    @contextmanager
    def in_scene(self, context: bpy.types.Context) -> Iterator[None]:
        """The context in the scene that was asked for, whichever the window shows by now."""
        scene = self.scene.find(bpy.data.scenes)
        if scene in (None, context.scene):
            yield
            return
        with context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
            yield

    def rig(self) -> Rig:
        """The character as it is now. Raises RigError when it has gone, or its head has."""
        scene, target = self.scene.find(bpy.data.scenes), self.target.find(bpy.data.objects)
        if scene is None or target is None:
            raise RigError(
                "{target} is no longer in the scene: select the face and bake again.", target=self.target.name
            )
        return read_rig(scene, target, find_head(self.head_target), self.head_bone)

    def pose(self, rig: Rig, channels: np.ndarray) -> tuple[Curves, ...]:
        """What ``rig`` shows of ``channels [T, C]`` at the model's frames, before anything is keyed."""
        return pose(rig, shaped(channels, self.options), seal=self.options.seal)

    def plan(self, rig: Rig, channels: np.ndarray) -> BakePlan:
        """What baking ``channels [T, C]`` onto ``rig`` will write."""
        return plan_bake(rig, channels, self.clock, options=self.options)


def disabled_reason(context: bpy.types.Context) -> str:
    """Why no bake can start now, "" when one can."""
    return "A bake is running" if context.window_manager.mouthpiece.running else _missing(context)


def _missing(context: bpy.types.Context) -> str:
    """What must be chosen before anything can be baked, "" when all is."""
    settings = context.scene.mouthpiece
    if find_target(context) is None:
        return "Select the face, or choose it in the Mouthpiece tab"
    if settings.sound is None and not settings.audio_path:
        return "Choose a dialogue sound"
    return ""


def read_request(context: bpy.types.Context, takes: Takes | None = None) -> BakeRequest:
    """Check the rig and read everything else from the scene, ``takes`` apart that were read before.

    Raises a MouthpieceError naming the culprit.
    """
    scene, settings = context.scene, context.scene.mouthpiece
    if missing := _missing(context):
        raise RigError(missing)
    target, head = find_target(context), settings.head_target
    read_rig(scene, target, head, settings.head_bone, seal=False)
    clock = SceneClock(scene.render.fps / scene.render.fps_base, start_frame(scene))
    audio = sound_samples(settings.sound) if settings.sound else file_samples(settings.audio_path)
    frames = clock.frames(frame_times(frame_count(len(audio))))
    mood = [f"{SETTINGS}.{name}" for name in MOOD]
    valence, arousal = (animated(scene, path, frames) for path in mood)
    return BakeRequest(
        scene=Kept.of(scene),
        target=Kept.of(target),
        head_target=Kept.of(head) if head else None,
        head_bone=settings.head_bone,
        clock=clock,
        options=read_options(scene),
        audio=audio,
        references=read_references(context, {} if takes is None else takes),
        style_strength=settings.style_strength,
        influence=read_influence(settings),
        valence=settings.valence if valence is None else valence,
        arousal=settings.arousal if arousal is None else arousal,
        seed=settings.seed,
        device=device_of(context),
        notes=(
            *sync_notes(scene, clock.start),
            *(n for path in mood for n in unread(scene, path)),
        ),
        cache=entry_cache(),
    )


def read_references(context: bpy.types.Context, takes: Takes) -> tuple[tuple[Take, float], ...]:
    """The references that count, and how much each does. What is not among ``takes`` is read into them."""
    found = []
    for index, item in enumerate(context.scene.mouthpiece.references):
        if item.enabled and item.weight > 0.0:
            source = taken_from(item)
            if source not in takes:
                takes[source] = reference_take(context, index, item)
            found.append((takes[source], item.weight))
    return tuple(found)


def read_influence(settings: bpy.types.PropertyGroup) -> Influence:
    """How far each region follows the references."""
    return Influence(
        settings.influence_mouth, settings.influence_brows, settings.influence_eyes, settings.influence_head
    )


def device_of(context: bpy.types.Context) -> str:
    """The scene's device; on automatic the add-on preferences' (a bare package has none)."""
    device = context.scene.mouthpiece.device
    addon = context.preferences.addons.get(__package__.rpartition(".")[0])
    return addon.preferences.device if addon and device == "auto" else device
