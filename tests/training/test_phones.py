"""Every label set maps to one inventory, and the inventory says the right things about the mouth."""

from __future__ import annotations

import csv
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from mouthpiece.training.phones import (
    FEATURE_TABLE,
    FEATURES,
    PHONES,
    SCHEMES,
    SILENCE,
    UNLABELLED,
    expand,
    hops_from_segments,
    phone_index,
    targets,
)

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not (DATA / "speech").is_dir(), reason=f"the corpus is not at {DATA}")


def feature(phone: str, name: str) -> float:
    return round(float(FEATURE_TABLE[PHONES.index(phone), FEATURES.index(name)]), 3)


def having(name: str, floor: float) -> set[str]:
    return {phone for phone in PHONES if feature(phone, name) >= floor}


def test_table_is_sound() -> None:
    assert len(set(PHONES)) == len(PHONES) and len(set(FEATURES)) == len(FEATURES)
    assert FEATURE_TABLE.shape == (len(PHONES), len(FEATURES)) and FEATURE_TABLE.dtype == np.float32
    assert FEATURE_TABLE.min() >= 0 and FEATURE_TABLE.max() <= 1
    assert not FEATURE_TABLE.flags.writeable


def test_only_the_bilabials_close_the_lips() -> None:
    assert having("lipClosure", 1.0) == {"p", "b", "m"}
    assert having("lipClosure", 0.5) == {"p", "b", "m", "β"}
    assert having("labiodental", 1.0) == {"f", "v"}


def test_vowels_open_and_round_as_the_chart_says() -> None:
    for closed, opened in ("ie", "eɛ", "ɛa", "uo", "oɔ", "ɔɑ", "yø", "øœ"):
        assert feature(closed, "openness") < feature(opened, "openness"), (closed, opened)
    assert having("rounding", 0.9) == {"u", "y", "ʉ", "ø", "w"}
    assert having("spreading", 0.8) == {"i", "e", "j"}
    rounded_and_spread = having("rounding", 0.5) & having("spreading", 0.5)
    assert not rounded_and_spread
    assert min(feature(vowel, "openness") for vowel in having("vowel", 1)) >= 0.2


def test_classes_of_consonants() -> None:
    assert having("silence", 1) == {"sil"}
    assert FEATURE_TABLE[SILENCE].sum() == 1
    assert having("nasality", 1) == {"m", "n", "ŋ"}
    assert having("burst", 1) == {"p!", "b!", "t!", "d!", "k!", "ɡ!"}
    assert having("sibilance", 0.9) == {"s", "z", "ʃ", "ʒ", "ɕ"}
    for voiceless, voiced in ("pb", "td", "kɡ", "fv", "sz", "ʃʒ", "θð"):
        assert feature(voiceless, "voicing") == 0 and feature(voiced, "voicing") == 1


def test_stops_keep_the_lips_shut_until_the_burst() -> None:
    (start, shut_until, closure), (_, end, burst) = expand(1.0, 1.3, "P")
    assert (start, end) == (1.0, pytest.approx(1.3))
    assert shut_until == pytest.approx(1.2)
    assert (PHONES[closure], PHONES[burst]) == ("p", "p!")


@pytest.mark.parametrize(
    ("symbol", "scheme", "expected"),
    [
        ("AY1", "arpabet", ["a", "ɪ"]),
        ("CH", "arpabet", ["t", "ʃ"]),
        ("jh", "festival", ["d", "ʒ"]),
        ("c", "festvox_ru", ["t", "s"]),
        ("pp", "festvox_ru", ["p", "p!"]),
        ("p", "emodb", ["p"]),
        ("!p", "emodb", ["p!"]),
        ("i6", "emodb", ["i", "ɐ"]),
        ("ax", "festival", ["ə"]),
    ],
)
def test_targets_of_a_symbol(symbol: str, scheme: str, expected: list[str]) -> None:
    segments = expand(0.0, 0.2, symbol, scheme)
    assert [PHONES[index] for _, _, index in segments] == expected
    assert segments[0][0] == 0.0 and segments[-1][1] == pytest.approx(0.2)
    assert all(before[1] == after[0] for before, after in pairwise(segments))


