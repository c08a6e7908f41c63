"""``report.html``: one page without links to elsewhere; failures, then every line with its curves."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from html import escape
from itertools import chain

from .drawing import curve, face
from .run import Outcome, Tally
from .sketch import Sketch
from .store import PAGE

FULL = 1500
"""Lines above which the page draws one curve and no faces, so that a browser still opens it."""
SEARCHED = 12
"""Lines from which on the page has a field to search them."""

_STYLE = """
:root{color-scheme:light dark;--line:#8884;--ok:#2a8a4a;--bad:#d03a3a;--left:#b07000;
--jaw:#3a7bd5;--lips:#d5683a;--lids:#8a8a8a}
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:80rem;padding:0 1rem;
overflow-wrap:anywhere}
h1{font-size:1.4rem;margin:0 0 .2rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}p{margin:.2rem 0}
table,thead,tbody{display:block}
tr{display:grid;gap:0 1.2rem;align-items:center;border-top:1px solid var(--line);padding:.3rem .6rem;
content-visibility:auto;contain-intrinsic-size:auto 3.7rem}
thead tr{border:0}tr[hidden]{display:none}td,th{padding:0;text-align:left}th{font-weight:600}
.why tr{grid-template-columns:3.5rem 3fr 7fr;contain-intrinsic-size:auto 1.4rem}
.all tr{grid-template-columns:3fr minmax(6rem,1.2fr) 3.5rem 5rem minmax(16rem,4fr)}
.number{text-align:right;font-variant-numeric:tabular-nums}
.done,.kept{color:var(--ok)}.failed{color:var(--bad)}.left{color:var(--left)}
small{font-size:.85rem}.dim{opacity:.7}.key{border-left:.8rem solid;margin:0 .2rem 0 .7rem}
.motion{display:flex;align-items:center;gap:.4rem}svg.face{flex:none;width:2.6rem;height:3.2rem}
svg.curve{flex:1;min-width:4rem;height:3.2rem;border-bottom:1px solid var(--line)}
.curve path{fill:none;stroke-width:1.3;vector-effect:non-scaling-stroke}
.jaw{stroke:var(--jaw);border-color:var(--jaw)}.lips{stroke:var(--lips);border-color:var(--lips)}
.lids{stroke:var(--lids);border-color:var(--lids)}
.face *{fill:none;stroke:currentColor;stroke-width:1.2}.face .skin{fill:#8881}.face .mouth{fill:#7a2230}
input{font:inherit;padding:.2rem .5rem;width:20rem;max-width:100%}
"""
_SEARCH = """<script>
search.oninput=()=>{const wanted=search.value.toLowerCase().split(/\\s+/);
for(const row of lines.rows){const said=row.textContent.toLowerCase();
row.hidden=!wanted.every(word=>said.includes(word))}}
</script>
"""


def page(tally: Tally, rows: Iterable[tuple[Outcome, Sketch | None]]) -> Iterator[str]:
    """The page piece by piece; ``rows`` are drawn once, in order."""
    title = "All lines are there" if tally.whole else tally.stopped or "Some lines failed"
    yield f"{PAGE}{escape(title)}</title><style>{_STYLE}</style>\n"
    yield f"<h1>{escape(title[0].upper() + title[1:])}</h1>\n<p>{escape(tally.summary())}\n"
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(tally.started))
    source = f"{tally.source}, " if tally.source else ""
    yield f"<p class=dim><small>{escape(source)}{when}</small>\n"
    for note in tally.notes:
        yield f"<p>{escape(note)}\n"
    yield from _failures(tally)
    yield from _lines(tally, rows)
    yield "</html>\n"


def _failures(tally: Tally) -> Iterator[str]:
    failed = [outcome for outcome in tally.outcomes if outcome.status == "failed"]
    if not failed:
        return
    yield f"<h2>Failed: {len(failed)}</h2>\n<table class=why>"
    yield "<thead><tr><th class=number>Row<th>Line<th>Why</thead><tbody>\n"
    for outcome in failed:
        yield f"<tr><td class=number>{outcome.row}<td>{escape(outcome.id)}<td>{escape(outcome.reason)}\n"
    yield "</tbody></table>\n"


def _lines(tally: Tally, rows: Iterable[tuple[Outcome, Sketch | None]]) -> Iterator[str]:
    full, searched = len(tally.outcomes) <= FULL, len(tally.outcomes) >= SEARCHED
    yield "<h2>Lines</h2>\n"
    if searched:
        yield "<p><input id=search type=search placeholder='Search: a name, a character, failed …'>\n"
    yield "<p><small>From the line’s first moment to its last:<span class='key jaw'></span>jaw"
    yield "<span class='key lips'></span>lips<span class='key lids'></span>eyelids" if full else ""
    yield "</small>\n<table class=all>"
    yield "<thead><tr><th>Line<th>Character<th>Result<th class=number>Seconds<th>Motion</thead>"
    yield "<tbody id=lines>\n"
    yield from chain.from_iterable(_row(outcome, sketch, full) for outcome, sketch in rows)
    yield f"</tbody></table>\n{_SEARCH if searched else ''}"


def _row(outcome: Outcome, sketch: Sketch | None, full: bool) -> Iterator[str]:
    yield f"<tr><td>{escape(outcome.id)}<td>{escape(outcome.character)}"
    yield f"<td class={outcome.status}>{outcome.status}"
    yield f"<td class=number>{outcome.seconds:.1f}<td>" if outcome.frames else "<td><td>"
    if outcome.status == "failed":
        yield f"<small class=failed>{escape(outcome.reason)}</small>\n"
        return
    if sketch:
        yield "<div class=motion>"
        if full:
            yield from (face(pose, at) for pose, at in zip(sketch["faces"], sketch["moments"], strict=True))
        yield curve(sketch["curves"] if full else {"jaw": sketch["curves"]["jaw"]}) + "</div>"
    yield "\n"
