"""Short sounds, lists of lines, and a maker in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mouthpiece.inference.batch.manifest import read_manifest
from mouthpiece.inference.batch.run import Tally, run_batch
from mouthpiece.inference.batch.store import Store
from mouthpiece.inference.batch.workshop import Setup, Workshop, fingerprint
from mouthpiece.inference.livelink import write_csv
from mouthpiece.inference.types import C


class Show:
    """A folder with sounds and a list of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "out"

    def sound(self, name: str, seconds: float = 0.3, pitch: float = 130) -> str:
        """A buzz that opens and closes; its name."""
        time = np.arange(round(seconds * 16_000)) / 16_000
        voice = 0.3 * (2 * ((pitch * time) % 1) - 1) * np.clip(np.sin(2 * np.pi * 3 * time), 0, 1)
        soundfile.write(self.folder / name, voice, 16_000, subtype="FLOAT")
        return name

    def take(self, name: str = "take.csv", seed: int = 0) -> str:
        """A take of random motion; its name."""
        write_csv(self.folder / name, np.random.default_rng(seed).random((60, C)) * 0.5, 30)
        return name

    def write(self, *rows: str, columns: str = "id,audio") -> Path:
        """The list ``lines.csv``."""
        path = self.folder / "lines.csv"
        path.write_text("\n".join((columns, *rows)) + "\n", "utf-8")
        return path

    def lines(self, lengths: Sequence[float]) -> Path:
        """A list of buzzes of these lengths in seconds: line 0, line 1, …"""
        names = [self.sound(f"sound {i}.wav", seconds, 110 + 9 * i) for i, seconds in enumerate(lengths)]
        return self.write(*(f"line {i},{name}" for i, name in enumerate(names)))

    def files(self) -> dict[str, bytes]:
        """The results by name, without the reports and without what is hidden or unfinished."""
        found = (path for path in self.out.rglob("*") if path.is_file())
        named = {path.relative_to(self.out).as_posix(): path for path in found}
        return {
            name: path.read_bytes()
            for name, path in named.items()
            if not name.startswith((".mouthpiece/", "report")) and not name.endswith(".part")
        }

    def litter(self) -> list[Path]:
        """Unfinished files."""
        return list(self.out.rglob("*.part"))


@pytest.fixture
def show(tmp_path: Path) -> Show:
    return Show(tmp_path)


@pytest.fixture(scope="session")
def workshop() -> Workshop:
    return Workshop(Setup())


@pytest.fixture(scope="session")
def unbroken(tmp_path_factory, workshop: Workshop) -> Callable[..., dict[str, bytes]]:
    """What one process makes of a list of buzzes of these lengths, each made once."""
    known: dict[tuple[float, ...], dict[str, bytes]] = {}

    def results(lengths: Sequence[float]) -> dict[str, bytes]:
        if tuple(lengths) not in known:
            show = Show(tmp_path_factory.mktemp("unbroken"))
            manifest = read_manifest(show.lines(lengths))
            assert run_batch(manifest, Store(show.out), workshop.make, weights=fingerprint()).whole
            known[tuple(lengths)] = show.files()
        return dict(known[tuple(lengths)])

    return results


@pytest.fixture
def make(show: Show, workshop: Workshop) -> Callable[..., Tally]:
    """Make a list in this process; keywords are those of ``run_batch``."""

    def run(manifest: Path, maker=workshop.make, **options) -> Tally:
        store = Store(show.out)
        return run_batch(read_manifest(manifest), store, maker, weights=fingerprint(), **options)

    return run