def test_shares_of_every_symbol_fill_it() -> None:
    for table in SCHEMES.values():
        for symbol, parts in table.items():
            assert not parts or sum(share for _, share in parts) == pytest.approx(1), symbol


def test_stress_is_ignored_and_noise_is_unlabelled() -> None:
    assert phone_index("AH0") == phone_index("AH2") == phone_index("AH")
    assert phone_index("SIL") == SILENCE
    assert phone_index("+NSN+") == UNLABELLED and expand(0, 1, "+NSN+") == []


def test_unknown_symbols_are_named() -> None:
    with pytest.raises(KeyError, match="'QQ'"):
        phone_index("QQ")
    with pytest.raises(KeyError, match="festvox_ru"):
        phone_index("AA", "festvox_ru")


def test_a_hop_takes_the_segment_at_its_centre() -> None:
    labels = hops_from_segments([(0.0, 0.015, 3), (0.015, 0.03, 4)], 5)
    assert labels.dtype == np.int16
    assert labels.tolist() == [3, 4, 4, UNLABELLED, UNLABELLED]


def test_centres_on_a_boundary_belong_to_what_begins() -> None:
    assert hops_from_segments([(0.0, 0.105, 1), (0.105, 0.2, 2)], 20).tolist() == [1] * 10 + [2] * 10


def test_segments_outside_are_cut() -> None:
    segments = [(-1.0, 0.02, 1), (0.03, float("inf"), 2)]
    assert hops_from_segments(segments, 5).tolist() == [1, 1, UNLABELLED, 2, 2]
    assert hops_from_segments([(7.0, 8.0, 1)], 3).tolist() == [UNLABELLED] * 3
    assert hops_from_segments([(0.0, 1.0, 1)], 0).shape == (0,)


def test_shift_moves_labels_later() -> None:
    segments = [(0.0, 0.05, 1)]
    assert hops_from_segments(segments, 8, shift=0.02).tolist() == [-1, -1, 1, 1, 1, 1, 1, -1]
    assert hops_from_segments(segments, 8, shift=-0.02).tolist() == [1, 1, 1] + [-1] * 5


def test_adjoining_segments_leave_no_hole() -> None:
    edges = np.cumsum(np.random.default_rng(3).uniform(0.01, 0.2, 60))
    segments = [(a, b, i % 50) for i, (a, b) in enumerate(zip([0.0, *edges], edges, strict=False))]
    assert UNLABELLED not in hops_from_segments(segments, int(edges[-1] * 100) - 1)


@needs_data
@pytest.mark.parametrize(
    "table",
    [
        "speech/speechocean762/align_pocketsphinx.tsv",
        "speech/dc_tts_ljtext/align_pocketsphinx.tsv",
        "grid_phones.tsv",
    ],
)
def test_every_arpabet_label_of_the_corpus_is_known(table: str) -> None:
    with (DATA / table).open(encoding="utf-8") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    for symbol in {row[3] for row in rows[1:]}:
        targets(symbol)


@needs_data
@pytest.mark.parametrize(
    ("folder", "scheme"), [("speech/festvox_ru/lab", "festvox_ru"), ("speech/emodb/lablaut", "emodb")]
)
def test_every_hand_label_of_the_corpus_is_known(folder: str, scheme: str) -> None:
    found = 0
    for path in sorted((DATA / folder).iterdir()):
        body = path.read_text(encoding="latin-1").partition("#")[2]
        for fields in map(str.split, body.splitlines()):
            if len(fields) > 2:
                targets(re.split(r"[+\[-]", fields[2])[0], scheme)
                found += 1
    assert found > 10_000
