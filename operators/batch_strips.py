"""Lines of a batch that are strips of the sequencer, and the spans in which characters listen."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import bpy
import numpy as np

from ..inference.batch.encode import wav_bytes
from ..inference.batch.line import MOTION, Line, Refused, check_id, own_seed
from ..inference.batch.manifest import Manifest
from ..inference.errors import ManifestError, MouthpieceError
from ..inference.types import SAMPLE_RATE
from ..rigs.dialogue import Span, listening_spans, untangled
from ..rigs.retarget import cut
from ..rigs.scene_sequencer import SpokenStrip, read_strips, sequencer_scene
from .batch_cast_read import Cast, Speaker, kept
from .references_take import scene_rate
from .sound import sound_samples


def lines_of_strips(context: bpy.types.Context, cast: Cast, folder: Path) -> tuple[Manifest, dict[str, Span]]:
    """Lines and spans of listening, and the scene frames of each by its id.

    What is heard is written into ``folder``. Raises ManifestError without any strip.
    """
    return _Strips(context, cast, folder).read()


class _Strips:
    """Strips of the sequencer as lines."""

    def __init__(
        self,
        context: bpy.types.Context,
        cast: Cast,
        folder: Path,
    ) -> None:
        settings = context.scene.mouthpiece
        self.batch, self.seed = settings.batch, settings.seed
        self.cast, self.folder = cast, folder
        self.scene, self.target = sequencer_scene(context), context.scene
        self.rate = scene_rate(self.scene)
        self.sounds: dict[str, np.ndarray] = {}
        self.lines: list[Line] = []
        self.refused: list[Refused] = []
        self.spans: dict[str, Span] = {}

    def read(self) -> tuple[Manifest, dict[str, Span]]:
        """Lines, and the scene frames of each by its id. Raises ManifestError without any strip."""
        if scene_rate(self.target) != self.rate:
            raise ManifestError(
                f"The sequencer's scene {self.scene.name} runs at {self.rate:g} frames a second, "
                f"{self.target.name} at {scene_rate(self.target):g}: give both the same frame rate."
            )
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
            heard = list(self.spans.values())
            for speaker in self.cast.speakers.values():
                own = [(strip.start, strip.end) for strip in every if said[strip.name] == speaker.name]
                self._listening(speaker, listening_spans(own, heard, self.rate))
        return Manifest(tuple(self.lines), tuple(self.refused)), self.spans

    def _who(self, strip: SpokenStrip) -> str:
        """Who speaks a strip: whom it is assigned, else whose channel it is on; "" for nobody."""
        if self.cast.alone or strip.assigned:
            return self.cast.alone or strip.assigned
        channels = {member.channel: member.name for member in self.batch.cast if member.channel}
        return channels.get(strip.channel, "")

    def _spoken(self, who: str, strips: list[SpokenStrip]) -> None:
        """The lines of one character, none over another."""
        for strip, span in zip(strips, untangled((s.start, s.end) for s in strips), strict=True):
            reason = strip.obstacle or self.cast.obstacle(who)
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
        speaker = self.cast.speakers[who]
        character = speaker.character
        self.spans[name] = span
        self.lines.append(
            Line(
                row=self._row(),
                id=name,
                audio=kept(self.folder, wav_bytes(samples), ".wav"),
                character=who,
                references=character.references,
                style_strength=character.style_strength,
                valence=character.valence,
                arousal=character.arousal,
                seed=own_seed(self.seed, name),
                formats=(MOTION,),
                weights=speaker.weights,
                influence=speaker.influence,
                listens=listens,
            )
        )

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
