"""How fast the model is here: every figure is measured on a synthetic voice when the table is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from .animate import animate_with
from .bank import Bank
from .entries import Entries
from .features import HOPS, MELS
from .model import Model
from .session import Session
from .types import SAMPLE_RATE, TICK_RATE, TICK_SAMPLES, C, Take

VOICE_SECONDS = 20
"""Length of the synthetic voice, which is repeated as often as needed."""
TAKE_SECONDS = 10
WARM_UP = TICK_RATE
BANKS = (0, 1_000, 10_000, 100_000)
"""Entries of references whose search is measured; a minute of takes has 750."""
BATCHES = (1, 4, 16, 64)
"""Widths of a batch whose throughput is measured."""
SETTLE = 3
"""Steps before a measurement: torch works out shapes in the first and records its graph in the second."""


@dataclass(frozen=True)
class Speed:
    """One measurement. Times of a frame include features, noise, network and expression of one track.

    They are of the clock; those named ``cpu`` are the processor's time, without what other programs took.
    """

    model: str
    device: str
    sound_seconds: float
    load_ms: float
    reference_ms: float
    frame_ms_p50: float
    frame_ms_p99: float
    frame_ms_max: float
    frame_cpu_ms_p99: float
    first_minute_cpu_ms_p50: float
    last_minute_cpu_ms_p50: float
    times_real_time: float
    """Of a bake, which has the whole sound."""
    peak_memory_mib: float | None
    memory_growth_mib: float | None

    def table(self) -> str:
        """The figures as lines ``name  value``."""
        rows = asdict(self)
        width = max(map(len, rows))
        return "\n".join(f"{name.ljust(width)}  {_shown(value)}" for name, value in rows.items())


@dataclass(frozen=True)
class BankSpeed:
    """One track with so many entries of references to look through, every one for every frame."""

    entries: int
    frame_ms_p50: float
    frame_ms_p99: float
    times_real_time: float


@dataclass(frozen=True)
class Throughput:
    """Tracks side by side on one device, each with a voice and a reference, streamed tick by tick.

    Medians, of the clock.
    """

    device: str
    batch: int
    tick_ms: float
    """A frame of every track: features, retrieval, noise, networks and expression."""
    networks_ms: float
    """The share of the networks in it."""
    times_real_time: float
    """Seconds of animation that all tracks together get in a second."""


def voice(seconds: int = VOICE_SECONDS) -> np.ndarray:
    """A buzz with moving pitch and syllables in faint noise, ``float32 [N]`` at 16 kHz."""
    time_axis = np.arange(seconds * SAMPLE_RATE) / SAMPLE_RATE
    pitch = 120 + 30 * np.sin(2 * np.pi * 0.7 * time_axis)
    phase = np.cumsum(pitch) / SAMPLE_RATE
    buzz = 2 * (phase % 1) - 1
    syllables = np.clip(np.sin(2 * np.pi * 4 * time_axis) * np.sin(2 * np.pi * 0.3 * time_axis), 0, None)
    noise = np.random.default_rng(0).standard_normal(len(time_axis))
    return (0.3 * buzz * syllables + 0.003 * noise).astype(np.float32)


def measure(seconds: float = 60.0, device: str = "auto", weights: Path | None = None) -> Speed:
    """Load the model, embed a take and stream ``seconds`` of sound. Raises WeightsError or DeviceError."""
    started = time.perf_counter()
    model = Model.load(weights, device)
    load = time.perf_counter() - started
    sound = voice()
    reference = _reference(model, sound)
    session = _warm(model, sound)
    frames = max(1, round(seconds * TICK_RATE))
    times, busy, memory = np.empty(frames), np.empty(frames), None
    for frame in range(frames):
        samples = _tick(sound, frame)
        started, started_busy = time.perf_counter(), time.thread_time()
        session.push(samples)
        times[frame], busy[frame] = time.perf_counter() - started, time.thread_time() - started_busy
        if frame == min(60 * TICK_RATE, frames) - 1:
            memory = peak_memory()
    peak, minute, milli = peak_memory(), 60 * TICK_RATE, 1e3 * times
    return Speed(
        model=model.about["version"],
        device=model.device,
        sound_seconds=frames / TICK_RATE,
        load_ms=1e3 * load,
        reference_ms=1e3 * reference,
        frame_ms_p50=float(np.percentile(milli, 50)),
        frame_ms_p99=float(np.percentile(milli, 99)),
        frame_ms_max=float(milli.max()),
        frame_cpu_ms_p99=float(np.percentile(1e3 * busy, 99)),
        first_minute_cpu_ms_p50=float(np.median(1e3 * busy[:minute])),
        last_minute_cpu_ms_p50=float(np.median(1e3 * busy[-minute:])),
        times_real_time=_bake_speed(model, sound),
        peak_memory_mib=peak,
        memory_growth_mib=None if peak is None else peak - memory,
    )


def banks(
    seconds: float = 20.0,
    device: str = "auto",
    entries: Sequence[int] = BANKS,
    weights: Path | None = None,
) -> Iterator[BankSpeed]:
    """Stream ``seconds`` of sound with references of each size. Raises WeightsError or DeviceError."""
    sound = voice()
    model = Model.load(weights, device)
    for count in entries:
        bank = _bank(model, sound, count)
        session, times = _warm(model, sound, bank), []
        for frame in range(max(1, round(seconds * TICK_RATE))):
            started = time.perf_counter()
            session.push(_tick(sound, frame))
            times.append(1e3 * (time.perf_counter() - started))
        p50, p99 = np.percentile(times, (50, 99))
        yield BankSpeed(count, float(p50), float(p99), _bake_speed(model, sound, bank))


def throughput(
    devices: Iterable[str],
    batches: Sequence[int] = BATCHES,
    ticks: int = TICK_RATE,
    weights: Path | None = None,
) -> Iterator[Throughput]:
    """Measure every device with every width of the batch. Raises WeightsError or DeviceError."""
    sound = voice()
    for device in devices:
        model = Model.load(weights, device)
        bank = Bank(model)
        bank.add(_take(sound))
        for batch in batches:
            session = Session(model, batch=batch, bank=bank)
            tick_ms = _median(session.push, [_shifted(sound, tick, batch) for tick in range(ticks)])
            networks_ms = _median(_networks(model, batch), [()] * ticks)
            yield Throughput(model.device, batch, tick_ms, networks_ms, batch * 1e3 / TICK_RATE / tick_ms)


def table(rows: Sequence[BankSpeed] | Sequence[Throughput]) -> str:
    """A line for each measurement."""
    names = [field.name for field in fields(rows[0])]
    lines = [[str(v) if isinstance(v, str | int) else f"{v:.2f}" for v in astuple(row)] for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *lines, strict=True)]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(v.rjust(w) for v, w in zip(line[1:], widths[1:], strict=True))]
        )
        for line in (names, *lines)
    )


def peak_memory() -> float | None:
    """Largest resident memory of this process so far, MiB; None where the system does not say (Windows)."""
    try:
        import resource
    except ImportError:
        return None
    import sys

    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _warm(model: Model, sound: np.ndarray, bank: Bank | None = None) -> Session:
    """A session that has made its first second."""
    session = Session(model, bank=bank)
    for tick in range(WARM_UP):
        session.push(_tick(sound, tick))
    return session


def _bake_speed(model: Model, sound: np.ndarray, bank: Bank | None = None) -> float:
    """Times real time of a bake of the whole sound."""
    started = time.perf_counter()
    animate_with(sound, model, bank)
    return len(sound) / SAMPLE_RATE / (time.perf_counter() - started)


def _bank(model: Model, sound: np.ndarray, count: int) -> Bank:
    """References of ``count`` entries: those of one take again and again, each a little different."""
    bank, take = Bank(model), model.embed(_take(sound))
    rng, chosen = np.random.default_rng(0), np.arange(count) % len(take)
    keys = take.keys[chosen] + 0.003 * rng.standard_normal((count, take.keys.shape[1]), np.float32)
    keys /= np.linalg.norm(keys, axis=1, keepdims=True)
    if count:
        bank.add_entries("bench", Entries(keys, take.values[chosen], take.styles[chosen]))
    return bank


def _reference(model: Model, sound: np.ndarray) -> float:
    """Seconds that a reference of ``TAKE_SECONDS`` with sound takes to embed."""
    take = _take(sound)
    started = time.perf_counter()
    Bank(model).add(take)
    return time.perf_counter() - started


def _take(sound: np.ndarray) -> Take:
    """A reference with sound that moves anyhow."""
    motion = np.random.default_rng(0).random((TAKE_SECONDS * TICK_RATE, C), np.float32)
    return Take(motion, TICK_RATE, "bench", sound[: TAKE_SECONDS * SAMPLE_RATE])


def _networks(model: Model, batch: int) -> Callable[[tuple], None]:
    """What steps the networks alone, with the same input every time."""
    mel, noise = np.zeros((batch, HOPS, MELS), np.float32), np.zeros((batch, model.noise_size), np.float32)
    found, state = model.nothing_found(batch), model.initial_state(batch)

    def step(_: tuple) -> None:
        nonlocal state
        heard, state = model.listen(mel, state)
        speech, articulation = heard.speech[:, 0], heard.articulation[:, 0]
        _, state = model.ask(speech, state)
        _, state = model.move(speech, articulation, found, noise, state)

    return step


def _median(step: Callable[[Any], object], feed: Sequence[Any]) -> float:
    """Milliseconds that ``step`` takes for one of ``feed``, after it has settled."""
    for one in feed[:SETTLE]:
        step(one)
    times = np.empty(len(feed))
    for index, one in enumerate(feed):
        started = time.perf_counter()
        step(one)
        times[index] = time.perf_counter() - started
    return 1e3 * float(np.median(times))


def _shifted(sound: np.ndarray, tick: int, batch: int) -> np.ndarray:
    """A tick of every track, ``[B, 640]``: each says something else."""
    return np.stack([_tick(sound, tick + 7 * row) for row in range(batch)])


def _tick(sound: np.ndarray, tick: int) -> np.ndarray:
    """Samples ``[640]`` of a tick of the repeated sound, whose length is a whole number of ticks."""
    start = tick * TICK_SAMPLES % len(sound)
    return sound[start : start + TICK_SAMPLES]


def _shown(value: str | float | None) -> str:
    """A figure for the table."""
    return "not known here" if value is None else value if isinstance(value, str) else f"{value:.3f}"
