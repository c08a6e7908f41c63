"""A batch gathered from the scene on the main thread: lines as files, and where each one's motion goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import bpy

from ..inference.batch.manifest import Manifest
from ..inference.batch.store import Store
from ..inference.errors import OutputError
from ..rigs.dialogue import Span
from ..rigs.options import PLAIN, BakeOptions
from ..rigs.scene_read import unread
from ..rigs.scene_read.kept import Kept
from ..rigs.scene_sequencer import sequencer_scene
from .bake_options import read_options
from .batch_cast_read import Cast, Speaker, read_cast
from .batch_files import lines_of_files
from .batch_strips import line_ids, lines_of_strips
from .references_take import scene_rate
from .request import MOOD, device_of


@dataclass(frozen=True)
class SceneBatch:
    """What to make, by whom it is worn, and the scene frames of each line's strip (none for files).

    Scenes are ``Kept``, since undo may replace them while the model runs. ``sequencer`` is that of the
    strips, which one face speaks ``alone`` without a cast, and ``ids`` are all that it has (None where only
    some were asked for). ``options`` are those of a single bake, apart from its range and its place on the
    NLA.
    """

    scene: Kept
    source: str
    manifest: Manifest
    speakers: dict[str, Speaker]
    spans: dict[str, Span]
    rate: float
    options: BakeOptions
    start: float
    device: str
    resume: bool
    folder: Path
    sequencer: Kept
    alone: bool
    ids: frozenset[str] | None


def read_batch(context: bpy.types.Context) -> SceneBatch:
    """Everything that a batch needs of the scene. Raises MouthpieceError when there is nothing to bake."""
    settings = context.scene.mouthpiece
    batch = settings.batch
    folder, notes = _output(batch.output)
    store = Store(folder)
    inputs = store.records.parent / "inputs"
    inputs.mkdir(exist_ok=True)
    cast = read_cast(context, inputs)
    spans: dict[str, Span] = {}
    ids = None
    if batch.source in ("STRIPS", "SELECTED"):
        source = "Sequencer"
        manifest, spans = lines_of_strips(context, cast, inputs)
        ids = line_ids(manifest) if batch.source == "STRIPS" else None
    else:
        manifest, source = lines_of_files(batch, cast, settings.seed)
    return SceneBatch(
        scene=Kept.of(context.scene),
        source=source,
        manifest=replace(manifest, notes=(*manifest.notes, *notes, *_unread(context.scene, cast))),
        speakers=cast.speakers,
        spans=spans,
        rate=scene_rate(context.scene),
        options=replace(read_options(context.scene), span=None, strip=PLAIN),
        start=settings.frame_start,
        device=device_of(context),
        resume=batch.resume,
        folder=folder,
        sequencer=Kept.of(sequencer_scene(context)),
        alone=bool(cast.alone),
        ids=ids,
    )


def _unread(scene: bpy.types.Scene, cast: Cast) -> Iterator[str]:
    """What moves the mood of those who speak and is not followed."""
    for speaker in cast.speakers.values():
        for name in MOOD:
            yield from unread(scene, f"{speaker.mood}.{name}")


def _output(text: str) -> tuple[Path, tuple[str, ...]]:
    """The output folder; of a file that was never saved one that goes with the session.

    Raises OutputError for one that would lie wherever Blender was started.
    """
    if text.startswith("//") and not bpy.data.filepath:
        folder = Path(bpy.app.tempdir, "mouthpiece_batch")
        return folder, ("The file is not saved: report and finished lines go when Blender does.",)
    folder = Path(bpy.path.abspath(text))
    if not folder.is_absolute():
        raise OutputError(
            "Output of the batch is no full path: choose a folder, or //mouthpiece_batch beside the file."
        )
    return folder, ()
