"""A batch on other processes: a cluster of this machine's own, or one that a Dask scheduler leads.

Lines travel in units and come back as finished files' bytes, so workers write nothing but their cache, and
only the one who ordered the batch touches its results. Whatever befalls a worker or the scheduler, a unit
that is not back is handed out again. A unit that takes workers down is taken apart, and its lines are tried
one after the other with nothing beside them, so that only the line which does it fails.
"""

from __future__ import annotations

import logging
import math
import platform
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from statistics import median
from typing import TYPE_CHECKING

from ..errors import ClusterError
from .interrupt import interrupt_later
from .line import Line
from .packing import WIDTH
from .workshop import Result, Setup, Workshop, fingerprint, reason

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

PATIENCE = 120.0
"""Seconds to wait for a scheduler that does not answer, or for a first worker."""
MEETING = 5.0
"""Seconds to wait for a scheduler that was never there, or for its answer to a question."""
RETRIES = 2
"""Times that a unit is tried again elsewhere after an error of its worker."""
FAILURES = 1
"""Workers of a cluster of our own that a unit may take down before it is taken apart."""
LONGEST = 4 * WIDTH
"""Lines of a unit at most, so that what a lost worker had is soon made again."""
TICK = 0.5
"""Seconds between two looks at a silent cluster."""
LATE = 3.0
"""A unit that takes this many times as long as usual is also given to another worker."""
DEAF = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
"""Run in our workers: a terminal sends Ctrl-C to all, and one who knows what to do is enough."""
QUIET = {
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.worker.memory.monitor-interval": "1s",
}
"""How seldom processes look at themselves: every 20 ms, as they would, takes a thirteenth of their time."""
LOST = (OSError, AssertionError)
"""What a client raises whose scheduler goes, or greets it with more than a greeting."""
TRIES = 3
"""Workers that have a late unit at once, at most."""


@dataclass
class Unit:
    """Lines that one worker makes together, and since when and how often they are under way.

    A ``suspect`` is a line out of a unit that failed.
    """

    lines: tuple[Line, ...]
    suspect: bool = False
    since: float = 0.0
    futures: list[Future] = field(default_factory=list)


def make_unit(lines: tuple[Line, ...], setup: Setup, weights: str) -> list[Result]:
    """What a worker does. Raises ClusterError when its weights are not those of the batch."""
    workshop = _workshop(setup)
    if workshop.weights != weights:
        raise ClusterError(
            f"The worker on {platform.node()} has other weights: install the same Mouthpiece there."
        )
    return list(workshop.make(lines))


@lru_cache(maxsize=1)
def _workshop(setup: Setup) -> Workshop:
    """The process's own model, loaded once."""
    return Workshop(setup)


@contextmanager
def local_cluster(workers: int) -> Iterator[str]:
    """Processes on this machine, a thread each; the address of their scheduler. Raises ClusterError."""
    distributed = _library()
    import dask

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    settings = {
        "distributed.scheduler.allowed-failures": FAILURES,
        "distributed.worker.daemon": True,
        "distributed.worker.profile.enabled": False,
        "distributed.admin.low-level-log-length": 0,
    } | QUIET
    cluster = None
    with dask.config.set(settings):
        try:
            cluster = _started(distributed, workers)
            yield cluster.scheduler_address
        finally:
            if cluster is not None:
                with suppress(TimeoutError):
                    cluster.close(timeout=10)


def _started(distributed: object, workers: int) -> LocalCluster:
    """A cluster of processes. Raises ClusterError."""
    cluster = None
    try:
        with interrupt_later():  # half a cluster cannot be closed
            cluster = distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
                preload=[DEAF],
            )
        return cluster
    except KeyboardInterrupt:
        if cluster is not None:
            cluster.close(timeout=10)
        raise
    except (OSError, RuntimeError) as error:
        raise ClusterError(
            f"The processes of the batch cannot be started ({reason_of(error)}): try fewer."
        ) from error


