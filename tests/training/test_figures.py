"""Figures reach the page only between its markers."""

from __future__ import annotations

from pathlib import Path

import pytest

from mouthpiece.training.figures import BEGIN, END, Figure, as_markdown, update_card

FIGURES = [
    Figure("A", "model", "r", 0.91234, (0.9, 0.92), 12),
    Figure("A", "ridge", "r", 0.5, None, 12),
    Figure("B", "model", "F1", 0.8, None, 3),
]


def test_one_table_per_group_with_intervals_where_known() -> None:
    text = as_markdown(FIGURES)
    assert text.count("| who |") == 2
    assert "| model | r | 0.912 | 0.900 … 0.920 | 12 |" in text
    assert "| ridge | r | 0.500 | – | 12 |" in text


def test_a_card_keeps_everything_else(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text(f"# Top\n{BEGIN}\nold\n{END}\nbottom\n", encoding="utf-8")
    update_card(card, FIGURES)
    update_card(card, FIGURES)
    text = card.read_text(encoding="utf-8")
    assert text.startswith("# Top\n")
    assert text.endswith("\nbottom\n")
    assert "old" not in text
    assert text.count("0.912") == 1


def test_a_card_without_markers_is_refused_and_kept(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text("plain", encoding="utf-8")
    with pytest.raises(ValueError, match="markers"):
        update_card(card, FIGURES)
    assert card.read_text(encoding="utf-8") == "plain"
