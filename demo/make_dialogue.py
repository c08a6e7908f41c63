"""Make the demo's dialogue again: ``python -m mouthpiece.demo.make_dialogue [--out FOLDER]``."""

from __future__ import annotations

import argparse
from pathlib import Path

from .voice import Line, speak_all, write_phones, write_sound

FOLDER = Path(__file__).parent / "dialogue"

LINES = (
    Line("Oh, hello! My name is Poppy Bloom.", stretch=1.0, pause=0.15),
    Line("I move my mouth for a living.", stretch=0.97, pause=0.45),
    Line("Would you believe how few vowels keep me this busy?", stretch=0.95, pause=0.5),
    Line("Bee, boo, bah!", stretch=1.15, pause=0.1),
    Line("Five more, please: movie, bumblebee, plum, whoosh, and vroom.", stretch=1.0, pause=0.35),
    Line("Now give me your voice, and we both will have some fun.", stretch=0.98, pause=0.3),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    samples, phones = speak_all(LINES)
    write_sound(out / "dialogue.flac", samples)
    write_phones(out / "dialogue_phones.csv", phones)
    (out / "dialogue.txt").write_text("\n".join(line.text for line in LINES) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
