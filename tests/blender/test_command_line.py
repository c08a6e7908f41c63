"""``blender --command mouthpiece``: the same verbs, in Blender's own Python."""

from __future__ import annotations

import json

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.operators import command_line  # noqa: E402


def test_a_batch_from_blenders_command_line(stage, capfd) -> None:
    stage.sound(0.3, "anna_1.wav")
    (stage.folder / "bert_2.wav").write_bytes(b"no sound" * 99)
    out = stage.folder / "out"
    assert command_line.execute(["batch", str(stage.folder), "--out", str(out)]) == 1
    said = json.loads((out / "report.json").read_text("utf-8"))
    assert [(line["id"], line["status"]) for line in said["lines"]] == [
        ("anna_1", "done"),
        ("bert_2", "failed"),
    ]
    assert (out / "anna_1.csv").is_file() and "bert_2" in capfd.readouterr().err


def test_wrong_options_and_help_are_exit_codes(registered, capfd) -> None:
    assert command_line.execute(["batch"]) == 2
    assert command_line.execute(["--help"]) == 0
    assert "animate|stream|batch" in capfd.readouterr().out


def test_the_command_is_registered_with_blender(registered) -> None:
    """A second one of the name would make both inaccessible, so Blender gets ours back on unregistering."""
    assert len(command_line._handles) == 1
    command_line.unregister()
    assert not command_line._handles
    command_line.register()
