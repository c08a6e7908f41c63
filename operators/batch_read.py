"""A batch gathered from the scene on the main thread: lines as files, and where each one's motion goes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import bpy
import numpy as np

from ..inference.batch.encode import wav_bytes
from ..inference.batch.line import BLENDER_FORMATS, MOTION, Line, Refused, check_id, own_seed
from ..inference.batch.manifest import Defaults, Manifest, read_folder, read_manifest
from ..inference.batch.naming import Rule
from ..inference.batch.store import Store
from ..inference.errors import ManifestError, MouthpieceError
from ..inference.types import SAMPLE_RATE
from ..rigs.dialogue import Span, listening_spans, untangled
from ..rigs.retarget import cut
from ..rigs.scene_sequencer import SpokenStrip, read_strips, sequencer_scene
from .batch_cast_read import Speaker, kept, read_cast
from .references_take import scene_rate
from .request import device_of
from .sound import sound_samples


@dataclass(frozen=True)
class SceneBatch:
    """What to make, by whom it is worn, and the scene frames of each line's strip (none for files)."""

    scene: str
    source: str
    manifest: Manifest
    speakers: dict[str, Speaker]
    spans: dict[str, Span]
    rate: float
    whole_frames: bool
    start: float
    device: str
    resume: bool
    folder: Path


def read_batch(context: bpy.types.Context) -> SceneBatch:
    """Everything that a batch needs of the scene. Raises MouthpieceError when there is nothing to bake."""
    settings = context.scene.mouthpiece
    batch = settings.batch
    folder, notes = _output(batch.output)
    store = Store(folder)
    inputs = store.records.parent / "inputs"
    inputs.mkdir(exist_ok=True)
    speakers, problems = read_cast(context, inputs)
    spans: dict[str, Span] = {}
    if batch.source in ("STRIPS", "SELECTED"):
        source = "Sequencer"
        manifest, spans = _Strips(context, speakers, problems, inputs).read()
    else:
        place = bpy.path.abspath(batch.folder if batch.source == "FOLDER" else batch.manifest)
        source = place
        manifest = _of_files(place, batch, speakers, problems, settings.seed)
    return SceneBatch(
        scene=context.scene.name,
        source=source,
        manifest=replace(manifest, notes=(*manifest.notes, *notes)),
        speakers=speakers,
        spans=spans,
        rate=scene_rate(context.scene),
        whole_frames=settings.whole_frames,
        start=settings.frame_start,
        device=device_of(context),
        resume=batch.resume,
        folder=folder,
    )


def _output(text: str) -> tuple[Path, tuple[str, ...]]:
    """The output folder; of a file that was never saved one that goes with the session."""
    if text.startswith("//") and not bpy.data.filepath:
        folder = Path(bpy.app.tempdir, "mouthpiece_batch")
        return folder, ("The file is not saved: report and finished lines go when Blender does.",)
    return Path(bpy.path.abspath(text)), ()


def _of_files(
    place: str,
    batch: bpy.types.PropertyGroup,
    speakers: dict[str, Speaker],
    problems: dict[str, str],
    seed: int,
) -> Manifest:
    """Lines of a folder or table, worn by the cast. Raises ManifestError."""
    if not place:
        raise ManifestError("Nothing is chosen: name the folder or the table of the lines.")
    characters = {name: speaker.character for name, speaker in speakers.items()}
    cast = characters | dict.fromkeys(problems) if batch.cast else None
    known = {name: character for name, character in (cast or {}).items() if character}
    defaults = Defaults(seed=seed, formats=(MOTION,))
    if batch.source == "FOLDER":
        rule = Rule(batch.rule if batch.cast else "*")
        manifest = read_folder(Path(place), rule, known or None, defaults)
    else:
        manifest = read_manifest(Path(place), known or None, defaults)
    lines, refused = [], list(manifest.refused)
    for line in manifest.lines:
        who = line.character if batch.cast else next(iter(speakers), "")
        if who not in speakers:
            reason = problems.get(who) or next(iter(problems.values()), "") if not batch.cast else ""
            reason = reason or problems.get(who) or "no character of the cast speaks it: name one"
            refused.append(Refused(line.row, line.id, reason))
            continue
        speaker = speakers[who]
        own = [name for name in line.formats if name not in (*BLENDER_FORMATS, MOTION)]
        line = replace(line, character=who, formats=(*own, MOTION))
        if not line.references or line.references == speaker.character.references:
            line = replace(line, references=speaker.character.references, weights=speaker.weights)
        lines.append(line)
    return Manifest(tuple(lines), tuple(refused), manifest.notes)


