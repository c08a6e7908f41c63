"""``report.html``: one page without links to elsewhere; failures, then every line with its curves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from itertools import chain

from .drawing import curve, face
from .run import Outcome, Tally
from .sketch import Sketch

FULL = 1500
"""Lines above which the page draws one curve and no faces, so that a browser still opens it."""

_STYLE = """
:root{color-scheme:light dark;--line:#8884;--dim:#8889;--ok:#2a8a4a;--bad:#c33;--left:#a70}
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}
h1{font-size:1.4rem;margin:0 0 .2rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}p{margin:.2rem 0}
table{border-collapse:collapse;width:100%}td,th{border-top:1px solid var(--line);padding:.3rem .6rem;
text-align:left;vertical-align:middle}th{font-weight:600;border:0}
tbody tr{content-visibility:auto;contain-intrinsic-size:auto 3.4rem}
td.number{text-align:right;font-variant-numeric:tabular-nums}
.done,.kept{color:var(--ok)}.failed{color:var(--bad)}.left{color:var(--left)}small{color:var(--dim)}
svg{vertical-align:middle}svg.curve{width:15rem;height:3rem}svg.face{width:2.4rem;height:3rem}
.curve path{fill:none;stroke-width:1.2;vector-effect:non-scaling-stroke}
.jaw{stroke:#3a7bd5}.lips{stroke:#d5683a}.lids{stroke:#8a8a8a}
.face *{fill:none;stroke:currentColor;stroke-width:1.4}.face .mouth{fill:#7a2230}
"""


def page(tally: Tally, rows: Iterable[tuple[Outcome, Sketch | None]]) -> Iterator[str]:
    """The page piece by piece; ``rows`` are drawn once, in order."""
    title = "All lines are there" if tally.whole else tally.stopped or "Some lines failed"
    yield "<!doctype html>\n<html lang=en><meta charset=utf-8>"
    yield f"<title>Mouthpiece: {escape(title)}</title><style>{_STYLE}</style>\n"
    yield f"<h1>{escape(title[0].upper() + title[1:])}</h1>\n<p>{escape(tally.summary())}\n"
    yield f"<p><small>{escape(tally.source)}</small>\n" if tally.source else ""
    for note in tally.notes:
        yield f"<p>{escape(note)}\n"
    yield from _failures(tally)
    full = len(tally.outcomes) <= FULL
    yield (
        "<h2>Lines</h2>\n<p><small><span style='color:#3a7bd5'>jaw</span>"
        + (" · <span style='color:#d5683a'>lips</span> · eyelids, over the line's length" if full else "")
        + "</small>\n<table><thead><tr><th>Line<th>Character<th>Result<th>Seconds<th>Motion</thead><tbody>\n"
    )
    yield from chain.from_iterable(_row(outcome, sketch, full) for outcome, sketch in rows)
    yield "</tbody></table>\n</html>\n"


def _failures(tally: Tally) -> Iterator[str]:
    failed = [outcome for outcome in tally.outcomes if outcome.status == "failed"]
    if not failed:
        return
    yield f"<h2>Failed: {len(failed)}</h2>\n<table><thead><tr><th>Row<th>Line<th>Why</thead><tbody>\n"
    for outcome in failed:
        yield f"<tr><td class=number>{outcome.row}<td>{escape(outcome.id)}<td>{escape(outcome.reason)}\n"
    yield "</tbody></table>\n"


def _row(outcome: Outcome, sketch: Sketch | None, full: bool) -> Iterator[str]:
    yield f"<tr><td>{escape(outcome.id)}<td>{escape(outcome.character)}"
    yield f"<td class={outcome.status}>{outcome.status}"
    yield f"<td class=number>{outcome.seconds:.1f}<td>" if outcome.frames else "<td><td>"
    if sketch and full:
        yield from (face(pose, at) for pose, at in zip(sketch["faces"], sketch["moments"], strict=True))
    if sketch:
        yield curve(sketch["curves"] if full else {"jaw": sketch["curves"]["jaw"]})
    yield "\n"
