"""How fast a batch is here: every figure is measured on synthetic lines when the table is asked for.

The processor's time is told beside the clock's, since other programs may share the machine.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..animate import animate
from ..bench import peak_memory, voice
from ..decode_aud import load_audio
from ..model import Model
from ..session import Session
from ..types import SAMPLE_RATE, TICK_RATE, TICK_SAMPLES
from .cluster import Crowd, local_cluster, processor_of
from .encode import csv_bytes, wav_bytes
from .line import Line
from .manifest import Manifest
from .report import write_reports
from .run import Maker, Tally, run_batch
from .store import Store
from .workshop import Setup, Workshop, fingerprint

SINGLES = 20
"""Lines that are baked one by one for comparison."""
SHORT = 0.2
"""Seconds of each of the many short lines."""
WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
STEPS = 50
"""Model steps timed at each width, after as many to warm up."""
LONGEST_STEP = 2.0
"""Seconds of a step beyond which no wider one is tried."""


@dataclass(frozen=True)
class Pace:
    """Sound made in a time: of the clock, and of the processor over all processes."""

    name: str
    sound: float
    clock: float
    processor: float

    def text(self) -> str:
        return (
            f"{self.name:34s} {self.sound / self.clock:7.1f} × real time   {self.clock:7.1f} s"
            f"   {self.processor:7.1f} s of processor"
        )


def measure(lines: int, short: int, workers: int, device: str) -> Iterator[str]:
    """The table, a line at a time. ``short`` short lines show how memory and pace hold; 0 for none."""
    with tempfile.TemporaryDirectory(prefix="mouthpiece-bench-") as folder:
        yield from _paces(Path(folder), lines, workers, device)
        if short:
            yield from _many(Path(folder), short, device)


def widths(device: str) -> Iterator[str]:
    """Time of a step and aggregate × real time against the rows of a step, up to what memory holds."""
    model = Model.load(device=device)
    yield f"{'rows':>5s} {'ms a step':>10s} {'ms a frame':>11s} {'× real time':>12s}   on {model.device}"
    for width in WIDTHS:
        try:
            session = Session(model, batch=width)
            sound = np.broadcast_to(voice(4)[None], (width, 4 * SAMPLE_RATE))
            took = _step_seconds(session, sound)
        except Exception as error:  # the runtime's own, when memory is out
            yield f"{width:5d}  {str(error).splitlines()[0][:80]}"
            return
        yield f"{width:5d} {1e3 * took:10.2f} {1e3 * took / width:11.3f} {width / took / TICK_RATE:12.1f}"
        if took > LONGEST_STEP:
            return


def _step_seconds(session: Session, sound: np.ndarray) -> float:
    """Median seconds of a step, features, noise, networks and expression of all rows included."""
    took = []
    for step in range(2 * STEPS):
        start = step % (sound.shape[1] // TICK_SAMPLES) * TICK_SAMPLES
        started = time.perf_counter()
        session.push(sound[:, start : start + TICK_SAMPLES])
        took.append(time.perf_counter() - started)
    return float(np.median(took[STEPS:]))


def _paces(folder: Path, count: int, workers: int, device: str) -> Iterator[str]:
    """One by one, packed in one process, and on workers."""
    lines = _lines(folder, np.random.default_rng(0).uniform(2, 12, count))
    setup = Setup(device=device)
    model = Model.load(device=device)

    def singly() -> float:
        sound = 0.0
        for line in lines[:SINGLES]:
            channels = animate(load_audio(line.audio), model, seed=line.seed)
            csv_bytes(channels, line.fps)
            sound += len(channels) / TICK_RATE
        return sound

    single = _timed(f"{min(SINGLES, count)} lines one by one", singly)
    yield single.text()
    workshop = Workshop(setup)
    packed = _timed(f"{count} lines packed, one process", lambda: _run(folder / "one", lines, workshop.make))
    yield packed.text()
    yield f"  packed is {_speed(packed) / _speed(single):.2f} × as fast as one by one"
    found: dict[int, Pace] = {}
    for number in sorted({1, workers}):
        with local_cluster(number) as address:
            make, spent = Crowd(address, setup).make, processor_of(address, setup)
            name = f"{count} lines, Dask, {number} worker{'s' if number > 1 else ''}"
            found[number] = _timed(name, lambda: _run(folder / f"{number}", lines, make), spent)  # noqa: B023
        yield found[number].text()
    clock, processor = found[1].clock / packed.clock - 1, found[1].processor / packed.processor - 1
    yield f"  Dask costs {100 * clock:.1f} % of time, {100 * processor:.1f} % of processor"
    if workers > 1:
        yield f"  {workers} workers are {found[1].clock / found[workers].clock:.2f} × as fast as 1"


def _many(folder: Path, count: int, device: str) -> Iterator[str]:
    """Many short lines: pace of the first and last tenth, memory, and the size of the report."""
    lines = _lines(folder, np.full(1, SHORT))
    lines = [Line(i, f"short {i}", lines[0].audio, seed=i) for i in range(1, count + 1)]
    over: list[tuple[float, float]] = []
    store = Store(folder / "many")
    workshop = Workshop(Setup(device=device))
    tally = run_batch(
        Manifest(tuple(lines), ()),
        store,
        workshop.make,
        weights=fingerprint(),
        progress=lambda _: over.append((time.process_time(), _resident())),
    )
    tenth = max(len(over) // 10, 1)
    first, last = over[tenth][0] - over[0][0], over[-1][0] - over[-1 - tenth][0]
    yield f"{count} lines of {SHORT:g} s: {tally.count('done')} done in {tally.took:.1f} s"
    yield f"  first tenth {first:.2f} s of processor, last tenth {last:.2f} s"
    yield f"  memory after the first tenth {over[tenth][1]:.0f} MiB, at the end {over[-1][1]:.0f} MiB"
    started = time.perf_counter()
    report, page = write_reports(tally, store)
    seconds = time.perf_counter() - started
    sizes = [path.stat().st_size / 2**20 for path in (report, page)]
    yield f"  report {sizes[0]:.1f} MiB, page {sizes[1]:.1f} MiB, written in {seconds:.1f} s"
    peak = peak_memory()
    yield f"  peak memory {peak:.0f} MiB" if peak else "  peak memory is not known here"


def _lines(folder: Path, seconds: np.ndarray) -> list[Line]:
    """Lines of these lengths, as files."""
    whole = voice()
    lines = []
    for index, length in enumerate(seconds, 1):
        path = folder / f"{index}.wav"
        path.write_bytes(wav_bytes(np.resize(whole, round(length * SAMPLE_RATE))))
        lines.append(Line(index, f"line {index}", str(path), seed=index))
    return lines


def _run(out: Path, lines: list[Line], maker: Maker) -> float:
    """Seconds of sound that were made."""
    tally: Tally = run_batch(Manifest(tuple(lines), ()), Store(out), maker, weights=fingerprint())
    if not tally.whole:
        raise RuntimeError(tally.stopped or "a line failed")
    return sum(outcome.seconds for outcome in tally.outcomes)


def _timed(name: str, what: Callable[[], float], spent: Callable[[], float] = time.process_time) -> Pace:
    before, started = spent(), time.perf_counter()
    sound = what()
    clock = time.perf_counter() - started
    return Pace(name, sound, clock, spent() - before)


def _speed(pace: Pace) -> float:
    return pace.sound / pace.clock


def _resident() -> float:
    """Resident memory of this process now, MiB."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except (OSError, AttributeError):
        return float("nan")
