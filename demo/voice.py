"""Speak lines with Flite's statistical voices and keep the exact time of every phone.

Used only to make the committed sound again (``make_dialogue.py``, ``make_references.py``); the demo
itself reads the committed files. Needs the ``flite`` program (Debian: ``apt-get install flite``).
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..inference.errors import AudioError, OutputError

RATE = 16_000
"""Sample rate of Flite's clustergen voices, Hz."""
PEAK = 0.8


@dataclass(frozen=True)
class Phone:
    """One phone of the radio phone set (lower-case ARPAbet with ``ax`` and ``pau``), seconds."""

    start: float
    end: float
    name: str


@dataclass(frozen=True)
class Line:
    """One utterance: text, voice, tempo (below 1 is faster) and the silence after it in seconds."""

    text: str
    voice: str = "slt"
    stretch: float = 1.0
    pause: float = 0.0


def speak(line: Line) -> tuple[np.ndarray, list[Phone]]:
    """Synthesise one line: ``float32 [N]`` at 16 kHz and its phones; Flite numbers no start, only ends."""
    import soundfile

    if shutil.which("flite") is None:
        raise AudioError("The program 'flite' is not installed: run 'apt-get install flite' and try again.")
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "line.wav"
        command = ["flite", "-voice", line.voice, "--setf", f"duration_stretch={line.stretch}"]
        command += ["-psdur", "-t", line.text, "-o", str(wav)]
        listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        samples, rate = soundfile.read(wav, dtype="float32")
    if rate != RATE:
        raise AudioError(
            f"The voice '{line.voice}' speaks at {rate} Hz, expected {RATE}: choose slt, rms or awb."
        )
    phones, start = [], 0.0
    for entry in listing.split():
        name, end = entry.rsplit(":", 1)
        phones.append(Phone(start, float(end), name))
        start = float(end)
    return samples, phones


def speak_all(lines: tuple[Line, ...]) -> tuple[np.ndarray, list[Phone]]:
    """Speak lines one after another with their pauses; level the whole; touching pauses become one."""
    pieces, phones, offset = [], [], 0
    for line in lines:
        samples, spoken = speak(line)
        length = len(samples) + round(line.pause * RATE)
        base = offset / RATE
        for phone in spoken:
            end = min(phone.end, len(samples) / RATE)
            phones.append(Phone(base + phone.start, base + end, phone.name))
        phones.append(Phone(phones[-1].end, base + length / RATE, "pau"))
        pieces.append(np.pad(samples, (0, length - len(samples))))
        offset += length
    sound = np.concatenate(pieces)
    return sound * np.float32(PEAK / np.abs(sound).max()), merge_pauses(phones)


def merge_pauses(phones: list[Phone]) -> list[Phone]:
    """Join neighbouring pauses and drop phones without length."""
    merged: list[Phone] = []
    for phone in phones:
        if merged and merged[-1].name == phone.name == "pau":
            merged[-1] = Phone(merged[-1].start, phone.end, "pau")
        elif phone.end > phone.start:
            merged.append(phone)
    return merged


def write_sound(path: Path, samples: np.ndarray) -> None:
    """Write 16-bit mono FLAC."""
    import soundfile

    soundfile.write(path, samples, RATE, subtype="PCM_16")


def write_phones(path: Path, phones: list[Phone]) -> None:
    """Write ``start,end,phone`` rows, seconds to the millisecond."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("start", "end", "phone"))
        writer.writerows((f"{p.start:.3f}", f"{p.end:.3f}", p.name) for p in phones)


def read_phones(path: Path) -> list[Phone]:
    """Read what ``write_phones`` wrote."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [Phone(float(r["start"]), float(r["end"]), r["phone"]) for r in csv.DictReader(file)]
    except (OSError, KeyError, ValueError) as error:
        raise OutputError(f"Phone times {path} cannot be read ({error}): run make_dialogue again.") from error