class _Strips:
    """Strips of the sequencer as lines."""

    def __init__(
        self,
        context: bpy.types.Context,
        speakers: dict[str, Speaker],
        problems: dict[str, str],
        inputs: Path,
    ) -> None:
        settings = context.scene.mouthpiece
        self.batch, self.seed = settings.batch, settings.seed
        self.speakers, self.problems, self.inputs = speakers, problems, inputs
        self.scene = sequencer_scene(context)
        self.rate = scene_rate(self.scene)
        self.sounds: dict[str, np.ndarray] = {}
        self.lines: list[Line] = []
        self.refused: list[Refused] = []
        self.spans: dict[str, Span] = {}

    def read(self) -> tuple[Manifest, dict[str, Span]]:
        """Lines, and the scene frames of each by its id. Raises ManifestError without any strip."""
        selected = self.batch.source == "SELECTED"
        every = read_strips(self.scene)
        wanted = read_strips(self.scene, selected=True) if selected else every
        if not wanted:
            which = "no selected sound strip" if selected else "no audible sound strip"
            raise ManifestError(f"The sequencer of {self.scene.name} has {which}: add the dialogue to it.")
        said = {strip.name: self._who(strip) for strip in every}
        for who in sorted({said[strip.name] for strip in wanted}):
            self._spoken(who, [strip for strip in wanted if said[strip.name] == who])
        if self.batch.listening:
            heard = [span for line, span in self.spans.items()]
            for speaker in self.speakers.values():
                own = [(strip.start, strip.end) for strip in every if said[strip.name] == speaker.name]
                self._listening(speaker, listening_spans(own, heard, self.rate))
        return Manifest(tuple(self.lines), tuple(self.refused)), self.spans

    def _who(self, strip: SpokenStrip) -> str:
        """Who speaks a strip: whom it is assigned, else whose channel it is on; "" for nobody."""
        if not self.batch.cast:
            return next(iter((*self.speakers, *self.problems)), "")
        if strip.assigned:
            return strip.assigned
        channels = {member.channel: member.name for member in self.batch.cast if member.channel}
        return channels.get(strip.channel, "")

    def _spoken(self, who: str, strips: list[SpokenStrip]) -> None:
        """The lines of one character, none over another."""
        for strip, span in zip(strips, untangled((s.start, s.end) for s in strips), strict=True):
            reason = strip.obstacle or self._obstacle(who)
            if not reason and span is None:
                reason = f"another strip of {who} covers it: move one of them, or give it to somebody else"
            try:
                if reason:
                    raise ManifestError(reason)
                samples = self._sound(strip.sound)
                length = max(round((span[1] - span[0]) / self.rate * SAMPLE_RATE), 1)
                part = cut(samples, round(strip.lead * SAMPLE_RATE), length)
                self._add(who, _id(strip.name, self.spans), part, span)
            except MouthpieceError as error:
                self.refused.append(Refused(self._row(), strip.name, str(error)))

    def _listening(self, speaker: Speaker, spans: Iterable[Span]) -> None:
        for number, (start, end) in enumerate(spans, 1):
            silence = np.zeros(max(round((end - start) / self.rate * SAMPLE_RATE), 1), np.float32)
            name = _id(f"{speaker.name} listens {number}", self.spans)
            self._add(speaker.name, name, silence, (start, end), listens=True)

    def _add(self, who: str, name: str, samples: np.ndarray, span: Span, *, listens: bool = False) -> None:
        speaker = self.speakers[who]
        character = speaker.character
        self.spans[name] = span
        self.lines.append(
            Line(
                row=self._row(),
                id=name,
                audio=kept(self.inputs, wav_bytes(samples), ".wav"),
                character=who,
                references=character.references,
                style_strength=character.style_strength,
                valence=character.valence,
                arousal=character.arousal,
                seed=own_seed(self.seed, name),
                formats=(MOTION,),
                weights=speaker.weights,
                listens=listens,
            )
        )

    def _obstacle(self, who: str) -> str:
        if not who:
            return "nobody speaks it: assign the strip to a character, or its channel"
        if who in self.problems:
            return self.problems[who]
        return "" if who in self.speakers else f"there is no character named {who} in the cast"

    def _sound(self, sound: bpy.types.Sound) -> np.ndarray:
        if sound.name_full not in self.sounds:
            self.sounds[sound.name_full] = sound_samples(sound)
        return self.sounds[sound.name_full]

    def _row(self) -> int:
        return len(self.lines) + len(self.refused) + 1


def _id(name: str, taken: Iterable[str]) -> str:
    """An id that is a file's name, like the strip's; a number behind it where that is taken."""
    plain = "".join("_" if letter in '<>:"/\\|?*' or not letter.isprintable() else letter for letter in name)
    plain = plain.strip(". ") or "strip"
    used = set(taken)
    numbered = (f"{plain} {number}" for number in range(2, len(used) + 3))
    return check_id(next(name for name in (plain, *numbered) if name not in used))
