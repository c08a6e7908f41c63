"""Build the corpus: ``python -m mouthpiece.training.corpus.build --data ../shared/data --out build/corpus``.

Every set becomes ``OUT/SET.npz`` and ``OUT/SET.json``; sets for evaluation only go to ``OUT/eval``. A set whose
inputs and code are unchanged is skipped, so an interrupted build goes on where it stopped.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tqdm import tqdm

from ...inference.errors import TakeError
from . import speech
from .sets import MOTION_SETS, Built
from .shards import fingerprint, is_current, write_shard

HERE = Path(__file__).parent
SOURCES = (
    "clip.py", "eyes.py", "fit.py", "landmarks.py", "maya.py", "performer.py", "pose.py", "rig.py", "sets.py",
    "shards.py", "solve.py", "takes.py", "../phones.py",
)  # fmt: skip
"""Code that the contents of a motion shard depend on."""


def build_motion_set(data: Path, out: Path, name: str, force: bool = False) -> Built | None:
    """Build one motion set; None if its shard is up to date. TakeError if the set is not under ``data``."""
    source = MOTION_SETS[name]
    folder = data / source.folder
    inputs = [path for path in folder.rglob("*") if path.is_file()]
    if not inputs:
        raise TakeError(f"{folder}: the motion set {name!r} is not there; give the data folder with --data")
    shared = [data / "grid_phones.tsv", data / "rigs" / "ict_face.npz"]
    mark = fingerprint(inputs + shared, [HERE / path for path in SOURCES], data)
    where = out / "eval" if source.evaluation else out
    if is_current(where, name, mark) and not force:
        return None
    clips = sum(1 for path in inputs if path.suffix == ".npz" or source.folder == "takes_arkit")
    with tqdm(total=clips, desc=name, unit="clip") as bar:
        built = source.build(data, folder, bar.update)
    write_shard(where, name, mark, built.clips, source.measured, source.licence, source.attribution)
    return built


def main() -> None:
    """Build the sets asked for, all of them by default."""
    parser = argparse.ArgumentParser(description="Build training shards from public recordings")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("build/corpus"))
    names = (*MOTION_SETS, *speech.SETS)
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="SET", help=", ".join(names))
    options = parser.parse_args()
    for name in options.only:
        if name in MOTION_SETS:
            build_motion_set(options.data, options.out, name)
        else:
            speech.build_set(options.data, options.out, name)


if __name__ == "__main__":
    main()
