"""Make the two reference performances again: ``python -m mouthpiece.demo.make_references [--out FOLDER]``.

They are animated by rule (``articulation.py``, ``performer.py``) over synthetic speech, not captured: two
manners drawn wide apart so that one sees what a reference does. Their lines are not the demo's.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from ..inference.livelink import write_csv
from .performer import Performer, perform
from .voice import RATE, Line, speak_all, write_phones, write_sound

FOLDER = Path(__file__).parent / "references"
FPS = 30.0


@dataclass(frozen=True)
class Reference:
    """A take to make: its lines and its performer."""

    name: str
    lines: tuple[Line, ...]
    performer: Performer


BROAD = Reference(
    "broad",
    (
        Line("Ladies and gentlemen, good evening, and welcome to the big parade!", stretch=1.02, pause=0.35),
        Line("Up above the rooftops fly five enormous paper whales.", stretch=1.0, pause=0.3),
        Line("Have you ever seen a moon so blue?", stretch=1.0, pause=0.4),
        Line("Clap your hands, move your feet, and bring a friend along!", stretch=1.0, pause=0.4),
    ),
    Performer(
        opening=1.35, rounding=1.1, spreading=1.5, crisp=1.3, right_share=0.6, smile=0.38, brow_rest=0.25,
        brow_accent=0.55, lids=-0.25, blinks_per_minute=14.0, nod=0.10, sway=0.16, bow=-0.05, seed=11,
    ),
)  # fmt: skip
MUMBLE = Reference(
    "mumble",
    (
        Line(
            "Well, it might be my bike, but I am not sure about that.", voice="rms", stretch=0.95, pause=0.6
        ),
        Line(
            "Somebody moved the boxes from the back room before the weekend.",
            voice="rms",
            stretch=0.95,
            pause=0.5,
        ),
        Line("Nobody asked me, so I went home and fed the goose.", voice="rms", stretch=0.98, pause=0.6),
        Line("Maybe we should simply wait.", voice="rms", stretch=1.0, pause=0.4),
    ),
    Performer(
        opening=0.38,
        rounding=0.55,
        spreading=0.3,
        crisp=0.7,
        tension=0.28,
        brow_rest=-0.30,
        brow_accent=0.05,
        lids=0.42,
        blinks_per_minute=26.0,
        nod=0.015,
        sway=0.05,
        bow=0.09,
        seed=23,
    ),
)
REFERENCES = (BROAD, MUMBLE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for reference in REFERENCES:
        samples, phones = speak_all(reference.lines)
        channels = perform(phones, len(samples) / RATE, FPS, reference.performer)
        write_sound(out / f"{reference.name}.flac", samples)
        write_phones(out / f"{reference.name}_phones.csv", phones)
        write_csv(out / f"{reference.name}.csv", channels, FPS)


if __name__ == "__main__":
    main()
