"""Who speaks in a file, told by its name: ``{character}_{id}``, ``{character}/{scene}_*``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from ..errors import ManifestError

FIELDS = ("character", "valence", "arousal", "seed")
DEFAULT = "{character}_*"
_TOKEN = re.compile(r"\{([^{}]*)\}|(\*)")


@dataclass(frozen=True)
class Rule:
    """A pattern for names without their endings, folders divided by ``/``.

    ``{character}`` (also ``{valence}``, ``{arousal}``, ``{seed}``) is read; ``*`` and any other ``{name}``
    match and mean nothing. Everything matches as little as it can, and never across a folder. A rule
    without ``/`` is about the file's name alone.
    """

    text: str = DEFAULT

    def read(self, name: str) -> dict[str, str] | None:
        """What ``name`` says, by field; None when it does not follow the rule."""
        found = self._pattern.fullmatch(name if "/" in self.text else name.rpartition("/")[2])
        return found.groupdict() if found else None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Raises ManifestError for a rule that names a field twice."""
        out, last, seen = "", 0, set()
        for token in _TOKEN.finditer(self.text):
            out += re.escape(self.text[last : token.start()])
            field, last = token[1], token.end()
            if field in seen:
                raise ManifestError(f"The rule '{self.text}' names {{{field}}} twice: remove one of them.")
            seen |= {field} & set(FIELDS)
            out += f"(?P<{field}>[^/]+?)" if field in FIELDS else "[^/]*?" if token[2] else "[^/]+?"
        return re.compile(out + re.escape(self.text[last:]))
