"""Universal phones: every label set of the corpus mapped to one inventory with articulatory features.

Labels of four traditions (pocketsphinx's ARPAbet, the Russian festvox voice, EmoDB's *lablaut* hand labels
and festival's mrpa-like sets that flite also uses) become indices into ``PHONES``, whose rows in
``FEATURE_TABLE`` say what the mouth does, in 0..1. Diphthongs, affricates and stops are sequences of targets:
the lips of a /p/ are shut during its closure and already open in its burst.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

HOP_SECONDS = 0.01
"""Length of a labelled hop; hop h spans [h, h + 1) * 0.01 s."""
UNLABELLED = -1
"""Index of hops and of symbols (spoken noise, filled pauses) that say nothing certain about the mouth."""

FEATURES: tuple[str, ...] = (
    "lipClosure", "labiodental", "rounding", "spreading", "openness", "sibilance", "tongueTip", "tongueBack",
    "voicing", "nasality", "vowel", "silence", "burst", "frication",
)  # fmt: skip
"""Articulatory features in 0..1: openness is the vowel height scaled to jaw opening."""

# Rows: phone (IPA; "p!" is the release of a stop), then FEATURES in order. Heights, rounding and places
# follow the IPA chart; openness of consonants is their usual jaw height between close (0.15) and open vowels.
# The release of a stop is a class per place: what follows the closure, aspiration included.
_ROWS = """
sil  0   0   0   0   0    0   0   0   0   0   0   1   0   0
i    0   0   0   1   .2   0   0   0   1   0   1   0   0   0
ɪ    0   0   0   .7  .35  0   0   0   1   0   1   0   0   0
e    0   0   0   .8  .45  0   0   0   1   0   1   0   0   0
ɛ    0   0   0   .6  .6   0   0   0   1   0   1   0   0   0
æ    0   0   0   .6  .85  0   0   0   1   0   1   0   0   0
a    0   0   0   .3  1    0   0   0   1   0   1   0   0   0
ɑ    0   0   .1  0   .95  0   0   .5  1   0   1   0   0   0
ɔ    0   0   .6  0   .7   0   0   .7  1   0   1   0   0   0
o    0   0   .8  0   .5   0   0   .8  1   0   1   0   0   0
ʊ    0   0   .7  0   .35  0   0   .8  1   0   1   0   0   0
u    0   0   1   0   .2   0   0   1   1   0   1   0   0   0
ʌ    0   0   0   .1  .7   0   0   .3  1   0   1   0   0   0
ə    0   0   0   .2  .45  0   0   .2  1   0   1   0   0   0
ɐ    0   0   0   .2  .75  0   0   .2  1   0   1   0   0   0
ɝ    0   0   .5  0   .4   0   .3  .3  1   0   1   0   0   0
ɨ    0   0   0   .5  .3   0   0   .5  1   0   1   0   0   0
ʉ    0   0   .9  0   .25  0   0   .5  1   0   1   0   0   0
y    0   0   1   0   .2   0   0   0   1   0   1   0   0   0
ʏ    0   0   .8  0   .35  0   0   0   1   0   1   0   0   0
ø    0   0   .9  0   .45  0   0   0   1   0   1   0   0   0
œ    0   0   .7  0   .6   0   0   0   1   0   1   0   0   0
p    1   0   0   0   .1   0   0   0   0   0   0   0   0   0
b    1   0   0   0   .1   0   0   0   1   0   0   0   0   0
m    1   0   0   0   .1   0   0   0   1   1   0   0   0   0
t    0   0   0   .2  .2   0   1   0   0   0   0   0   0   0
d    0   0   0   .2  .2   0   1   0   1   0   0   0   0   0
n    0   0   0   .2  .25  0   1   0   1   1   0   0   0   0
k    0   0   0   .1  .3   0   0   1   0   0   0   0   0   0
ɡ    0   0   0   .1  .3   0   0   1   1   0   0   0   0   0
ŋ    0   0   0   .1  .35  0   0   1   1   1   0   0   0   0
ʔ    0   0   0   0   .4   0   0   0   0   0   0   0   0   0
p!   0   0   0   0   .3   0   0   0   0   0   0   0   1   .3
b!   0   0   0   0   .3   0   0   0   1   0   0   0   1   .1
t!   0   0   0   .2  .25  .4  .5  0   0   0   0   0   1   .5
d!   0   0   0   .2  .25  .2  .5  0   1   0   0   0   1   .3
k!   0   0   0   .1  .35  0   0   .6  0   0   0   0   1   .5
ɡ!   0   0   0   .1  .35  0   0   .6  1   0   0   0   1   .3
f    0   1   0   .1  .15  .2  0   0   0   0   0   0   0   1
v    0   1   0   .1  .15  .1  0   0   1   0   0   0   0   .7
ʋ    0   .6  0   .1  .2   0   0   0   1   0   0   0   0   .2
β    .6  .1  .1  0   .15  0   0   0   1   0   0   0   0   .4
θ    0   0   0   .2  .25  .2  1   0   0   0   0   0   0   1
ð    0   0   0   .2  .25  .1  1   0   1   0   0   0   0   .6
s    0   0   0   .5  .1   1   .6  0   0   0   0   0   0   1
z    0   0   0   .5  .1   .9  .6  0   1   0   0   0   0   .9
ʃ    0   0   .7  0   .15  1   .3  0   0   0   0   0   0   1
ʒ    0   0   .7  0   .15  .9  .3  0   1   0   0   0   0   .9
ɕ    0   0   .2  .4  .15  1   .3  0   0   0   0   0   0   1
ç    0   0   0   .6  .25  .3  0   .5  0   0   0   0   0   1
x    0   0   0   0   .4   0   0   1   0   0   0   0   0   1
ɣ    0   0   0   0   .35  0   0   1   1   0   0   0   0   .6
ʁ    0   0   0   0   .45  0   0   1   1   0   0   0   0   .5
h    0   0   0   0   .5   0   0   0   0   0   0   0   0   .6
ɦ    0   0   0   0   .5   0   0   0   1   0   0   0   0   .3
w    .1  0   1   0   .15  0   0   .6  1   0   0   0   0   0
j    0   0   0   .8  .2   0   0   0   1   0   0   0   0   0
ɹ    0   0   .5  0   .3   0   .5  .3  1   0   0   0   0   0
r    0   0   0   .1  .35  0   .9  0   1   0   0   0   0   .1
l    0   0   0   .1  .4   0   1   0   1   0   0   0   0   0
"""


def _read_rows() -> tuple[tuple[str, ...], np.ndarray]:
    """Names and read-only ``float32 [P, F]`` values of ``_ROWS``."""
    rows = [line.split() for line in _ROWS.strip().splitlines()]
    values = np.array([[float(value) for value in row[1:]] for row in rows], np.float32)
    values.flags.writeable = False
    return tuple(row[0] for row in rows), values


PHONES, FEATURE_TABLE = _read_rows()
"""The inventory, and its features ``float32 [P, F]``."""
SILENCE = PHONES.index("sil")
_INDEX = {phone: i for i, phone in enumerate(PHONES)}

# Targets of a symbol: phones with optional weights of their share of the duration. Stops are split so that
# the ``burst`` row of corpus/speech_check.py agrees with its others; diphthongs glide over their last third.
_STOPS = {"p": "p:2 p!", "b": "b:6 b!", "t": "t:3 t!:2", "d": "d:5 d!", "k": "k:5 k!:4", "g": "ɡ:5 ɡ!:2"}
_AFFRICATES = {"ch": "t ʃ", "jh": "d ʒ"}
_ENGLISH = _STOPS | _AFFRICATES | {
    "aa": "ɑ", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "a:2 ʊ", "ay": "a:2 ɪ", "eh": "ɛ", "er": "ɝ",
    "ey": "e:2 ɪ", "ih": "ɪ", "iy": "i", "ow": "o:2 ʊ", "oy": "ɔ:2 ɪ", "uh": "ʊ", "uw": "u", "m": "m",
    "n": "n", "ng": "ŋ", "f": "f", "v": "v", "th": "θ", "dh": "ð", "s": "s", "z": "z", "sh": "ʃ", "zh": "ʒ",
    "hh": "h", "l": "l", "r": "ɹ", "w": "w", "y": "j",
}  # fmt: skip

_ARPABET = {symbol.upper(): targets for symbol, targets in _ENGLISH.items()} | {
    "SIL": "sil", "<sil>": "sil", "<s>": "sil", "</s>": "sil", "+NSN+": "", "+SPN+": "", "+BREATH+": "",
    "+COUGH+": "", "+SMACK+": "", "+UH+": "ə", "+UM+": "ə m", "(NULL)": "", "AX": "ə", "AXR": "ɝ", "IX": "ɨ",
    "DX": "r", "EL": "l", "EM": "m", "EN": "n", "Q": "ʔ", "UX": "ʉ", "HV": "ɦ",
}  # fmt: skip

# flite's and festival's American voices (radio set): ARPAbet in lower case with reduced vowels; kal_diphone,
# ked_diphone and the British mrpa diphthongs use the same spelling or the ones listed last.
_FESTIVAL = _ENGLISH | {
    "pau": "sil", "h#": "sil", "#": "sil", "brth": "sil", "ax": "ə", "axr": "ɝ", "ix": "ɨ", "dx": "r",
    "hv": "ɦ", "el": "l", "em": "m", "en": "n", "nx": "n", "q": "ʔ", "ssil": "sil", "a": "æ", "e": "ɛ",
    "i": "ɪ", "o": "ɔ", "u": "ʊ", "uu": "u", "ii": "i", "oo": "ɔ", "@": "ə", "@@": "ɝ", "ai": "a:2 ɪ",
    "ei": "e:2 ɪ", "oi": "ɔ:2 ɪ", "au": "a:2 ʊ", "ou": "o:2 ʊ", "i@": "ɪ:2 ə", "e@": "ɛ:2 ə", "u@": "ʊ:2 ə",
    "h": "h",
}  # fmt: skip

# Doubled letters are stressed vowels or palatalised consonants; ay, ae and ur are reduced a or o, e, and u.
_RUSSIAN_PLAIN = {
    "p": "p:5 p!:4", "b": "b:7 b!:3", "t": "t:2 t!:3", "d": "d:7 d!:3", "k": "k k!:2", "g": "ɡ:2 ɡ!",
    "m": "m", "n": "n", "f": "f", "v": "v", "s": "s", "z": "z", "l": "l", "r": "r", "h": "x",
}  # fmt: skip
_RUSSIAN = _RUSSIAN_PLAIN | {symbol * 2: targets for symbol, targets in _RUSSIAN_PLAIN.items()} | {
    "pau": "sil", "ssil": "sil", "a": "ɐ", "aa": "a", "ay": "ə", "ae": "ɪ", "e": "e", "ee": "ɛ", "i": "ɪ",
    "ii": "i", "o": "ɔ", "oo": "ɔ", "u": "ʊ", "uu": "u", "ur": "ʊ", "y": "ɨ", "yy": "ɨ", "j": "j", "c": "t s",
    "ch": "t ɕ", "sh": "ʃ", "sch": "ɕ", "zh": "ʒ",
}  # fmt: skip

# EmoDB marks closure (t, or _t after a pause), burst (!t) and aspiration (tasp) of a stop apart. X, R and 4
# are its three kinds of r, L a devoiced l, V and B lenited v and b, H a voiced h; "." and "(" are pauses.
_EMODB_STOPS = {"p": "p", "b": "b", "t": "t", "d": "d", "k": "k", "g": "ɡ"}
_EMODB = {
    **_EMODB_STOPS,
    **{"_" + symbol: phone for symbol, phone in _EMODB_STOPS.items()},
    **{"!" + symbol: phone + "!" for symbol, phone in _EMODB_STOPS.items()},
    **{symbol + "asp": "h" for symbol in _EMODB_STOPS},
    ".": "sil", "(": "sil", "(gef": "", "!": "t!", "dsap": "h", "gas": "h", "hoe": "", "": "", "i": "i",
    "I": "ɪ", "e": "e", "E": "ɛ", "a": "a", "A": "a", "O": "ɔ", "o": "o", "U": "ʊ", "u": "u", "y": "y",
    "Y": "ʏ", "8": "ø", "9": "œ", "@": "ə", "6": "ɐ", "aI": "a:2 ɪ", "aU": "a:2 ʊ", "AU": "a:2 ʊ",
    "aO": "a:2 ɔ", "AO": "a:2 ɔ", "ao": "a:2 o", "OU": "ɔ:2 ʊ", "OY": "ɔ:2 ʏ", "ia": "i a", "i6": "i ɐ",
    "I6": "ɪ ɐ", "E6": "ɛ ɐ", "a6": "a ɐ", "Y6": "ʏ ɐ", "@6": "ə ɐ", "i@": "i ə", "I@": "ɪ ə", "e@": "e ə",
    "@E": "ə ɛ", "@a": "ə a", "@O": "ə ɔ", "m": "m", "mm": "m", "n": "n", "nn": "n", "N": "ŋ", "NN": "ŋ",
    "f": "f", "v": "v", "vv": "v", "V": "ʋ", "B": "β", "D": "ð", "s": "s", "ss": "s", "z": "z", "S": "ʃ",
    "C": "ç", "x": "x", "X": "ʁ", "R": "ʁ", "4": "r", "G": "ɣ", "h": "h", "H": "ɦ", "j": "j", "J": "j",
    "l": "l", "L": "l", "?": "ʔ",
}  # fmt: skip


def _targets(spelling: str) -> tuple[tuple[int, float], ...]:
    """(index, share of the duration) of each target in ``"p:2 p!"``-like spelling; shares sum to one."""
    parts = [part.partition(":") for part in spelling.split()]
    total = sum(float(weight or 1) for _, _, weight in parts)
    return tuple((_INDEX[phone], float(weight or 1) / total) for phone, _, weight in parts)


SCHEMES: dict[str, dict[str, tuple[tuple[int, float], ...]]] = {
    name: {symbol: _targets(spelling) for symbol, spelling in table.items()}
    for name, table in (
        ("arpabet", _ARPABET),
        ("festival", _FESTIVAL),
        ("festvox_ru", _RUSSIAN),
        ("emodb", _EMODB),
    )
}
"""Targets of every symbol of each label set; an empty tuple is a symbol that stays unlabelled."""


def targets(symbol: str, scheme: str = "arpabet") -> tuple[tuple[int, float], ...]:
    """Phones that ``symbol`` moves through as (index, share of its duration). KeyError if it is unknown."""
    bare = symbol.rstrip("012") if scheme == "arpabet" else symbol
    table = SCHEMES[scheme]
    if bare not in table:
        raise KeyError(f"{symbol!r} is not a phone of the label set {scheme!r}: add it in training/phones.py")
    return table[bare]


def phone_index(symbol: str, scheme: str = "arpabet") -> int:
    """Index of the first target of ``symbol``, ``UNLABELLED`` for noise. KeyError if it is unknown."""
    found = targets(symbol, scheme)
    return found[0][0] if found else UNLABELLED


def expand(start: float, end: float, symbol: str, scheme: str = "arpabet") -> list[tuple[float, float, int]]:
    """Segments (start s, end s, index) that ``symbol`` fills between ``start`` and ``end``, without a gap."""
    segments = []
    at = 0.0
    for index, share in targets(symbol, scheme):
        segments.append((start + at * (end - start), start + (at + share) * (end - start), index))
        at += share
    return segments


def hops_from_segments(
    segments: Sequence[tuple[float, float, int]], hops: int, shift: float = 0.0
) -> np.ndarray:
    """Index of the segment that holds the centre of each hop, ``int16 [hops]``; ``UNLABELLED`` elsewhere.

    ``segments`` are (start s, end s, index); ``shift`` seconds are added to their times. Where segments
    overlap the later one in the sequence wins.
    """
    labels = np.full(hops, UNLABELLED, np.int16)
    for start, end, index in segments:
        labels[_first_hop(start + shift, hops) : _first_hop(end + shift, hops)] = index
    return labels


def _first_hop(time: float, hops: int) -> int:
    """First of ``hops`` hops whose centre is at or after ``time`` s, with slack for decimal rounding."""
    inside = min(max(time / HOP_SECONDS, 0.0), float(hops))
    return math.ceil(inside - 0.5 - 1e-7)
