"""The verb ``batch`` of the command line: its options, its messages and its exit code."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import ManifestError, MouthpieceError, OutputError
from ..runtime import DEVICES, resolve
from . import naming
from .characters import read_characters
from .cluster import Crowd, local_cluster
from .export import export, needed
from .line import BLENDER_FORMATS, formats, number, printable
from .manifest import COLUMNS, Defaults, Manifest, read_folder, read_manifest
from .report import write_reports
from .run import DONE, FAILED, KEPT, LEFT, Maker, Progress, Tally, run_batch
from .store import Store
from .workshop import Setup, Workshop, fingerprint, reason

SOME_FAILED, INTERRUPTED = 1, 130
SHOWN = 20
"""Failed lines that standard error names; the report names all."""
EXPLANATION = f"""\
The manifest is a table (CSV) with the columns {", ".join(COLUMNS)}; only audio is needed. A folder is every
sound in it, named by --naming. Results are OUT/ID.csv and so on, with OUT/report.json and OUT/report.html.
Exit code: 0 when every line is there, 1 when some are not (the report says which and why), 2 for bad input,
130 after Ctrl-C.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``batch``."""
    parser.epilog = EXPLANATION
    parser.add_argument("manifest", type=Path, metavar="MANIFEST.csv|FOLDER", help="the lines")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="for results and report")
    parser.add_argument("--resume", action="store_true", help="keep finished lines that have not changed")
    parser.add_argument("--characters", type=Path, metavar="CSV", help="references, mood, rig by character")
    parser.add_argument(
        "--naming",
        metavar="RULE",
        help="who speaks in a folder's file: {character}_* (as it is), {character}/{scene}_*, …",
    )
    parser.add_argument("--format", default="csv", help="csv, npz, blend, glb, usd or several with +")
    parser.add_argument("--fps", type=_number("fps", 1, 1000), default=25.0, help="rows a second")
    parser.add_argument("--seed", type=int, default=0, help="of the lines that name none, each with its own")
    parser.add_argument("--device", default="auto", help="|".join(DEVICES))
    parser.add_argument(
        "--share", type=_share, default=(1, 1), metavar="K/N", help="only every Nth line, for farms"
    )
    parser.add_argument("--blender", default="blender", metavar="PROGRAM", help="for blend, glb and usd")
    crowd = parser.add_mutually_exclusive_group()
    crowd.add_argument("--workers", type=_count, default=1, metavar="N", help="processes on this machine")
    crowd.add_argument("--scheduler", metavar="ADDRESS", help="a running Dask scheduler, tcp://host:8786")


def run(options: argparse.Namespace) -> int:
    """Make the batch and return its exit code; ``options.at_rate`` is the ``Setup``'s. Raises MouthpieceError
    for bad input."""
    resolve(options.device)
    manifest = _manifest(options).share(*options.share)
    blender = _blender(options, manifest)
    store = Store(options.out)
    setup = Setup(options.device, cache=str(store.cache.resolve()), at_rate=options.at_rate)
    protected = [path for path in (options.manifest, options.characters) if path]
    share = "" if options.share == (1, 1) else "-{}-of-{}".format(*options.share)
    tally = None
    try:
        with _terminated_as_interrupted(), _maker(options, setup) as maker:
            tally = run_batch(
                manifest,
                store,
                maker,
                weights=fingerprint(setup.weights),
                source=str(options.manifest),
                resume=options.resume,
                protected=protected,
                share=share,
                progress=_show if sys.stderr.isatty() else None,
            )
            if blender and not tally.stopped:
                _export(tally, store, blender)
    except KeyboardInterrupt:  # while the workers were let go
        if tally is None:
            raise
        tally.stopped = tally.stopped or "interrupted"
    return _conclude(tally, store, share)


def _manifest(options: argparse.Namespace) -> Manifest:
    defaults = Defaults(seed=options.seed, fps=options.fps, formats=formats(options.format) or ("csv",))
    characters = read_characters(options.characters) if options.characters else None
    if options.manifest.is_dir():
        rule = naming.Rule(options.naming or naming.DEFAULT)
        strict = bool(options.naming or characters)  # else it does not matter who speaks
        return read_folder(options.manifest, rule, characters, defaults, strict=strict)
    return read_manifest(options.manifest, characters, defaults)


def _blender(options: argparse.Namespace, manifest: Manifest) -> str:
    """The Blender that some lines need, "" when none does. Raises ManifestError when there is none."""
    if not any(set(BLENDER_FORMATS) & set(line.formats) for line in manifest.lines):
        return ""
    found = shutil.which(options.blender)
    if found is None:
        raise ManifestError(
            f"The formats {', '.join(BLENDER_FORMATS)} need Blender, and there is no '{options.blender}': "
            "name its program with --blender."
        )
    return found


def _export(tally: Tally, store: Store, blender: str) -> None:
    """Let Blender make what only it can; a line that it cannot make has failed."""
    outcomes = {outcome.id: outcome for outcome in tally.outcomes if outcome.status in (DONE, KEPT)}
    started = time.monotonic()
    try:
        for line, error in export([outcome.line for outcome in outcomes.values()], store, blender):
            outcome = outcomes[line.id]
            outcome.status, outcome.reason = (FAILED, error) if error else (DONE, "")
    except KeyboardInterrupt:
        tally.stopped = "interrupted"
    except MouthpieceError as error:
        tally.stopped = reason(error)
    for outcome in outcomes.values():
        if outcome.status != FAILED and needed(outcome.line, store):
            outcome.status = LEFT
    tally.took += time.monotonic() - started


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """A farm's polite end (SIGTERM) leaves a report, as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


