"""Build the corpus: ``python -m mouthpiece.training.corpus.build --data ../shared/data --out build/corpus``.

Every set becomes ``OUT/SET.npz`` and ``OUT/SET.json``; sets for evaluation only go to ``OUT/eval``. A set
whose inputs and code are unchanged is skipped, so an interrupted build goes on where it stopped. Motion sets
also leave a contact sheet per performer in ``OUT/sheets``, their figures in ``OUT/checks.json`` and the lip
readout in ``OUT/lips.npz``. The exit code is 1 if a fit misses its bar, 2 if data is missing.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ...inference.errors import MouthpieceError, TakeError
from . import speech
from .checks import check_set, failures, table
from .lips import lip_readout
from .rig import RIG_FILE, load_rig
from .sets import MOTION_SETS, Built
from .shards import fingerprint, is_current, write_json, write_shard
from .sheets import draw_set

HERE = Path(__file__).parent
SOURCES = (
    "build.py", "checks.py", "clip.py", "eyes.py", "fit.py", "landmarks.py", "lips.py", "maya.py",
    "performer.py", "pose.py", "rig.py", "sets.py", "shards.py", "sheets.py", "solve.py", "../phones.py",
    "../../inference/livelink.py",
)  # fmt: skip
"""Code that a motion shard, its figures and its sheets depend on."""


def build_motion_set(data: Path, out: Path, name: str) -> None:
    """Build one motion set with its figures and sheets, unless it is up to date.

    Raises TakeError if the set is not under ``data``.
    """
    source = MOTION_SETS[name]
    folder = data / source.folder
    inputs = [path for path in folder.rglob("*") if path.is_file()]
    if not inputs:
        raise TakeError(f"{folder}: the motion set {name!r} is not there; give the data folder with --data")
    mark = fingerprint(
        [*inputs, data / "grid_phones.tsv", data / RIG_FILE], [HERE / path for path in SOURCES], data
    )
    where = out / "eval" if source.evaluation else out
    if is_current(where, name, mark):
        return
    clips = sum(1 for path in inputs if path.match(source.pattern))
    with tqdm(total=clips, desc=name, unit="clip") as bar:
        built = source.build(data, folder, bar.update)
    finish(data, out, name, built)
    about = {
        "licence": source.licence,
        "attribution": source.attribution,
        "measured": source.measured.tolist(),
        "closed_below": {performer: fit.performer.closed for performer, fit in built.fits.items()},
    }
    write_shard(where, name, built.clips, about, mark)


def finish(data: Path, out: Path, name: str, built: Built) -> None:
    """Figures, sheets and the lip readout of a set; before its shard, whose description vouches for them."""
    out.mkdir(parents=True, exist_ok=True)
    rig = load_rig(data / RIG_FILE)
    readout = lip_readout(rig)
    readout.save(out / "lips.npz")
    draw_set(out / "sheets", built, rig, readout)
    write_json(out / "checks.json", read_checks(out) | {name: check_set(built.clips, built.fits, readout)})


def read_checks(out: Path) -> dict[str, Any]:
    """Figures of the sets built so far, in the order of the sets."""
    path = out / "checks.json"
    stored = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {name: stored[name] for name in MOTION_SETS if name in stored}


def main() -> int:
    """Build the sets asked for, all of them by default; returns the exit code."""
    parser = argparse.ArgumentParser(description="Build training shards from public recordings")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="where the recordings lie")
    parser.add_argument("--out", type=Path, default=Path("build/corpus"), help="where the shards go")
    names = (*MOTION_SETS, *speech.SETS)
    parser.add_argument(
        "--only", nargs="+", choices=names, default=names, metavar="SET", help=", ".join(names)
    )
    options = parser.parse_args()
    try:
        for name in options.only:
            build = build_motion_set if name in MOTION_SETS else speech.build_set
            build(options.data, options.out, name)
    except (MouthpieceError, FileNotFoundError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    results = read_checks(options.out)
    missed = failures(results)
    sys.stdout.write("\n".join([table(results), *missed, ""]))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
