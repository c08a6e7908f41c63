"""Shards on disk: ``SET.npz`` with the arrays, ``SET.json`` with what they mean; renamed into place."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from .clip import MotionClip, split_of


def fingerprint(inputs: Iterable[Path], sources: Iterable[Path], data: Path) -> str:
    """Hash of all that a shard depends on: the code, and name and size of its input files under ``data``."""
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
    return list(itertools.pairwise(ends))


def write_shard(
    out: Path, name: str, clips: Sequence[MotionClip], about: Mapping[str, object], mark: str
) -> None:
    """Write the shard of clips that show a face; ``about`` adds keys, ``mark`` is its fingerprint."""
    audio = spans([len(clip.audio) for clip in clips])
    frames = spans([len(clip.channels) for clip in clips])
    hops = spans([len(clip.phones) for clip in clips])
    utterances = [
        {
            "id": clip.name, "performer": clip.performer, "language": clip.language,
            "split": split_of(clip.name), "audio": audio[i], "frames": frames[i], "hops": hops[i],
        }
        for i, clip in enumerate(clips)
    ]  # fmt: skip
    arrays = {
        "audio": np.concatenate([clip.audio for clip in clips]).astype(np.int16),
        "channels": np.concatenate([clip.channels for clip in clips]).astype(np.float16),
        "gap": np.concatenate([clip.gap for clip in clips]).astype(np.float32),
        "phones": np.concatenate([clip.phones for clip in clips]).astype(np.int16),
    }
    write_files(out, name, {"set": name, **about, "fingerprint": mark, "utterances": utterances}, arrays)


def write_files(out: Path, name: str, about: Mapping[str, object], arrays: Mapping[str, np.ndarray]) -> None:
    """Write both files aside and rename them; the description comes last, since it vouches for the arrays."""
    out.mkdir(parents=True, exist_ok=True)
    packed = out / f".{name}.partial.npz"
    np.savez(packed, **arrays)
    (out / f"{name}.json").unlink(missing_ok=True)
    os.replace(packed, out / f"{name}.npz")
    write_json(out / f"{name}.json", about)


def write_json(path: Path, content: object) -> None:
    """Write aside and rename."""
    aside = path.with_name(f".{path.name}.partial")
    aside.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(aside, path)