@contextmanager
def _maker(options: argparse.Namespace, setup: Setup) -> Iterator[Maker]:
    """Who makes the lines: this process, several of this machine, or those of a scheduler."""
    if options.scheduler:
        crowd = Crowd(options.scheduler, setup)
        crowd.meet()
        yield crowd.make
    elif options.workers > 1:
        with local_cluster(options.workers) as address:
            yield Crowd(address, setup).make
    else:
        yield Workshop(setup).make


def _conclude(tally: Tally, store: Store, share: str) -> int:
    """Write the reports, say how it went, and return the exit code."""
    if sys.stderr.isatty():
        print(file=sys.stderr)
    try:
        page = write_reports(tally, store, share)[1]
        print(printable(f"{page}: {tally.summary()}"), flush=True)
    except OutputError as error:
        print(f"mouthpiece: the report is missing: {error}", file=sys.stderr)
        tally.stopped = tally.stopped or "the report could not be written"
    failed = [outcome for outcome in tally.outcomes if outcome.status == FAILED]
    for outcome in failed[:SHOWN]:
        print(f"mouthpiece: row {outcome.row} ('{outcome.id}'): {outcome.reason}", file=sys.stderr)
    if len(failed) > SHOWN:
        print(f"mouthpiece: {len(failed) - SHOWN} more lines failed, see the report", file=sys.stderr)
    if tally.stopped:
        left = tally.count(LEFT)
        print(f"mouthpiece: {tally.stopped}; {left} lines left, --resume goes on", file=sys.stderr)
    if tally.stopped == "interrupted":
        return INTERRUPTED
    return 0 if tally.whole else SOME_FAILED


def _show(progress: Progress) -> None:
    """A line that overwrites itself on a terminal."""
    print(f"\r\033[K{progress.text()}", end="", file=sys.stderr, flush=True)


def _number(name: str, low: float, high: float) -> Callable[[str], float]:
    def convert(text: str) -> float:
        try:
            return number(name, text, low, high)
        except ManifestError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert


def _share(text: str) -> tuple[int, int]:
    part, _, whole = text.partition("/")
    if not (part.isdecimal() and whole.isdecimal() and 1 <= int(part) <= int(whole)):
        raise argparse.ArgumentTypeError(f"'{text}' is no share such as 2/8")
    return int(part), int(whole)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of processes from 1 to 1024")
    return int(text)
