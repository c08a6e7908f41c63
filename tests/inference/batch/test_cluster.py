"""Batches on a Dask cluster: the same bytes as in one process, whatever happens to workers and scheduler."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

import pytest

pytest.importorskip("distributed", reason="needs Dask distributed")
pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="signals of Unix"),
    pytest.mark.filterwarnings("default"),  # Dask's own
]

import cloudpickle  # noqa: E402
import distributed  # noqa: E402

from mouthpiece.inference.batch import cluster  # noqa: E402
from mouthpiece.inference.batch.cluster import Crowd, Unit, local_cluster  # noqa: E402
from mouthpiece.inference.batch.line import Line  # noqa: E402
from mouthpiece.inference.batch.packing import WIDTH  # noqa: E402
from mouthpiece.inference.batch.workshop import Setup  # noqa: E402
from mouthpiece.inference.errors import ClusterError  # noqa: E402

# Workers cannot import this file, so that what they are sent of it must travel whole.
cloudpickle.register_pickle_by_value(sys.modules[__name__])
real_make_unit = cluster.make_unit


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with local_cluster(2) as found:
        yield found


@pytest.fixture
def expected(show, unbroken) -> dict[str, bytes]:
    """Forty lines, and what one process makes of them."""
    lengths = [0.2 + 0.1 * (i % 7) for i in range(40)]
    show.lines(lengths)
    return unbroken(lengths)


@pytest.fixture
def workers(address) -> Callable[[], list[int]]:
    """Process numbers of the workers."""

    def pids() -> list[int]:
        with distributed.Client(address, set_as_default=False) as client:
            return list(client.run(os.getpid).values())

    return pids


def slowly(lines, setup, weights):
    """As a worker does, with time to be disturbed."""
    time.sleep(0.5)
    return real_make_unit(lines, setup, weights)


def poisoned(lines, setup, weights):
    """One line takes its worker down."""
    if any(line.id == "line 3" for line in lines):
        os.kill(os.getpid(), signal.SIGKILL)
    return real_make_unit(lines, setup, weights)


def stubborn(lines, setup, weights):
    """One line makes its worker fail in a way that no line is meant to."""
    if any(line.id == "line 3" for line in lines):
        raise MemoryError("no room for this")
    return real_make_unit(lines, setup, weights)


def later(seconds: float, what: Callable[[], object]) -> None:
    threading.Timer(seconds, what).start()


def test_two_workers_give_the_bytes_of_one_process(show, make, expected, address) -> None:
    tally = make(show.folder / "lines.csv", maker=Crowd(address, Setup()).make)
    assert tally.whole and show.files() == expected


def test_a_killed_worker_loses_nothing(show, make, expected, address, workers, monkeypatch) -> None:
    monkeypatch.setattr(cluster, "make_unit", slowly)
    victim = workers()[0]
    later(0.4, lambda: os.kill(victim, signal.SIGKILL))
    tally = make(show.folder / "lines.csv", maker=Crowd(address, Setup()).make)
    assert tally.whole and show.files() == expected
    assert victim not in workers()


def test_a_worker_that_hangs_is_not_waited_for(show, make, expected, address, workers, monkeypatch) -> None:
    monkeypatch.setattr(cluster, "make_unit", slowly)
    monkeypatch.setattr(cluster, "TICK", 0.1)
    victim = workers()[0]
    later(0.4, lambda: os.kill(victim, signal.SIGSTOP))
    try:
        tally = make(show.folder / "lines.csv", maker=Crowd(address, Setup()).make)
    finally:
        os.kill(victim, signal.SIGCONT)
    assert tally.whole and show.files() == expected


@pytest.mark.parametrize(
    ("work", "reason"), [(poisoned, "died of it"), (stubborn, "unexpected MemoryError: no room")]
)
def test_a_poison_line_fails_alone(show, make, expected, address, work, reason, monkeypatch) -> None:
    monkeypatch.setattr(cluster, "make_unit", work)
    tally = make(show.folder / "lines.csv", maker=Crowd(address, Setup()).make)
    (failed,) = [outcome for outcome in tally.outcomes if outcome.status == "failed"]
    assert failed.id == "line 3" and reason in failed.reason
    del expected["line 3.csv"]
    assert show.files() == expected


def test_bad_sounds_are_named(show, make, address) -> None:
    show.sound("good.wav")
    (show.folder / "bad.wav").write_bytes(b"no sound" * 99)
    tally = make(show.write("a,good.wav", "b,bad.wav", "c,none.wav"), maker=Crowd(address, Setup()).make)
    assert [outcome.status for outcome in tally.outcomes] == ["done", "failed", "failed"]
    assert "bad.wav is not a readable sound" in tally.outcomes[1].reason


def test_other_weights_stop_the_batch(show, make, address, tmp_path, write_weights) -> None:
    crowd = Crowd(address, Setup())
    crowd.weights = "others"
    tally = make(show.lines([0.2]), maker=crowd.make)
    assert "other weights" in tally.stopped and not tally.whole


def test_resume_after_the_client_was_closed(show, make, expected, address) -> None:
    def closing(lines):
        for index, result in enumerate(Crowd(address, Setup()).make(lines)):
            if index == 20:
                raise KeyboardInterrupt
            yield result

    first = make(show.folder / "lines.csv", maker=closing)
    assert first.count("done") == 20
    second = make(show.folder / "lines.csv", maker=Crowd(address, Setup()).make, resume=True)
    assert (second.count("kept"), second.count("done")) == (20, 20) and show.files() == expected


def test_an_address_that_is_none() -> None:
    with pytest.raises(ClusterError, match="nonsense://x is no address"):
        Crowd("nonsense://x", Setup()).meet()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def farm(port: int) -> Iterator[subprocess.Popen]:
    """A scheduler and a worker of Dask's own programs."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    dask = [sys.executable, "-m", "dask"]
    place = ["--host", "127.0.0.1", "--no-dashboard"]
    scheduler = subprocess.Popen([*dask, "scheduler", "--port", str(port), *place], **quiet)
    options = ["--nthreads", "1", "--no-dashboard", "--death-timeout", "30"]
    worker = subprocess.Popen([*dask, "worker", f"tcp://127.0.0.1:{port}", *options], **quiet)
    try:
        yield scheduler
    finally:
        for process in (worker, scheduler):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_a_restarted_scheduler_loses_nothing(show, make, expected, monkeypatch) -> None:
    port, made = free_port(), []
    with contextlib.ExitStack() as first, contextlib.ExitStack() as second:
        scheduler = first.enter_context(farm(port))

        def make_and_break(lines):
            for result in Crowd(f"tcp://127.0.0.1:{port}", Setup()).make(lines):
                made.append(result.line.id)
                if len(made) == 1:
                    scheduler.kill()
                    first.close()
                    second.enter_context(farm(port))
                yield result

        tally = make(show.folder / "lines.csv", maker=make_and_break)
    assert tally.whole and show.files() == expected
    assert len(made) == len(set(made)) == 40


