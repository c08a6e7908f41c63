"""What became of a batch, for programs: ``report.json``. ``page`` writes the same for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ..output import replacing
from . import page
from .line import printable
from .run import DONE, KEPT, Outcome, Tally
from .sketch import Sketch
from .store import Store


def write_reports(tally: Tally, store: Store, share: str = "") -> tuple[Path, Path]:
    """Both reports into the store's folder, each whole or not at all. Raises OutputError.

    ``share`` goes into their names when the batch is a part of a larger one.
    """
    places = store.reports(share)
    with replacing(places[0]) as file:
        file.writelines(map(printable, _json(tally, store)))
    with replacing(places[1]) as file:
        file.writelines(map(printable, page.page(tally, rows(tally, store))))
    return places


def rows(tally: Tally, store: Store) -> Iterator[tuple[Outcome, Sketch | None]]:
    """Every outcome with the sketch of its motion, read from the line's record as it is needed."""
    for outcome in tally.outcomes:
        there = outcome.status in (DONE, KEPT) and outcome.line
        record = store.record(outcome.line) if there else None
        yield outcome, (record or {}).get("sketch")


def _json(tally: Tally, store: Store) -> Iterator[str]:
    """The report piece by piece: one line of text for every line of dialogue."""
    head = {
        "source": tally.source,
        "whole": tally.whole,
        "stopped": tally.stopped,
        "summary": tally.summary(),
        "took_seconds": round(tally.took, 2),
        "counts": {status: tally.count(status) for status in ("done", "kept", "failed", "left")},
        "notes": tally.notes,
    }
    yield json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "lines": [\n'
    last = len(tally.outcomes) - 1
    for index, outcome in enumerate(tally.outcomes):
        yield (
            "  " + json.dumps(_line(outcome, store), ensure_ascii=False) + ("\n" if index == last else ",\n")
        )
    yield " ]\n}\n"


def _line(outcome: Outcome, store: Store) -> dict[str, object]:
    line = outcome.line
    there = outcome.status in (DONE, KEPT) and line is not None
    return {
        "row": outcome.row,
        "id": outcome.id,
        "character": outcome.character,
        "status": outcome.status,
        "reason": outcome.reason,
        "frames": outcome.frames,
        "seconds": outcome.seconds,
        "files": [store.path(line, kind).relative_to(store.folder).as_posix() for kind in line.formats]
        if there
        else [],
    }
