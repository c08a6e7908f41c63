"""Sentences written here and spoken by flite's voices, whose phone times are exact.

The text is drawn from a small grammar and from lists of words that are rich in the rarer phones; tempo and
pitch vary from clip to clip. Everything follows from the clip's number, so that every build is the same.
Needs the ``flite`` program (Debian: ``apt-get install flite``); its voices are free for any use.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from tqdm import tqdm

from ...inference.errors import AudioError
from ...inference.types import SAMPLE_RATE
from ..phones import expand
from .speech_labels import Segments

CLIPS_PER_VOICE = 125

_WHO = (
    "the boy", "my brother", "her mother", "Joyce", "the old judge", "a young thief", "the whole family",
    "Bob", "our teacher", "the shy vicar", "the farmer", "Viv", "a wise king", "the bishop", "their baby",
    "George", "you", "we", "the choir", "Ruth", "every pilot", "the chef", "Wayne", "nobody", "a puppy",
)  # fmt: skip
_DOES = (
    "found", "would push", "may have bought", "pulled", "watched", "could never leave", "chose", "threw",
    "shook", "used to polish", "wrapped", "heard about", "enjoyed", "brought back", "will measure",
    "should fix", "painted", "forgot", "believed in", "cooked for", "sang to", "gave away", "loved", "opened",
    "keeps",
)  # fmt: skip
_WHAT = (
    "a beige garage", "the yellow cheese", "five thick books", "the broken window", "a huge jug of juice",
    "the usual treasure", "this thin leather jacket", "both of the boats", "an eye for fashion", "warm milk",
    "a bad hair day", "three wooden chairs", "the purple mouse", "good weather", "a cup of coffee",
    "some extra pepper", "the noisy toy", "those funny shoes", "a very long vision", "the cow and the sow",
    "white wine", "a quiet view of the sea", "some soft butter", "the puzzle", "a pair of earrings",
    "the hot food", "an awful accident", "half of the money", "the church bell", "a zigzag path",
)  # fmt: skip
_HOW = (
    "in the house", "before breakfast", "with great pleasure", "under the bridge", "for a month",
    "by the pool", "out of town", "on the other side", "at the zoo", "without a sound", "through the fog",
    "near the barn", "all year round", "with both thumbs", "from north to south", "above the clouds",
    "last Thursday", "slowly", "as if by magic", "over and over", "up the hill", "for the very first time",
    "on television", "again",
)  # fmt: skip
_OPENERS = (
    "Well", "Oh", "Wow", "You know", "Perhaps", "Of course", "Maybe", "Look", "Why not", "Please", "Hey",
    "Yes",
)  # fmt: skip
_WORDS = (
    "pat", "bat", "mat", "fat", "vat", "pie", "buy", "my", "why", "fie", "vie", "thigh", "thy", "sigh", "shy",
    "chai", "boot", "book", "bought", "boat", "but", "bird", "bet", "bait", "bit", "beat", "bite", "bout",
    "boy", "measure", "azure", "rouge", "genre", "judge", "church", "ship", "zip", "wing", "yacht", "hoof",
    "pamphlet", "bumblebee", "pop", "bob", "mum", "viva", "fife", "wow", "memo", "amoeba", "camp", "lamb",
    "rhythm", "loop", "tube", "womb", "five", "of", "off", "up", "oops", "papa", "baby", "movie", "famous",
    "above",
)  # fmt: skip


@dataclass(frozen=True)
class Voice:
    """A flite voice, its usual pitch in Hz (None: it does not take another) and what flite calls it."""

    name: str
    pitch: float | None


VOICES = (Voice("slt", 170.0), Voice("rms", None), Voice("awb", 125.0), Voice("kal16", 105.0))


@dataclass(frozen=True)
class Spoken:
    """One synthetic clip: ``sound int16 [N]`` at 16 kHz and its segments (start s, end s, phone index)."""

    name: str
    voice: str
    sound: np.ndarray
    segments: Segments


def sentence(rng: np.random.Generator) -> str:
    """One sentence: a statement, a question, a remark after an opener, or a list of single words."""

    def pick(words: tuple[str, ...]) -> str:
        return words[rng.integers(len(words))]

    form = rng.integers(5)
    if form == 0:
        return ", ".join(pick(_WORDS) for _ in range(rng.integers(4, 8))) + "."
    body = f"{pick(_WHO)} {pick(_DOES)} {pick(_WHAT)} {pick(_HOW)}"
    if form == 1:
        return f"Was it {pick(_WHAT)}, or was it {pick(_WHAT)} that {body}?"
    if form == 2:
        return f"{pick(_OPENERS)}, {body}!"
    return f"{body[0].upper()}{body[1:]}, and {pick(_WHO)} {pick(_DOES)} {pick(_WHAT)}."


def synthesise() -> list[Spoken]:
    """Every clip of every voice. AudioError if flite is not installed."""
    if shutil.which("flite") is None:
        raise AudioError("The program 'flite' is not installed: run 'apt-get install flite' and build again.")
    clips = tqdm([(voice, number) for voice in VOICES for number in range(CLIPS_PER_VOICE)], desc="flite")
    return [_clip(voice, number) for voice, number in clips]


def _clip(voice: Voice, number: int) -> Spoken:
    rng = np.random.default_rng([number, VOICES.index(voice)])
    text = sentence(rng)
    settings = [f"duration_stretch={rng.uniform(0.75, 1.35):.3f}"]
    factor = rng.uniform(0.75, 1.4)
    if voice.pitch is not None:
        settings.append(f"int_f0_target_mean={voice.pitch * factor:.1f}")
    sound, segments = speak(text, voice.name, settings)
    return Spoken(f"flite_{voice.name}_{number:04d}", f"flite_{voice.name}", sound, segments)


def speak(text: str, voice: str, settings: list[str]) -> tuple[np.ndarray, Segments]:
    """Synthesise ``text``: ``int16 [N]`` and its segments; flite lists the end time of each phone."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "clip.wav"
        command = ["flite", "-voice", voice, "-psdur", "-t", text, "-o", str(wav)]
        for setting in settings:
            command += ["--setf", setting]
        listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        sound, rate = soundfile.read(wav, dtype="int16")
    if rate != SAMPLE_RATE:
        raise AudioError(f"flite's voice {voice!r} speaks at {rate} Hz: choose one of 16 kHz")
    return sound, read_psdur(listing)


def read_psdur(listing: str) -> Segments:
    """Segments of flite's ``-psdur`` line: ``phone:end`` in seconds, from zero and without gaps."""
    segments: Segments = []
    start = 0.0
    for entry in listing.split():
        symbol, _, end = entry.rpartition(":")
        segments += expand(start, float(end), symbol, "festival")
        start = float(end)
    return segments
