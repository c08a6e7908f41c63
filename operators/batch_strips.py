"""Lines of a batch that are strips of the sequencer, and the spans in which characters listen."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import bpy
import numpy as np

from ..inference.batch.encode import wav_bytes
from ..inference.batch.line import MOTION, Line, Mood, Refused, check_id, own_seed
from ..inference.batch.manifest import Manifest
from ..inference.errors import ManifestError, MouthpieceError
from ..inference.types import SAMPLE_RATE, frame_count, frame_times
from ..rigs.dialogue import Span, listening_spans, near, turns
from ..rigs.retarget import SceneClock, cut
from ..rigs.scene_keys import keyed
from ..rigs.scene_read import animated
from ..rigs.scene_sequencer import SpokenStrip, read_strips, sequencer_scene
from .batch_cast_read import Cast, Speaker, kept
from .references_take import scene_rate
from .request import MOOD, SETTINGS
from .sound import sound_samples


def lines_of_strips(context: bpy.types.Context, cast: Cast, folder: Path) -> tuple[Manifest, dict[str, Span]]:
    """Lines and spans of listening, and the scene frames of each by its id.

    What is heard is written into ``folder``. Raises ManifestError without any strip.
    """
    return _Strips(context, cast, folder).read()


def line_ids(manifest: Manifest) -> frozenset[str]:
    """The ids of all lines of the sequencer, those that cannot be baked now among them."""
    return frozenset([*(line.id for line in manifest.lines), *(_plain(one.id) for one in manifest.refused)])


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
        self.notes: list[str] = []
        self.faces = {speaker.name: speaker.face for speaker in cast.speakers.values()}

    def read(self) -> tuple[Manifest, dict[str, Span]]:
        """Lines, and the scene frames of each by its id. Raises ManifestError without any strip."""
        if scene_rate(self.target) != self.rate:
            raise ManifestError(
                f"The sequencer's scene {self.scene.name} runs at {self.rate:g} frames a second, "
                f"{self.target.name} at {scene_rate(self.target):g}: give both the same frame rate."
            )
        selected = self.batch.source == "SELECTED"
        every = read_strips(self.scene)
        wanted = {strip.name for strip in (read_strips(self.scene, selected=True) if selected else every)}
        if not wanted:
            which = "no selected sound strip" if selected else "no audible sound strip"
            raise ManifestError(f"The sequencer of {self.scene.name} has {which}: add the dialogue to it.")
        said = {strip.name: self._who(strip) for strip in every}
        shared = self._turns(every, said)
        for strip in every:
            if strip.name in wanted:
                self._spoken(said[strip.name], strip, *shared.get(strip.name, (None, None)))
        if self.batch.listening:
            self._listening(every, said, list(self.spans.values()))
        self._tell_unfollowed()
        return Manifest(tuple(self.lines), tuple(self.refused), tuple(self.notes)), self.spans

    def _who(self, strip: SpokenStrip) -> str:
        """Who speaks a strip: whom it is assigned, else whose channel it is on; "" for nobody."""
        if self.cast.alone or strip.assigned:
            return self.cast.alone or strip.assigned
        found = self._on_channel(strip)
        return found[0] if len(found) == 1 else ""

    def _on_channel(self, strip: SpokenStrip) -> list[str]:
        return [member.name for member in self.batch.cast if member.channel == strip.channel]

    def _obstacle(self, who: str, strip: SpokenStrip) -> str:
        """Why a strip cannot be a line, "" when it can."""
        rivals = [] if who else self._on_channel(strip)
        if rivals:
            return (
                f"channel {strip.channel} belongs to {' and '.join(rivals)}: give it to one of them, or "
                "assign the strip"
            )
        return strip.obstacle or self.cast.obstacle(who)

    def _turns(
        self, every: list[SpokenStrip], said: dict[str, str]
    ) -> dict[str, tuple[Span | None, SpokenStrip | None]]:
        """What each strip's speaker says of it, and the strip that takes the rest, by the strip's name.

        Strips that are not baked now count as well, so that baking one again takes no other's place.
        """
        found: dict[str, tuple[Span | None, SpokenStrip | None]] = {}
        for face in sorted(set(self.faces.values())):
            own = [s for s in every if not s.obstacle and self.faces.get(said[s.name]) == face]
            for strip, turn in zip(own, turns((s.start, s.end) for s in own), strict=True):
                found[strip.name] = turn.span, None if turn.rival is None else own[turn.rival]
        return found

    def _spoken(self, who: str, strip: SpokenStrip, span: Span | None, rival: SpokenStrip | None) -> None:
        """A strip as a line, or why it is none."""
        reason = self._obstacle(who, strip)
        if not reason and span is None:
            reason = (
                f"{who} says {rival.name} at the same time (frames {rival.start:g} to {rival.end:g}), and a "
                "face can say one line only: move or mute one of the strips, or assign it to somebody else"
            )
        try:
            if reason:
                raise ManifestError(reason)
            samples = self._sound(strip.sound)
            length = max(round((span[1] - span[0]) / self.rate * SAMPLE_RATE), 1)
            part = cut(samples, round(strip.lead * SAMPLE_RATE), length)
            self._add(who, _id(strip.name, self.spans), part, span)
        except MouthpieceError as error:
            self.refused.append(Refused(self._row(), strip.name, str(error)))
            return
        if rival is not None:
            self.notes.append(
                f"{strip.name} ends at frame {span[1]:g} instead of {strip.end:g}, where {rival.name} "
                f"begins: {who} cannot say both at once."
            )

    def _listening(self, every: list[SpokenStrip], said: dict[str, str], spoken: list[Span]) -> None:
        """Silent lines of every face around the lines that are ``spoken`` now, apart from its own."""
        speech = [(s.start, s.end) for s in every if said[s.name] in self.faces and not s.obstacle]
        for name, face in self.faces.items():
            if name != face:
                continue  # the same face listens once
            own = [(s.start, s.end) for s in every if self.faces.get(said[s.name]) == face]
            for start, end in listening_spans(own, speech, self.rate):
                if near((start, end), spoken, self.rate):
                    silence = np.zeros(max(round((end - start) / self.rate * SAMPLE_RATE), 1), np.float32)
                    # Named by its frame, so that baking a part again replaces what was there before.
                    line = _id(f"{name} listens at {start:g}", self.spans)
                    self._add(name, line, silence, (start, end), listens=True)

    def _tell_unfollowed(self) -> None:
        """A note where keys of the scene's mood move nobody, since everybody has a mood of their own."""
        if self.cast.alone:
            return
        for name in MOOD:
            if not keyed(self.target, f"{SETTINGS}.{name}"):
                continue
            without = [
                s.name for s in self.cast.speakers.values() if not keyed(self.target, f"{s.mood}.{name}")
            ]
            if without:
                self.notes.append(
                    f"The keys of {name.title()} are not those of {', '.join(without)}: choose the character "
                    "under Who speaks and press Store References to let it follow them."
                )

    def _mood(self, speaker: Speaker, name: str, start: float, count: int) -> Mood:
        """Valence or arousal of a line that starts at a scene frame: its keys if there are any."""
        frames = SceneClock(self.rate, start).frames(frame_times(frame_count(count)))
        values = animated(self.target, f"{speaker.mood}.{name}", frames)
        constant = getattr(speaker.character, name)
        return constant if values is None else tuple(np.float32(values).tolist())

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
                valence=self._mood(speaker, "valence", span[0], len(samples)),
                arousal=self._mood(speaker, "arousal", span[0], len(samples)),
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
    plain = _plain(name)
    used = set(taken)
    numbered = (f"{plain} {number}" for number in range(2, len(used) + 3))
    return check_id(next(name for name in (plain, *numbered) if name not in used))


def _plain(name: str) -> str:
    """A strip's name as far as it can be a file's."""
    plain = "".join("_" if letter in '<>:"/\\|?*' or not letter.isprintable() else letter for letter in name)
    return plain.strip(". ") or "strip"
