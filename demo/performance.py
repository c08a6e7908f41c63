"""The demo's use of the extension: its settings, its import of references, its bake."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy

from ..inference.errors import AudioError, MouthpieceError, TakeError
from ..inference.source import split_reference

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class TakeFiles:
    """A reference performance: Live Link Face CSV and optionally its sound."""

    motion: Path
    sound: Path | None = None

    @property
    def name(self) -> str:
        return self.motion.stem


@dataclass(frozen=True)
class Version:
    """One bake: a label for the pictures and the names of the takes that it follows."""

    label: str
    takes: tuple[str, ...]


DIALOGUE = FOLDER / "dialogue" / "dialogue.flac"
PHONES = FOLDER / "dialogue" / "dialogue_phones.csv"
OWN_TAKES = tuple(
    TakeFiles(FOLDER / "references" / f"{name}.csv", FOLDER / "references" / f"{name}.flac")
    for name in ("broad", "mumble")
)


def parse_take(text: str) -> TakeFiles:
    """``TAKE[:AUDIO]`` as paths, split as the command line splits it. Raises TakeError."""
    motion, sound = split_reference(text)
    take = TakeFiles(Path(motion).resolve(), Path(sound).resolve() if sound else None)
    for path in (take.motion, take.sound):
        if path is not None and not path.is_file():
            raise TakeError(f"Reference {path} does not exist: check the path given to --reference.")
    return take


def versions(takes: tuple[TakeFiles, ...], own: bool) -> tuple[Version, ...]:
    """The bakes to make, the filmed one last: the demo's two takes singly, or all of the user's together."""
    if own:
        return tuple(Version(f"in the manner of “{take.name}”", (take.name,)) for take in reversed(takes))
    return (Version("in the manner of your references", tuple(take.name for take in takes)),)


def load_sound(path: Path) -> bpy.types.Sound:
    """A sound packed into the scene's file. Raises AudioError."""
    try:
        sound = bpy.data.sounds.load(str(path))
    except RuntimeError as error:
        raise AudioError(f"{path} cannot be opened ({error}): give a sound file.") from error
    sound.pack()
    return sound


def prepare(target: bpy.types.Object, head: bpy.types.Object, sound: bpy.types.Sound, seed: int) -> None:
    """Fill in the settings that an artist would set in the sidebar."""
    settings = bpy.context.scene.mouthpiece
    settings.target = target
    settings.head_target = head
    settings.sound = sound
    settings.frame_start = 1.0
    settings.whole_frames = True  # the film shows no others, and lips should shut on them
    settings.seed = seed


def import_takes(takes: tuple[TakeFiles, ...]) -> None:
    """Every take as an action in the reference list, with its sound. Raises what the operator reports."""
    settings = bpy.context.scene.mouthpiece
    for take in takes:
        press(bpy.ops.mouthpiece.reference_import, filepath=str(take.motion))
        item = settings.references[len(settings.references) - 1]
        item.name = take.name
        if take.sound is not None:
            item.sound = load_sound(take.sound)
            item.sound_frame = 1.0


def bake(version: Version) -> None:
    """Bake with only the takes of ``version`` enabled."""
    for item in bpy.context.scene.mouthpiece.references:
        item.enabled = item.name in version.takes
    press(bpy.ops.mouthpiece.bake)


def press(operator: object, **options: object) -> None:
    """Call an operator; its error report becomes an exception with the same words."""
    try:
        result = operator(**options)
    except RuntimeError as error:
        raise MouthpieceError(str(error).removeprefix("Error: ").strip()) from error
    if result != {"FINISHED"}:
        raise MouthpieceError(
            f"{operator.idname_py()} was cancelled: {bpy.context.window_manager.mouthpiece.status}"
        )
