"""Lines to finished files' bytes: the part of a batch that any process on any machine can do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from .. import model as weights
from .. import source
from ..errors import AudioError, MouthpieceError, WeightsError
from ..model import Model
from ..regions import Influence, blend, region
from ..resample import at_rate
from ..types import CHANNELS, TICK_RATE
from .encode import csv_bytes, npz_bytes
from .line import BLENDER_FORMATS, MOTION, Line
from .packing import WIDTH, Job, animate_lines
from .references import References, weighed
from .sketch import Sketch, sketch

ENGINE = 4
"""Raised when the same inputs would give other files than before, or takes are read otherwise, so that a
resumed batch makes lines and embeds references anew."""

LISTENING = np.array([region(name) != "mouth" for name in CHANNELS], np.float32)
"""What of a face moves while others speak."""


@dataclass(frozen=True)
class Setup:
    """What a process needs to know besides the lines. ``weights`` and ``cache`` are folders, "" for none;
    ``at_rate`` makes of the model's frames the rows at a line's rate."""

    device: str = "auto"
    weights: str = ""
    cache: str = ""
    width: int = WIDTH
    at_rate: Callable[[np.ndarray, float], np.ndarray] = at_rate


@dataclass(frozen=True)
class Result:
    """A line's files by format (``csv`` → bytes), or the ``error`` that stood in the way.

    ``key`` is the hash of all that the files depend on; ``frames`` are of the sound, ``notes`` are what was
    mended in the references.
    """

    line: Line
    key: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    frames: int = 0
    sketch: Sketch = field(default_factory=dict)
    error: str = ""
    notes: tuple[str, ...] = ()


def fingerprint(folder: str = "") -> str:
    """Hash of the weights in a folder (the shipped ones for ""). Raises WeightsError."""
    sums = Path(folder or weights.WEIGHTS) / "SHA256SUMS"
    try:
        return hashlib.sha256(sums.read_bytes()).hexdigest()
    except OSError as error:
        raise WeightsError(f"{sums} cannot be read ({error.strerror}): install Mouthpiece again.") from error


def line_key(line: Line, weights: str) -> str:
    """Hash of all that the motion of ``line`` depends on. Raises AudioError for a missing file."""
    settings = asdict(line)
    for place in ("row", "id", "audio", "references", "weights", "character", "rig", "face"):
        del settings[place]
    content = {
        "engine": ENGINE,
        "weights": weights,
        "audio": source.digest(line.audio),
        "references": sorted({(source.reference_digest(text), weight) for text, weight in weighed(line)}),
        "settings": settings,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


class Workshop:
    """A loaded model with the references that it has met."""

    def __init__(self, setup: Setup) -> None:
        """Raises WeightsError or DeviceError."""
        self.setup = setup
        self.model = Model.load(setup.weights or None, setup.device)
        self.weights = fingerprint(setup.weights)
        # A machine that does not share the output folder keeps what it embeds in memory only.
        cache = Path(setup.cache) if setup.cache and Path(setup.cache).is_dir() else None
        self.references = References(self.model, f"{ENGINE}/{self.weights}", cache)

    def make(self, lines: Iterable[Line], cancelled: Callable[[], bool] | None = None) -> Generator[Result]:
        """Every line's result as soon as it is there, not in order; a bad line is one with an ``error``.

        Raises Cancelled.
        """
        failed: list[Result] = []
        halves: dict[int, np.ndarray] = {}

        def jobs() -> Iterator[Job]:
            for line in lines:
                try:
                    job = self._job(line)
                except Exception as error:
                    failed.append(Result(line, error=reason(error)))
                    continue
                yield job
                if _mixed(line):
                    yield replace(job, bank=self.references.bank(()), plain=True)

        for job, channels in animate_lines(self.model, jobs(), self.setup.width, cancelled):
            while failed:
                yield failed.pop(0)
            if _mixed(job.line):
                other = halves.pop(job.line.row, None)
                if other is None:
                    halves[job.line.row] = channels
                    continue
                plain, styled = (channels, other) if job.plain else (other, channels)
                channels = blend(plain, styled, Influence(*job.line.influence))
            try:
                result = self._result(job, channels)
            except Exception as error:
                result = Result(job.line, error=reason(error))
            yield result
        yield from failed

    def _job(self, line: Line) -> Job:
        """A line with what it needs. Raises AudioError or TakeError.

        Its key is of the files before they are read: one that is replaced from then on is seen by a resumed
        batch.
        """
        key = ""
        with suppress(AudioError):  # whoever reads the file says better what is wrong with it
            key = line_key(line, self.weights)
        bank, notes = self.references.noted(line.references, line.weights)
        return Job(line, source.sound(line.audio), bank, key=key, notes=notes)

    def _result(self, job: Job, channels: np.ndarray) -> Result:
        line = job.line
        if line.listens:
            channels = channels * LISTENING
        rows = self.setup.at_rate(channels, line.fps)
        files = {}
        if "csv" in line.formats:
            files["csv"] = csv_bytes(rows, line.fps)
        if "npz" in line.formats:
            files["npz"] = npz_bytes(rows, line.fps)
        if {MOTION, *BLENDER_FORMATS} & set(line.formats):
            files[MOTION] = npz_bytes(channels, TICK_RATE)
        return Result(line, job.key, files, len(channels), sketch(channels), notes=job.notes)


def _mixed(line: Line) -> bool:
    """Whether a line is a mixture of a plain and a styled performance."""
    return bool(line.references) and not Influence(*line.influence).full


def reason(error: Exception) -> str:
    """One line that says why a line failed; an error that nobody foresaw with its kind."""
    text = " ".join(str(error).split())
    if isinstance(error, MouthpieceError):
        return text
    return f"unexpected {type(error).__name__}: {text} (please report this)"
