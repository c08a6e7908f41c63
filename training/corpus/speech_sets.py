"""What each speech set is: its clips, speakers, labels, licence and the correction of its label times."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .speech_labels import Segments, read_alignment_tsv, read_festvox_lab, read_lablaut
from .speech_recognised import recognise
from .speech_synthetic import synthesise


@dataclass(frozen=True)
class Clip:
    """One recording, a file or the ``int16 [N]`` sound itself at 16 kHz.

    ``segments`` (start s, end s, phone index) is None where nothing is labelled; ``extra`` holds the clip's
    own JSON keys (emotion, event, licence).
    """

    name: str
    sound: Path | np.ndarray
    performer: str
    language: str
    segments: Segments | None = None
    extra: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class SpeechSet:
    """A source: its folder under the data folder (None: it is made), who must be named, its label shift."""

    folder: str | None
    licence: str
    attribution: str
    clips: Callable[[Path], list[Clip]]
    shift: float = 0.0
    """Seconds added to label times; measured by ``speech_check.py``."""


EMOTIONS: dict[str, tuple[str, float, float]] = {
    "W": ("anger", -0.7, 0.8),
    "L": ("boredom", -0.4, -0.7),
    "E": ("disgust", -0.7, 0.2),
    "A": ("fear", -0.6, 0.7),
    "F": ("happiness", 0.8, 0.6),
    "T": ("sadness", -0.7, -0.5),
    "N": ("neutral", 0.0, 0.0),
}
"""Letter 6 of an EmoDB name: emotion, valence and arousal, after the circumplex of Russell (1980)."""


def _sounds(folder: Path, pattern: str = "*.opus") -> list[Path]:
    return sorted(folder.glob(pattern))


def _recognised(folder: Path) -> Iterator[tuple[Path, Segments | None]]:
    """Recordings without a text, each with what a recogniser hears in it."""
    sounds = _sounds(folder)
    return zip(sounds, recognise(sounds), strict=True)


def _speechocean(folder: Path) -> list[Clip]:
    """Names are SPEAKER (5 digits, the folder has the last four) and a sentence number."""
    aligned = read_alignment_tsv(folder / "align_pocketsphinx.tsv")
    return [
        Clip(path.stem, path, path.parent.name, "en", aligned.get(path.stem))
        for path in _sounds(folder, "*/*.opus")
    ]


def _ljtext(folder: Path) -> list[Clip]:
    aligned = read_alignment_tsv(folder / "align_pocketsphinx.tsv")
    return [Clip(path.stem, path, "lj", "en", aligned.get(path.stem)) for path in _sounds(folder)]


def _festvox_ru(folder: Path) -> list[Clip]:
    return [
        Clip(path.stem, path, "festvox_ru_nsh", "ru", read_festvox_lab(folder / "lab" / f"{path.stem}.lab"))
        for path in _sounds(folder)
    ]


def _emodb(folder: Path) -> list[Clip]:
    """Names are speaker (2), sentence (3), emotion letter and take; two label files hold no rows."""
    labels = {path.name[:7]: path for path in sorted((folder / "lablaut").glob("*xx.lablaut"))}
    clips = []
    for path in _sounds(folder):
        segments = read_lablaut(labels[path.stem]) if path.stem in labels else None
        emotion, valence, arousal = EMOTIONS[path.stem[5]]
        extra = {"emotion": {"name": emotion, "valence": valence, "arousal": arousal}}
        clips.append(Clip(path.stem, path, f"emodb_{path.stem[:2]}", "de", segments or None, extra))
    return clips


def _librispeech(folder: Path) -> list[Clip]:
    """Names are PART_SPEAKER-CHAPTER-NUMBER, some with the speaker repeated before it."""
    return [
        Clip(path.stem, path, f"librispeech_{path.stem.split('_')[-1].split('-')[0]}", "en", segments)
        for path, segments in _recognised(folder)
    ]


def _picovoice(folder: Path) -> list[Clip]:
    """More than 50 speakers, not told apart: one performer here, so that none is held out by half."""
    return [
        Clip(path.stem, path, "picovoice_unknown", "en", segments) for path, segments in _recognised(folder)
    ]


def _events(folder: Path) -> list[Clip]:
    """Non-speech: the class as ``event`` (of the whole clip: gate it by activity), and the clip's licence."""
    with (folder / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["file"])
    clips = []
    for row in rows:
        extra = {"event": row["class"], "active_seconds": float(row["active_seconds"] or 0.0)}
        extra |= {key: row[key] for key in ("licence", "source", "attribution", "label_note")}
        name = row["file"].removesuffix(".opus")
        clips.append(Clip(name, folder / row["file"], row["speaker"] or name, "", None, extra))
    return clips


def _synthetic(folder: Path) -> list[Clip]:
    """Spoken by programs: nothing is read from ``folder``."""
    return [Clip(clip.name, clip.sound, clip.voice, "en", clip.segments) for clip in synthesise()]


SPEECH_SETS: dict[str, SpeechSet] = {
    "speechocean762": SpeechSet(
        "speech/speechocean762",
        "speechocean762: free for commercial and non-commercial use",
        "speechocean762: Zhang et al., An Open-Source Non-Native English Speech Corpus (Interspeech 2021)",
        _speechocean,
        shift=0.008,
    ),
    "festvox_ru": SpeechSet(
        "speech/festvox_ru",
        "BSD-like (festvox)",
        "msu_ru_nsh, Copyright (c) 2005 Nickolay V. Shmyrev",
        _festvox_ru,
        shift=0.018,
    ),
    "emodb": SpeechSet(
        "speech/emodb",
        "CC0 1.0",
        "Berlin Database of Emotional Speech: Burkhardt, Paeschke, Rolfes, Sendlmeier, Weiss (2005)",
        _emodb,
    ),
    "dc_tts_ljtext": SpeechSet(
        "speech/dc_tts_ljtext",
        "Apache-2.0",
        "dc_tts (Kyubyong Park), reading LJ Speech texts",
        _ljtext,
        shift=0.008,
    ),
    "librispeech": SpeechSet(
        "speech/librispeech",
        "CC BY 4.0",
        "LibriSpeech: Panayotov, Chen, Povey, Khudanpur (ICASSP 2015), from LibriVox",
        _librispeech,
        shift=0.008,
    ),
    "picovoice": SpeechSet(
        "speech/picovoice",
        "Apache-2.0",
        "Picovoice speech-to-intent benchmark, Picovoice Inc.",
        _picovoice,
        shift=0.008,
    ),
    "events": SpeechSet(
        "events", "CC0, CC BY 3.0 and 4.0, MIT, BSD-3-Clause, WTFPL or public domain, stated by clip",
        "stated by clip", _events,
    ),
    "synthetic": SpeechSet(
        None, "text made by this project, voices BSD-like (flite)",
        "Flite voices slt, rms, awb and kal16, Copyright (c) Carnegie Mellon University and their speakers",
        _synthetic,
    ),
}  # fmt: skip
