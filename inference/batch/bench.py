"""How fast a batch is here: every figure is measured on synthetic lines when the table is asked for.

Lines one by one and packed lines have one core, as a process does; workers have one each. The processor's
time is told beside the clock's, since other programs may share the machine.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median

import numpy as np

from ..animate import animate
from ..bench import peak_memory, voice
from ..decode_aud import load_audio
from ..model import STRIDE, Model
from ..runtime import obstacle
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
LONG, MIDDLE, SHORT = (2.0, 12.0), (0.5, 1.5), (0.2, 0.2)
"""Seconds, from and to, of a dialogue's lines, of short ones for workers, and of those by the thousand."""
ROUNDS = 3
"""Times that lines without Dask and on workers are timed in turn."""
LONGEST_START = 120.0
"""Seconds after which processes that do not start are given up."""
TENTHS = 10
WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
STEPS, SETTLE = 50, 5
"""Model steps timed at each width, and those before them, in which a device gets ready."""
LONGEST_STEP = 1.0
"""Seconds of a step beyond which no wider one is tried."""
CARDS = ("cuda", "torch-cuda", "directml", "coreml")
"""Devices that are no processor."""


@dataclass(frozen=True)
class Pace:
    """Sound made in a time: of the clock, and of the processor over all processes."""

    name: str
    sound: float
    clock: float
    processor: float

    def text(self) -> str:
        return (
            f"  {self.name:28s} {self.sound / self.clock:7.1f} × real time   {self.clock:7.1f} s"
            f"   {self.processor:7.1f} s of processor"
        )


