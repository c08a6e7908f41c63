"""Faces to measure on: the demo character, and the ICT face where the shared data is; and rigs made of them.

The poses of those rigs are written by another hand than the presets' recipes, so that nothing is solved by
its own definition.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from mouthpiece.demo.articulation import mouth_channels, tracks
from mouthpiece.demo.character import build_parts
from mouthpiece.demo.character.skin import build_face
from mouthpiece.demo.voice import Phone
from mouthpiece.inference.types import BLENDSHAPES, frame_times
from mouthpiece.rigs.surface import Surface

ROOT = Path(__file__).resolve().parents[2]
ICT = ROOT.parent / "shared" / "data" / "rigs" / "ict_face.npz"
PHONES = ROOT / "demo" / "dialogue" / "dialogue_phones.csv"


def both(base: str, value: float) -> dict[str, float]:
    return {f"{base}Left": value, f"{base}Right": value}


VISEMES: dict[str, dict[str, float]] = {
    "sil": {},
    "PP": {**both("mouthPress", 0.8), "mouthRollLower": 0.1, "jawOpen": 0.06, "mouthClose": 0.06},
    "FF": {"mouthRollLower": 0.9, "jawOpen": 0.1, **both("mouthUpperUp", 0.3)},
    "TH": {"jawOpen": 0.3, "tongueOut": 0.6},
    "DD": {"jawOpen": 0.1, **both("mouthLowerDown", 0.3), **both("mouthStretch", 0.2)},
    "kk": {"jawOpen": 0.3, **both("mouthFrown", 0.1)},
    "CH": {"mouthFunnel": 0.8, "jawOpen": 0.1},
    "SS": {**both("mouthStretch", 0.5), **both("mouthLowerDown", 0.4)},
    "nn": {"jawOpen": 0.12, **both("mouthSmile", 0.1)},
    "RR": {"mouthPucker": 0.5, "jawOpen": 0.2},
    "aa": {"jawOpen": 0.9, **both("mouthLowerDown", 0.1)},
    "E": {"jawOpen": 0.4, **both("mouthSmile", 0.5)},
    "I": {"jawOpen": 0.15, **both("mouthSmile", 0.6), **both("mouthLowerDown", 0.3)},
    "O": {"jawOpen": 0.6, "mouthFunnel": 0.4, "mouthPucker": 0.5},
    "U": {"mouthPucker": 1.0, "jawOpen": 0.1},
}
"""What each viseme of the made rigs is sculpted from."""
VOWELS = {"A": "aa", "I": "I", "U": "U", "E": "E", "O": "O"}


@dataclass(frozen=True)
class Face:
    """A face with its 52 displacement fields ``[52, V, 3]`` and the middle of its true lip line.

    The opening is read where the mesh was built to have lips, not where Mouthpiece finds them.
    """

    rest: np.ndarray
    fields: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    up: int
    width: float

    def opening(self, displacement: np.ndarray) -> np.ndarray:
        """How far ``displacement [..., V, 3]`` parts the lips, in mouth widths."""
        apart = displacement[..., self.upper, self.up] - displacement[..., self.lower, self.up]
        return apart.mean(axis=-1) / self.width

    @property
    def rest_opening(self) -> float:
        """How far the lips stand apart at rest, in mouth widths."""
        return float(self.opening(self.rest))

    @property
    def channel_openings(self) -> np.ndarray:
        return self.opening(self.fields)

    def surface(self, keys: dict[str, dict[str, float]]) -> Surface:
        """A rig of this face whose keys are sculpted from ``keys`` (key → channels)."""
        weights = np.array([[shows.get(name, 0.0) for name in BLENDSHAPES] for shows in keys.values()])
        moves = np.tensordot(weights, self.fields, 1).astype(np.float32)
        return Surface(self.rest.astype(np.float32), dict(zip(keys, moves, strict=True)))


@lru_cache(maxsize=1)
def demo() -> Face:
    """The demo character's face."""
    skin, built = build_parts()[0], build_face()
    slit = built.grid.mouth
    line = built.rest[slit.upper]
    width = float(np.linalg.norm(line[-1] - line[0]))
    middle = np.abs(line[:, 0]) < 0.15 * width
    fields = np.stack([skin.keys[name] for name in BLENDSHAPES])
    return Face(skin.vertices, fields, slit.upper[middle], slit.lower[middle], 2, width)


@lru_cache(maxsize=1)
def ict() -> Face:
    """The ICT face; its lips are known from its 68 landmarks."""
    with np.load(ICT, allow_pickle=False) as stored:
        rest, marks = stored["neutral"].astype(np.float64), stored["landmarks68"]
        names, deltas = stored["expression_names"].tolist(), stored["expression_deltas"]
    fields = np.zeros((len(BLENDSHAPES), *rest.shape))
    for name, delta in zip(names, deltas, strict=True):
        full = name.replace("_L", "Left").replace("_R", "Right")
        place = full if full in BLENDSHAPES else name[:-2]
        fields[BLENDSHAPES.index(place)] += delta
    width = float(np.linalg.norm(rest[marks[64]] - rest[marks[60]]))
    return Face(rest, fields, marks[[61, 62, 63]], marks[[67, 66, 65]], 1, width)


@lru_cache(maxsize=1)
def dialogue() -> tuple[Phone, ...]:
    """When the demo's dialogue says what."""
    with PHONES.open(encoding="utf-8") as file:
        return tuple(Phone(float(r["start"]), float(r["end"]), r["phone"]) for r in csv.DictReader(file))


def closures() -> np.ndarray:
    """Frames ``int [N]`` in the middle of every p, b and m of the dialogue: there lips are shut."""
    middles = [0.5 * (phone.start + phone.end) for phone in dialogue() if phone.name in ("p", "b", "m")]
    return np.round(np.array(middles) * 25 - 0.5).astype(int)


@lru_cache(maxsize=1)
def speech() -> np.ndarray:
    """The demo's dialogue spoken by rule: mouth channels ``float32 [T, C]`` with real closures."""
    phones = list(dialogue())
    return mouth_channels(tracks(phones, frame_times(int(phones[-1].end * 25))), 1.0, 1.0, 1.0)
