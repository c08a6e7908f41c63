"""The command line: ``python -m mouthpiece animate|stream|batch|info|bench``.

Exit code 0 only on full success, 2 for bad input with one line on stderr, 130 after Ctrl-C; a batch of which
lines are missing ends with 1.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from .inference.animate import animate
from .inference.bank import Bank
from .inference.batch import bench as batch_bench
from .inference.batch import command as batch
from .inference.bench import banks, measure, table, throughput
from .inference.errors import MouthpieceError, OutputError
from .inference.info import describe
from .inference.livelink import write_csv
from .inference.model import Model
from .inference.output import replaceable
from .inference.runtime import DEVICES, available
from .inference.session import Session
from .inference.source import noted_take, sound, split_reference
from .inference.stream import frame_line, stream_frames
from .inference.types import SAMPLE_RATE, TICK_RATE, Take
from .rigs.shaping import at_rate

BAD_INPUT, INTERRUPTED, BROKEN_PIPE = 2, 130, 141


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaint is one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: {message}\n")


def number(low: float, high: float) -> Callable[[str], float]:
    """A converter for a finite number in [low, high]."""

    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"'{text}' is no number from {low:g} to {high:g}")
        return value

    return convert


def count(text: str) -> int:
    """A converter for a whole number that is not negative."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number from 0 on")
    return int(text)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The options; exits with one line on stderr when they are wrong."""
    parser = Parser(prog="mouthpiece", description="Facial animation from dialogue.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="animate|stream|batch|info|bench")
    manner = Parser(add_help=False)
    manner.add_argument(
        "--reference",
        action="append",
        default=[],
        metavar="TAKE[:AUDIO]",
        help="a take (.csv, .json, .npz) whose manner to follow, with its sound; may be repeated",
    )
    manner.add_argument("--style-strength", type=number(0, 4), default=1.0, help="0 ignores the references")
    manner.add_argument("--valence", type=number(-1, 1), default=0.0, help="displeased -1 … pleased 1")
    manner.add_argument("--arousal", type=number(-1, 1), default=0.0, help="calm -1 … aroused 1")
    manner.add_argument("--seed", type=int, default=0, help="another seed blinks and glances otherwise")
    device = Parser(add_help=False)
    device.add_argument("--device", default="auto", help="|".join(DEVICES))
    verb = verbs.add_parser("animate", parents=[manner, device], help="a sound file to a Live Link Face CSV")
    verb.add_argument("audio", metavar="AUDIO")
    verb.add_argument("--out", type=Path, required=True, metavar="OUT.csv")
    verb.add_argument("--fps", type=number(1, 1000), default=float(TICK_RATE), help="rows a second")
    verb.set_defaults(run=run_animate)
    verb = verbs.add_parser("stream", parents=[manner, device], help="s16le mono on stdin to JSON lines")
    verb.add_argument(
        "--rate",
        type=int,
        default=SAMPLE_RATE,
        help=f"sample rate of the PCM, Hz; at another than {SAMPLE_RATE} frames come later",
    )
    verb.set_defaults(run=run_stream)
    verb = verbs.add_parser("batch", help="a list or folder of sounds to a folder of results")
    batch.add_arguments(verb)
    verb.set_defaults(run=batch.run, at_rate=at_rate)
    verbs.add_parser("info", help="version, model card, hashes, devices").set_defaults(run=run_info)
    verb = verbs.add_parser("bench", parents=[device], help="speed on this machine")
    verb.add_argument("--seconds", type=number(1, 1e6), default=60.0, help="sound to stream through")
    verb.add_argument("--json", action="store_true", help="as JSON")
    verb.add_argument(
        "--batch", action="store_true", help="a batch instead: packed, on workers, in thousands"
    )
    verb.add_argument("--lines", type=count, default=200, help="lines of 2 to 12 s to pack; 0 for none")
    verb.add_argument("--crowd", type=count, default=1000, help="lines of about 1 s for workers; 0 for none")
    verb.add_argument("--short", type=count, default=10_000, help="lines of 0.2 s for memory; 0 for none")
    verb.add_argument("--workers", type=int, default=2, help="processes of the batch")
    verb.add_argument("--widths", action="store_true", help="time of a step against its rows instead")
    verb.add_argument("--devices", action="store_true", help="all devices that are here by width instead")
    verb.set_defaults(run=run_bench)
    options = parser.parse_args(arguments)
    if options.verb == "stream" and not 1000 <= options.rate <= 768_000:
        parser.error(f"argument --rate: {options.rate} Hz is no rate from 1000 to 768000")
    return options


def run_animate(options: argparse.Namespace) -> None:
    """Write the animation of a sound file."""
    out: Path = options.out
    check_out(out, options.audio, options.reference)
    started = time.perf_counter()
    audio = sound(options.audio)
    channels = animate(
        audio,
        Model.load(device=options.device),
        references=[(take, 1.0) for take in takes(options.reference)],
        style_strength=options.style_strength,
        valence=options.valence,
        arousal=options.arousal,
        seed=options.seed,
        progress=show_progress if sys.stderr.isatty() else None,
    )
    channels = at_rate(channels, options.fps)
    write_csv(out, channels, options.fps)
    seconds = time.perf_counter() - started
    print(f"{out}: {len(channels)} frames at {options.fps:g} a second in {seconds:.1f} s")


def check_out(out: Path, audio: str, references: list[str]) -> None:
    """Raise OutputError where ``out`` cannot be a new file, or is one that is read."""
    if not os.path.isdir(out.parent):
        raise OutputError(f"{out} cannot be written: the folder {out.parent} does not exist.")
    replaceable(out)
    for place in (audio, *(part for text in references for part in split_reference(text) if part)):
        with suppress(OSError):
            if out.samefile(place):
                what = "the sound" if place == audio else "a reference"
                raise OutputError(f"{out} is {what} itself: name another file for the animation.")


def run_stream(options: argparse.Namespace) -> None:
    """Write a line for every frame of the PCM on standard input."""
    model = Model.load(device=options.device)
    bank = Bank(model)
    for take in takes(options.reference):
        bank.add(take)
    session = Session(
        model,
        bank=bank,
        style_strength=options.style_strength,
        valence=options.valence,
        arousal=options.arousal,
        seed=options.seed,
    )
    for index, channels in enumerate(stream_frames(sys.stdin.buffer, session, options.rate)):
        print(frame_line(index, channels), flush=True)


def takes(references: list[str]) -> list[Take]:
    """The references; what was mended or is missing in their files is said once, a line each."""
    noted = [noted_take(text) for text in references]
    for note in dict.fromkeys(note for _, notes in noted for note in notes):
        say(f"note: {note}")
    return [take for take, _ in noted]


def run_info(options: argparse.Namespace) -> None:
    """Show what is installed."""
    print(describe())


def run_bench(options: argparse.Namespace) -> None:
    """Show how fast it is."""
    if options.devices:
        rows = list(throughput(available() if options.device == "auto" else [options.device]))
        print(json.dumps([asdict(row) for row in rows], indent=1) if options.json else table(rows))
        return
    if options.widths:
        for line in batch_bench.widths(options.device):
            print(line, flush=True)
        return
    if options.batch:
        counts = options.lines, options.crowd, options.short
        for line in batch_bench.measure(*counts, options.workers, options.device):
            print(line, flush=True)
        return
    speed = measure(options.seconds, options.device)
    rows = list(banks(min(options.seconds, 20.0), options.device))
    if options.json:
        print(json.dumps(asdict(speed) | {"banks": [asdict(row) for row in rows]}, indent=1))
    else:
        print(f"{speed.table()}\n\n{table(rows)}")


def show_progress(share: float) -> None:
    """A percentage that overwrites itself on a terminal."""
    print(f"\r{share:4.0%}", end="" if share < 1 else "\n", file=sys.stderr, flush=True)


def say(message: str) -> None:
    """One line on standard error, if it takes any."""
    with suppress(OSError):
        print(f"mouthpiece: {' '.join(message.split())}", file=sys.stderr)


def complain(message: str) -> int:
    """Say what is wrong; the exit code."""
    say(message)
    return BAD_INPUT


def fill_streams() -> None:
    """Where a standard stream was closed from outside, read nothing and write nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            void = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(void, mode, errors="backslashreplace", closefd=False))


def abandon_stdout() -> None:
    """Without this, Python complains of what it cannot write when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    fill_streams()
    options = parse(arguments)
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = options.run(options)
        sys.stdout.flush()
    except MouthpieceError as error:
        return complain(str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        abandon_stdout()
        return BROKEN_PIPE
    except OSError as error:
        if error.filename is not None:
            raise
        abandon_stdout()
        reason = error.strerror or error
        return complain(f"standard output cannot be written ({reason}): free space or send it elsewhere.")
    return code or 0


if __name__ == "__main__":
    sys.exit(main())
