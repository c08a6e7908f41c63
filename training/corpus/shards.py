"""Shards on disk: ``SET.npz`` with the arrays, ``SET.json`` with what they mean, written aside and renamed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from .clip import MotionClip, split_of


def fingerprint(inputs: Iterable[Path], sources: Iterable[Path], data: Path) -> str:
    """Hash of all that a shard depends on: the code, and name, size and bytes of small, name and size of large
    input files."""
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.read_bytes())
    for path in sorted(inputs):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(data).as_posix()} {size}\n".encode())
    return digest.hexdigest()


def is_current(out: Path, name: str, mark: str) -> bool:
    """Whether the shard ``name`` stands complete with this fingerprint."""
    about = out / f"{name}.json"
    if not (about.is_file() and (out / f"{name}.npz").is_file()):
        return False
    return json.loads(about.read_text(encoding="utf-8")).get("fingerprint") == mark


def spans(lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Start and end of consecutive pieces."""
    ends = np.cumsum([0, *lengths]).tolist()
    return list(zip(ends[:-1], ends[1:], strict=True))


def write_shard(
    out: Path,
    name: str,
    mark: str,
    clips: Sequence[MotionClip],
    measured: np.ndarray,
    licence: str,
    attribution: str,
) -> None:
    """Write the shard of clips that show a face; see ``write_files``."""
    audio = spans([len(clip.audio) for clip in clips])
    frames = spans([len(clip.channels) for clip in clips])
    hops = spans([len(clip.phones) for clip in clips])
    about = {
        "set": name,
        "licence": licence,
        "attribution": attribution,
        "fingerprint": mark,
        "measured": measured.tolist(),
        "utterances": [
            {
                "id": clip.name, "performer": clip.performer, "language": clip.language,
                "split": split_of(clip.name), "audio": audio[i], "frames": frames[i], "hops": hops[i],
            }
            for i, clip in enumerate(clips)
        ],
    }  # fmt: skip
    arrays = {
        "audio": np.concatenate([clip.audio for clip in clips]).astype(np.int16),
        "channels": np.concatenate([clip.channels for clip in clips]).astype(np.float16),
        "gap": np.concatenate([clip.gap for clip in clips]).astype(np.float32),
        "phones": np.concatenate([clip.phones for clip in clips]).astype(np.int16),
    }
    write_files(out, name, about, arrays)


def write_files(out: Path, name: str, about: dict[str, object], arrays: dict[str, np.ndarray]) -> None:
    """Write both files aside and rename them; the description comes last, since it vouches for the arrays."""
    out.mkdir(parents=True, exist_ok=True)
    packed, text = out / f".{name}.partial.npz", out / f".{name}.partial.json"
    np.savez(packed, **arrays)
    text.write_text(json.dumps(about, ensure_ascii=False, indent=1), encoding="utf-8")
    (out / f"{name}.json").unlink(missing_ok=True)
    os.replace(packed, out / f"{name}.npz")
    os.replace(text, out / f"{name}.json")