def measure(lines: int, crowd: int, short: int, workers: int, device: str) -> Iterator[str]:
    """The tables, a line at a time: ``lines`` of dialogue packed, ``crowd`` lines and those of dialogue on
    workers, ``short`` ones for memory, and graphics cards. 0 leaves a table out."""
    with tempfile.TemporaryDirectory(prefix="mouthpiece-bench-") as name:
        folder = Path(name)
        if lines:
            yield from _packed(folder / "packed", lines, device)
        if crowd:
            yield from _crowd(folder / "middle", crowd, MIDDLE, workers, device)
        if crowd and lines:
            yield from _crowd(folder / "long", lines, LONG, workers, device)
        if short:
            yield from _many(folder / "short", short, device)
    yield from _cards()


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
    """Median seconds of a frame of all rows, features, noise, networks and expression included."""
    took, size = [], STRIDE * TICK_SAMPLES
    for step in range(SETTLE + STEPS):
        start = step % (sound.shape[1] // size) * size
        started = time.perf_counter()
        session.push(sound[:, start : start + size])
        took.append(time.perf_counter() - started)
    return float(np.median(took[SETTLE:])) / STRIDE


def _packed(folder: Path, count: int, device: str) -> Iterator[str]:
    """One by one, and packed in one process."""
    yield f"Packed steps: {count} lines of {LONG[0]:g} to {LONG[1]:g} s, one core"
    lines = _lines(folder / "lines", count, LONG)
    model = Model.load(device=device)

    def singly() -> float:
        sound = 0.0
        for line in lines[:SINGLES]:
            channels = animate(load_audio(line.audio), model, seed=line.seed)
            csv_bytes(channels, line.fps)
            sound += len(channels) / TICK_RATE
        return sound

    single = _timed(f"one by one (the first {min(SINGLES, count)})", singly)
    yield single.text()
    workshop = Workshop(Setup(device=device))
    packed = _timed("packed", lambda: _run(folder / "out", lines, workshop.make))
    yield packed.text()
    yield f"  packed is {_speed(packed) / _speed(single):.2f} × as fast as one by one"


def _crowd(
    folder: Path, count: int, lengths: tuple[float, float], workers: int, device: str
) -> Iterator[str]:
    """The same lines in one process, and on workers of a local cluster, in turn: the machine's own pace
    changes, ratios are taken within a round."""
    yield f"Dask: {count} lines of {lengths[0]:g} to {lengths[1]:g} s, one core a worker"
    lines, setup = _lines(folder / "lines", count, lengths), Setup(device=device)
    workshop = Workshop(setup)
    rounds: list[dict[int, Pace]] = []
    apart: list[Pace] = []
    for turn in range(ROUNDS):
        numbers = sorted({0, 1, workers}, reverse=turn % 2 > 0)
        rounds.append({n: _crowd_pace(folder / f"{n} {turn}", lines, n, setup, workshop) for n in numbers})
        yield from (rounds[-1][number].text() for number in sorted(numbers))
        if workers > 1:
            apart.append(_apart(folder / f"apart {turn}", lines, workers, setup))
            yield apart[-1].text()
    clock = [100 * (paces[1].clock / paces[0].clock - 1) for paces in rounds]
    processor = [100 * (paces[1].processor / paces[0].processor - 1) for paces in rounds]
    yield (
        f"  Dask with 1 worker costs {_middle(clock, '.1f')} % more time and {_middle(processor, '.1f')} % "
        f"more processor than no Dask, on {count} lines"
    )
    if workers > 1:
        ratios = [paces[1].clock / paces[workers].clock for paces in rounds]
        yield f"  {workers} workers are {_middle(ratios, '.2f')} × as fast as 1"
        ratios = [paces[0].clock / free.clock for paces, free in zip(rounds, apart, strict=True)]
        yield f"  {workers} processes that share nothing are {_middle(ratios, '.2f')} × as fast as one"


def _crowd_pace(out: Path, lines: list[Line], workers: int, setup: Setup, workshop: Workshop) -> Pace:
    """The lines on so many workers; on none, in this process."""
    if not workers:
        return _timed("one process without Dask", lambda: _run(out, lines, workshop.make))
    with local_cluster(workers) as address:
        make, spent = Crowd(address, setup).make, processor_of(address, setup)
        return _timed(f"Dask, workers: {workers}", lambda: _run(out, lines, make), spent)


def _apart(folder: Path, lines: list[Line], processes: int, setup: Setup) -> Pace:
    """Each process makes its share and knows of no other: what this machine can do at most."""
    context = get_context("spawn")
    ready = context.Barrier(processes + 1)
    shares = [(folder / str(i), lines[i::processes], setup, ready) for i in range(processes)]
    with context.Manager() as manager:
        spent = manager.list()
        crew = [context.Process(target=_make_share, args=(*share, spent)) for share in shares]
        for process in crew:
            process.start()
        ready.wait(LONGEST_START)

        def join() -> float:
            for process in crew:
                process.join()
            if any(process.exitcode for process in crew):
                raise RuntimeError("a process that shares nothing failed")
            return sum(sound for sound, _ in spent)

        pace = _timed(f"{processes} processes apart", join)
        return replace(pace, processor=sum(seconds for _, seconds in spent))


def _make_share(out: Path, lines: list[Line], setup: Setup, ready: Barrier, spent: list) -> None:
    """Opens the model, waits for the others, and makes ``lines``."""
    make = Workshop(setup).make
    _run(out / "first", lines[:1], make)
    ready.wait(LONGEST_START)
    before = time.process_time()
    spent.append((_run(out / "rest", lines, make), time.process_time() - before))


def _many(folder: Path, count: int, device: str) -> Iterator[str]:
    """Many short lines: pace and memory tenth by tenth, and the size of the report."""
    yield f"Many lines: {count} of {SHORT[0]:g} s, one process"
    (first,) = _lines(folder / "lines", 1, SHORT)
    lines = [Line(i, f"short {i}", first.audio, seed=i) for i in range(1, count + 1)]
    over: list[tuple[float, float]] = []
    store = Store(folder / "out")
    workshop = Workshop(Setup(device=device))
    tally = run_batch(
        Manifest(tuple(lines), ()),
        store,
        workshop.make,
        weights=fingerprint(),
        progress=lambda _: over.append((time.process_time(), _resident())),
    )
    yield f"  {'lines done':>10s} {'s of processor for them':>24s} {'MiB of memory':>14s}"
    places = [round(part * (len(over) - 1) / TENTHS) for part in range(TENTHS + 1)]
    for before, now in pairwise(sorted(set(places))):
        yield f"  {now:10d} {over[now][0] - over[before][0]:24.2f} {over[now][1]:14.0f}"
    yield f"  {tally.count('done')} of {count} done in {tally.took:.1f} s"
    started = time.perf_counter()
    report, page = write_reports(tally, store)
    seconds = time.perf_counter() - started
    sizes = [path.stat().st_size / 2**20 for path in (report, page)]
    yield f"  report.json {sizes[0]:.1f} MiB, report.html {sizes[1]:.1f} MiB, written in {seconds:.1f} s"
    peak = peak_memory()
    yield f"  peak memory {peak:.0f} MiB" if peak else "  peak memory is not known here"


def _cards() -> Iterator[str]:
    """The table of widths for every graphics card that the model can use."""
    found = False
    for device in (name for name in CARDS if not obstacle(name)):
        if Model.load(device=device).device != device:  # its library is here, the card is not
            continue
        found = True
        yield f"Graphics card: '{device}', rows of a step up to what it holds"
        yield from widths(device)
    if not found:
        yield "Graphics card: none that the model can use is here"


def _lines(folder: Path, count: int, lengths: tuple[float, float]) -> list[Line]:
    """Lines of random lengths in seconds, the same every time, as files."""
    folder.mkdir(parents=True)
    whole = voice()
    lines = []
    for index, length in enumerate(np.random.default_rng(0).uniform(*lengths, count), 1):
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


def _middle(values: list[float], form: str) -> str:
    """The median, and of what."""
    return f"{median(values):{form}} (median of {', '.join(f'{value:{form}}' for value in values)})"


def _speed(pace: Pace) -> float:
    return pace.sound / pace.clock


def _resident() -> float:
    """Resident memory of this process now, MiB."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except (OSError, AttributeError):
        return float("nan")
