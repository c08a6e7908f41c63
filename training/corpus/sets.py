"""The motion sets: where they lie, whom to thank, and how each becomes clips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...inference.livelink import read_take
from ...inference.types import HEAD, INDEX
from ..phones import expand
from .clip import MotionClip, make_clip
from .fit import UNSEEN, FittedPerformer, fit_performer
from .landmarks import Track, read_track
from .maya import LAG_SECONDS, MEASURED, read_maya
from .rig import RIG_FILE, load_rig
from .sound import decode
from .speech_labels import Segments

GRID = (
    "GRID corpus: An audio-visual corpus for speech perception and automatic speech recognition, "
    "Cooke, Barker, Cunningham and Shao, 2006"
)
PHONE_SHIFT = 0.008
"""Seconds added to forced alignments, which are that much early."""


@dataclass(frozen=True)
class Built:
    """Clips of a set, and the fit of every tracked performer for the checks and sheets to look at."""

    clips: list[MotionClip]
    fits: dict[str, FittedPerformer]


@dataclass(frozen=True)
class MotionSet:
    """A source of motion. ``evaluation`` sets go to a folder of their own that training never reads."""

    folder: str
    licence: str
    attribution: str
    build: Callable[[Path, Path, Callable[[int], object]], Built]
    measured: np.ndarray
    pattern: str = "track/*.npz"
    """Its clips, for the progress bar."""
    evaluation: bool = False


def _measured(*absent: str) -> np.ndarray:
    return np.array([name not in absent for name in INDEX])


def grid_segments(path: Path) -> dict[str, Segments]:
    """Segments of every utterance of ``grid_phones.tsv``."""
    out: dict[str, Segments] = {}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        name, start, end, phone = line.split("\t")[:4]
        out.setdefault(name, []).extend(expand(float(start), float(end), phone, "arpabet"))
    return out


def _tracked(
    data: Path, folder: Path, performer_of: Callable[[str], str], language: str, tick: Callable[[int], object]
) -> Built:
    """Clips of a tracked set: every performer is fitted over all of its clips at once."""
    rig = load_rig(data / RIG_FILE)
    phones = grid_segments(data / "grid_phones.tsv")
    tracks: dict[str, list[Track]] = {}
    for path in sorted((folder / "track").glob("*.npz")):
        tracks.setdefault(performer_of(path.stem), []).append(read_track(path))
        tick(1)
    clips: list[MotionClip] = []
    fits: dict[str, FittedPerformer] = {}
    for performer, owned in tracks.items():
        fit = fit_performer(performer, owned, rig)
        fits[performer] = fit
        for track, a, b in zip(owned, fit.performer.starts, fit.performer.starts[1:], strict=False):
            audio = decode(folder / "audio" / f"{track.name}.opus")
            utterance = track.name if "_" in track.name else f"{performer}_{track.name}"
            clips.append(
                make_clip(
                    track.name, performer, language, audio, fit.channels[a:b], fps=track.fps,
                    gap=fit.performer.gap[a:b], segments=phones.get(utterance), shift=PHONE_SHIFT,
                )
            )  # fmt: skip
    return Built(clips, fits)


def _grid(data: Path, folder: Path, tick: Callable[[int], object]) -> Built:
    return _tracked(data, folder, lambda name: name.partition("_")[0] if "_" in name else "s1", "en", tick)


def _korean(data: Path, folder: Path, tick: Callable[[int], object]) -> Built:
    return _tracked(data, folder, lambda name: "korean_fwo", "ko", tick)


def _facegood(data: Path, folder: Path, tick: Callable[[int], object]) -> Built:
    names = np.load(folder / "names.npy", allow_pickle=False).tolist()
    clips = []
    for path in sorted((folder / "motion").glob("*.npz")):
        channels, fps = read_maya(path, names)
        audio = decode(folder / "audio" / f"{path.stem}.flac")
        clips.append(make_clip(path.stem, "facegood", "zh", audio, channels, fps=fps, lead=LAG_SECONDS))
        tick(1)
    return Built(clips, {})


def _takes(data: Path, folder: Path, tick: Callable[[int], object]) -> Built:
    clips = []
    silence = np.zeros(0, np.int16)
    for path in sorted(folder.glob("*.csv")):
        take = read_take(path)
        clips.append(make_clip(path.stem, f"take_{path.stem}", "", silence, take.channels, fps=take.fps))
        tick(1)
    return Built(clips, {})


TRACKED = _measured(*UNSEEN)
MAPPED = np.array([name in MEASURED for name in INDEX])
MOTION_SETS: dict[str, MotionSet] = {
    "grid_s1": MotionSet("grid_s1", "CC-BY-4.0", GRID, _grid, TRACKED),
    "grid_others": MotionSet("grid_others", "CC-BY-4.0", GRID, _grid, TRACKED),
    "korean_fwo": MotionSet("korean_fwo", "MIT", "korean_fwo: one Korean speaker, filmed", _korean, TRACKED),
    "facegood": MotionSet("facegood", "MIT", "FACEGOOD Audio2Face", _facegood, MAPPED, "motion/*.npz"),
    "takes_arkit": MotionSet(
        "takes_arkit", "MIT", "Alexandre Donciu-Julin", _takes, _measured(*HEAD), "*.csv"
    ),
    "eval_grid_dev": MotionSet("eval_grid_dev", "CC-BY-4.0", GRID, _grid, TRACKED, evaluation=True),
}
