"""What the artist reads is said in the language of Blender's reports, in the panel and in the report."""

from __future__ import annotations

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.inference.errors import Message  # noqa: E402
from mouthpiece.operators import messages  # noqa: E402

GERMAN = {
    "{mesh} is hidden: show it to see it move.": "{mesh} ist ausgeblendet: blende es ein.",
    "{count} thing to look at": "{count} Hinweis",
    "{count} things to look at": "{count} Hinweise",
    "No dialogue is chosen: pick a sound.": "Kein Dialog gewählt: wähle einen Ton.",
    "{target} has no bake of Mouthpiece: press Bake first.": "{target} ist nicht gebacken: drücke Backen.",
    "{owner}: {count} rows to edit": "{falsch} Zeilen",
}


@pytest.fixture
def german(monkeypatch) -> None:
    """The module has no languages built in; this stands for Blender's own look-up."""
    monkeypatch.setattr(messages, "rpt_", lambda text: GERMAN.get(text, text))


def state():
    return bpy.context.window_manager.mouthpiece


def test_pre_flight_and_errors_are_translated_with_their_names(stage, german) -> None:
    face = stage.face("Ada")
    face.hide_set(True)
    stage.scene.mouthpiece.target = face
    bpy.ops.mouthpiece.preflight()
    expected = ["Ada ist ausgeblendet: blende es ein.", "Kein Dialog gewählt: wähle einen Ton."]
    assert state().preflight.splitlines() == expected
    assert state().status.splitlines()[0] == "2 Hinweise"
    with pytest.raises(RuntimeError, match="Ada ist nicht gebacken"):
        bpy.ops.mouthpiece.bake_export(filepath=str(stage.folder / "a.csv"))
    assert state().status == "Ada ist nicht gebacken: drücke Backen." and state().failed


def test_parts_are_translated_and_names_are_not(german) -> None:
    inner = Message("{mesh} is hidden: show it to see it move.", mesh="{count} thing to look at")
    whole = Message.joined([inner, Message("Kept")], " / ")
    assert messages.translated(whole) == "{count} thing to look at ist ausgeblendet: blende es ein. / Kept"


def test_a_wrong_translation_falls_back_to_english(stage, german) -> None:
    stage.face("Ada", ["jawOpen"])
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    assert state().status == "Ada: 1 rows to edit"
