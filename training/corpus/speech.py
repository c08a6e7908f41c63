"""Speech shards: decode a set, place its phones on hops, write ``SET.npz`` and ``SET.json``."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ...inference.errors import AudioError
from ...inference.types import SAMPLE_RATE, C, frame_count
from ..phones import UNLABELLED, hops_from_segments
from .shards import fingerprint, is_current, spans, write_files
from .sound import decode
from .speech_sets import SPEECH_SETS, Clip, SpeechSet

SETS: tuple[str, ...] = tuple(SPEECH_SETS)
HOPS_PER_FRAME = 4
HELD_SHARE = 10
"""One speaker in ten is held out, chosen by the hash of the name."""
_SOURCES = (
    "../phones.py", "shards.py", "sound.py", "speech.py", "speech_labels.py", "speech_recognised.py",
    "speech_sets.py", "speech_synthetic.py",
)  # fmt: skip
"""Code that the contents of a speech shard depend on."""


def build_set(data: Path, out: Path, name: str) -> None:
    """Write the shard of the set ``name`` to ``out``; nothing to do if its inputs and code are unchanged.

    Raises AudioError if the set is not under ``data`` or a clip cannot be decoded or made.
    """
    source = SPEECH_SETS[name]
    folder = data / (source.folder or "")
    inputs = [path for path in folder.rglob("*") if path.is_file()] if source.folder else []
    if source.folder and not inputs:
        raise AudioError(f"{folder}: the speech set {name!r} is not there; give the data folder with --data")
    labels = sorted(path for path in inputs if path.suffix != ".opus")
    mark = fingerprint(inputs, [*(Path(__file__).parent / file for file in _SOURCES), *labels], data)
    if is_current(out, name, mark):
        return
    clips = source.clips(folder)
    sounds = [
        decode(clip.sound) if isinstance(clip.sound, Path) else clip.sound for clip in tqdm(clips, desc=name)
    ]
    hops = [clip_hops(clip, len(sound), source.shift) for clip, sound in zip(clips, sounds, strict=True)]
    _write(out, name, mark, source, clips, sounds, hops)


def clip_hops(clip: Clip, samples: int, shift: float) -> np.ndarray:
    """Phone index of every hop of the clip's padded frames, ``int16 [4 * ceil(samples / 640)]``.

    Hops that reach past the recording are unlabelled.
    """
    hops = HOPS_PER_FRAME * frame_count(samples)
    if clip.segments is None:
        return np.full(hops, UNLABELLED, np.int16)
    labels = hops_from_segments(clip.segments, hops, shift)
    labels[samples * 100 // SAMPLE_RATE :] = UNLABELLED
    return labels


def split_of(speaker: str, speakers: int) -> str:
    """``held`` for about one speaker in ten, else ``train``; the same on every machine.

    The voice of a set of one always trains: holding it out would drop the set's language or style.
    """
    chosen = int(hashlib.sha256(speaker.encode()).hexdigest(), 16) % HELD_SHARE == 0
    return "held" if chosen and speakers > 1 else "train"


def _utterances(
    clips: Sequence[Clip], audio: Sequence[tuple[int, int]], hops: Sequence[tuple[int, int]]
) -> list[dict[str, object]]:
    """The description of each clip; speech has no frames."""
    speakers = len({clip.performer for clip in clips})
    return [
        {
            "id": clip.name, "performer": clip.performer, "language": clip.language,
            "split": split_of(clip.performer, speakers), "audio": audio[i], "frames": (0, 0), "hops": hops[i],
            **clip.extra,
        }
        for i, clip in enumerate(clips)
    ]  # fmt: skip


def _write(
    out: Path,
    name: str,
    mark: str,
    source: SpeechSet,
    clips: Sequence[Clip],
    sounds: Sequence[np.ndarray],
    hops: Sequence[np.ndarray],
) -> None:
    about = {
        "set": name,
        "licence": source.licence,
        "attribution": source.attribution,
        "fingerprint": mark,
        "measured": [False] * C,
        "utterances": _utterances(clips, spans([len(s) for s in sounds]), spans([len(h) for h in hops])),
    }
    arrays = {
        "audio": np.concatenate(sounds),
        "channels": np.zeros((0, C), np.float16),
        "gap": np.zeros((0, 2), np.float32),
        "phones": np.concatenate(hops),
    }
    write_files(out, name, about, arrays)