def test_a_scheduler_that_hangs_is_not_waited_for_for_ever(show, make, monkeypatch) -> None:
    port = free_port()
    crowd = Crowd(f"tcp://127.0.0.1:{port}", Setup())
    monkeypatch.setattr(cluster, "MEETING", 0.5)
    monkeypatch.setattr(cluster, "LONGEST", 4)
    with farm(port) as scheduler:

        def make_and_stop(lines):
            for result in crowd.make(lines):
                os.killpg(scheduler.pid, signal.SIGSTOP)
                crowd.patience = 1.0
                yield result

        tally = make(show.lines([0.2] * 40), maker=make_and_stop)
    assert not tally.whole and "has no worker" in tally.stopped


def test_a_connection_that_breaks_at_any_call_loses_nothing(
    show, make, expected, address, monkeypatch
) -> None:
    """The greeting, a look at the workers and an order fail once each; the connection is closed by then."""
    broken: list[str] = []

    class Fragile(distributed.Client):
        def _break_once(self, call: str) -> None:
            if call not in broken:
                broken.append(call)
                self.close(timeout=2)
                raise AssertionError if call == "greeting" else OSError("gone")

        def __init__(self, *args, **kwargs) -> None:
            super().__init__(*args, **kwargs)
            self._break_once("greeting")

        def nthreads(self, *args, **kwargs) -> dict[str, int]:
            self._break_once("look")
            return super().nthreads(*args, **kwargs)

        def submit(self, *args, **kwargs) -> distributed.Future:
            self._break_once("order")
            return super().submit(*args, **kwargs)

    monkeypatch.setattr(distributed, "Client", Fragile)
    tally = make(show.folder / "lines.csv", maker=Crowd(address, Setup()).make)
    assert broken == ["greeting", "look", "order"]
    assert tally.whole and show.files() == expected


def batch(*arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "mouthpiece", "batch", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_command_line_uses_several_processes(show, expected) -> None:
    done = batch(show.folder / "lines.csv", "--out", show.out, "--workers", 2)
    assert (done.returncode, done.stderr) == (0, "")
    assert show.files() == expected


def test_a_scheduler_that_is_not_there_is_bad_input(show) -> None:
    done = batch(show.lines([0.2]), "--out", show.out, "--scheduler", "tcp://127.0.0.1:9")
    assert done.returncode == 2 and "tcp://127.0.0.1:9" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(("count", "crew"), [(1, 1), (40, 2), (200, 1), (200, 2), (1000, 3)])
def test_units_are_whole_steps_of_lines(count: int, crew: int) -> None:
    """Rows that stay empty at the end of a unit cost as much as full ones."""
    waiting = deque(Unit((Line(row, str(row), "a.wav"),)) for row in range(count))
    units = []
    while waiting:
        units.append(cluster._next(waiting, crew).lines)
    assert [line.row for lines in units for line in lines] == list(range(count))
    sizes = [len(lines) for lines in units]
    assert not any(size % WIDTH for size in sizes[:-1])
    assert sizes == sorted(sizes, reverse=True) and sizes[0] <= cluster.LONGEST
