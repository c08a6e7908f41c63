"""The three clicks, undo, Esc, an error, references, preview and live preview in a real Blender's window."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bench


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict[str, object]:
    """What one run of the whole scenario has seen; takes two minutes."""
    reason = bench.obstacle()
    if reason:
        pytest.skip(reason)
    root = Path(os.environ["MOUTHPIECE_WINDOW"])
    seen = bench.play(root, bench.prepare(root, tmp_path_factory.mktemp("window")))
    assert "error" not in seen, seen["error"]
    return seen


def test_three_clicks_bake(found) -> None:
    assert found["recognised"] == "Face: 52 of 52 movements" and found["sound"] == "dialogue.flac"
    assert found["baked"].startswith("Baked 494 frames") and found["baked tracks"] == ["Mouthpiece"]


def test_undo_is_one_step_and_the_panel_says_baked_no_more(found) -> None:
    assert found["after undo"] == {"status": "", "tracks": [], "sound": True}


def test_escape_leaves_nothing(found) -> None:
    after = found["after Esc"]
    assert after == {"status": "Cancelled; nothing was changed", "tracks": [], "actions": 0}


def test_a_failure_is_in_the_panel(found) -> None:
    assert found["error shown"]["failed"] and "gone.wav does not exist" in found["error shown"]["status"]


def test_references_have_summaries(found) -> None:
    (broad, _, wide), (mumble, _, narrow) = found["references"]
    assert (broad, mumble) == ("broad", "mumble") and wide[0] > narrow[0] + 0.2


def test_the_preview_moves_the_face_and_leaves_no_trace(found) -> None:
    assert found["preview"]["jaw values"] > 5 and found["still previewing"]
    assert found["preview left"] == {
        "status": "Preview stopped; nothing was changed",
        "same": True,
        "tracks": [],
    }


def test_a_slider_pulled_while_a_preview_plays_is_one_clean_undo_step(found) -> None:
    assert found["strength pulled"] < 0.9
    assert found["undone once"] == {"strength": 1.0, "same": True}
    assert found["redone"]["strength"] == pytest.approx(found["strength pulled"]) and found["redone"]["same"]


def test_live_preview_moves_the_face_and_leaves_no_trace(found) -> None:
    assert found["live"]["jaw values"] > 5 and "1.0 s ahead" in found["live"]["says"]
    assert not found["live left"]["live"] and found["live left"]["same"]
