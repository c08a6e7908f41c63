"""Whom the weights owe their vocal events to: one row for each licence, source and author.

``python -m mouthpiece.training.attribution`` writes the table from the built corpus.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from pathlib import Path

COLUMNS = ("licence", "source", "attribution")


def write_events(shard: Path, out: Path) -> int:
    """Writes ``out`` from the description of the events' shard; returns the number of rows."""
    clips = json.loads(shard.read_text(encoding="utf-8"))["utterances"]
    trained = Counter(tuple(clip[name] for name in COLUMNS) for clip in clips if clip["split"] == "train")
    with open(out, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*COLUMNS, "recordings"])
        writer.writerows([*key, count] for key, count in sorted(trained.items()))
    return len(trained)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("build/corpus"))
    parser.add_argument("--out", type=Path, default=Path("weights/ATTRIBUTION_EVENTS.csv"))
    options = parser.parse_args()
    print(f"{options.out}: {write_events(options.corpus / 'events.json', options.out)} sources")


if __name__ == "__main__":
    main()