class Crowd:
    """The workers of a scheduler. No call of Dask's that could wait for ever is made while lines are out."""

    def __init__(self, address: str, setup: Setup, patience: float = PATIENCE) -> None:
        self.address, self.setup, self.patience = address, setup, patience
        self.weights = fingerprint(setup.weights)

    def meet(self) -> None:
        """Raise ClusterError if nobody answers, before anything is begun."""
        with self._connected(patience=MEETING):
            pass

    def make(self, lines: Iterable[Line]) -> Generator[Result]:
        """Every line's result as soon as its unit is back. Raises ClusterError."""
        waiting = deque(Unit((line,)) for line in lines)
        while waiting:
            with self._connected() as client:
                yield from self._drained(client, waiting)

    @contextmanager
    def _connected(self, patience: float | None = None) -> Iterator[Client]:
        """A client of the scheduler, which may take a while to come back. Raises ClusterError."""
        distributed = _library()
        until = time.monotonic() + (self.patience if patience is None else patience)
        while True:
            try:
                client = distributed.Client(self.address, timeout=5, set_as_default=False)
                break
            except LOST as error:
                if time.monotonic() > until:
                    raise ClusterError(
                        f"No scheduler answers at {self.address} ({reason_of(error)}): start it."
                    ) from error
                time.sleep(TICK)
            except ValueError as error:
                raise ClusterError(
                    f"{self.address} is no address of a scheduler ({error}): write tcp://HOST:8786."
                ) from error
        try:
            with client.as_current():
                yield client
        finally:
            with suppress(TimeoutError, OSError):
                client.close(timeout=2)

    def _drained(self, client: Client, waiting: deque[Unit]) -> Iterator[Result]:
        """Results until all are there or the scheduler is lost; what is not back then waits again."""
        flying: list[Unit] = []
        took: list[float] = []
        news = threading.Event()
        alone = time.monotonic()
        try:
            while waiting or flying:
                workers = _workers(client)
                if workers:
                    alone = time.monotonic()
                elif time.monotonic() - alone > self.patience:
                    raise ClusterError(f"The scheduler at {self.address} has no worker: start some.")
                while waiting and _may_fly(waiting[0], flying, workers):
                    flying.append(_next(waiting, max(workers, 1)))
                    self._submit(client, flying[-1], news)
                if not any(unit.suspect for unit in flying) and len(flying) < 2 * workers:
                    self._hurried(client, flying, took, news, room=2 * workers)
                news.wait(TICK)
                news.clear()
                for unit in list(flying):
                    back = next((one for one in unit.futures if one.status in ("finished", "error")), None)
                    if back is not None:
                        flying.remove(unit)
                        took.append(time.monotonic() - unit.since)
                        yield from self._settled(back, unit, waiting)
                        _forget(unit.futures)
                    elif all(one.status in ("lost", "cancelled") for one in unit.futures):
                        return
        except LOST:
            if client.status == "running":
                raise
        finally:
            waiting.extendleft(Unit(unit.lines, unit.suspect) for unit in reversed(flying))
            with suppress(Exception):  # whatever a dying connection says
                _forget([future for unit in flying for future in unit.futures])

    def _submit(self, client: Client, unit: Unit, news: threading.Event) -> None:
        unit.since = time.monotonic()
        future = client.submit(make_unit, unit.lines, self.setup, self.weights, retries=RETRIES, pure=False)
        unit.futures.append(future)
        future.add_done_callback(lambda _: news.set())

    def _hurried(
        self, client: Client, flying: list[Unit], took: list[float], news: threading.Event, room: int
    ) -> None:
        """Hand units that are late to others as well: their own worker may be slow, or hang."""
        late = max(LATE * median(took), 10 * TICK) if took else math.inf
        for unit in flying:
            full = sum(len(unit.futures) for unit in flying) >= room
            if not full and len(unit.futures) < TRIES and time.monotonic() - unit.since > late:
                self._submit(client, unit, news)

    def _settled(self, back: Future, unit: Unit, waiting: deque[Unit]) -> Iterator[Result]:
        """The results of a unit that is back; one that failed is taken apart. Raises ClusterError."""
        try:
            yield from back.result(timeout=self.patience)
        except (ClusterError, ImportError) as error:
            raise ClusterError(f"The workers cannot make lines: {reason(error)}") from error
        except Exception as error:
            if unit.suspect:
                yield Result(unit.lines[0], error=_blame(error))
            else:
                waiting.extend(Unit((line,), suspect=True) for line in unit.lines)


def _workers(client: Client) -> int:
    """How many there are, as far as the scheduler answers."""
    if client.status != "running":
        return 0
    try:
        return len(client.nthreads(callback_timeout=MEETING))
    except TimeoutError:
        return 0


def _forget(futures: Iterable[Future]) -> None:
    """What nobody waits for any longer is not begun."""
    for future in futures:
        future.release()


def _may_fly(unit: Unit, flying: list[Unit], workers: int) -> bool:
    """Two units for each worker; a suspect alone, since what dies beside it would look guilty too."""
    if unit.suspect or any(other.suspect for other in flying):
        return not flying
    return len(flying) < 2 * max(workers, 1)


def processor_of(address: str, setup: Setup) -> Callable[[], float]:
    """Lets every worker load its model; tells the seconds of processor that all have spent, with this one."""
    distributed = _library()

    def spent() -> float:
        with distributed.Client(address, set_as_default=False) as client:
            return sum(client.run(time.process_time).values()) + time.process_time()

    with distributed.Client(address, set_as_default=False) as client:
        client.run(lambda: bool(_workshop(setup)))
    return spent


def _next(waiting: deque[Unit], workers: int) -> Unit:
    """The next unit: large ones first, smaller towards the end, so that all workers end together.

    Whole steps of lines, which are of about one length, so that no rows stay empty at a unit's end.
    """
    size = min(max(len(waiting) // (2 * workers) // WIDTH, 1) * WIDTH, LONGEST)
    unit = waiting.popleft()
    lines = list(unit.lines)
    while not unit.suspect and waiting and not waiting[0].suspect and len(lines) < size:
        lines += waiting.popleft().lines
    return Unit(tuple(lines), unit.suspect)


def _blame(error: Exception) -> str:
    """Why a line that was tried alone has failed."""
    if type(error).__name__ == "KilledWorker":
        return "every worker that tried the line died of it: export its sound again, or divide it"
    return reason(error)


def reason_of(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__


def _library() -> object:
    """Dask's distributed. Raises ClusterError where it is missing."""
    try:
        import distributed
    except ImportError as error:
        raise ClusterError(
            f"Several processes need Dask ({error.name} is missing): run 'pip install distributed'."
        ) from error
    return distributed
