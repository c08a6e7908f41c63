"""What the panel says, presets and resets: true after undo and with another file, and one step each."""

from __future__ import annotations

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.operators.messages import logger  # noqa: E402
from mouthpiece.operators.presets import MANNER, PRESETS  # noqa: E402


def state():
    return bpy.context.window_manager.mouthpiece


def test_undo_redo_and_another_file_take_the_message_away(stage) -> None:
    bpy.ops.ed.undo_push(message="start")
    stage.scene.mouthpiece.seed = 5
    bpy.ops.ed.undo_push(message="seed")
    for change, seed in ((bpy.ops.ed.undo, 0), (bpy.ops.ed.redo, 5)):
        state().status, state().failed = "Baked 26 frames", True
        change()
        assert bpy.context.scene.mouthpiece.seed == seed
        assert state().status == "" and not state().failed
    state().status, state().running = "Baked 26 frames", True
    path = str(stage.folder / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert state().status == "" and not state().running


def test_a_message_can_be_dismissed(stage) -> None:
    state().status = "Baked"
    bpy.ops.mouthpiece.status_clear()
    assert state().status == ""


@pytest.mark.parametrize("name", PRESETS)
def test_presets_set_what_they_name_and_reset_the_rest(stage, name: str) -> None:
    settings = stage.scene.mouthpiece
    defaults = {field: getattr(settings, field) for field in MANNER}
    for field in MANNER:
        setattr(settings, field, 0.25 if isinstance(defaults[field], float) else 7)
    assert bpy.ops.mouthpiece.manner_preset(preset=name) == {"FINISHED"}
    values = PRESETS[name][2]
    for field in MANNER:
        assert getattr(settings, field) == pytest.approx(values.get(field, defaults[field])), field


def test_the_face_line_says_what_a_bake_would_move(stage) -> None:
    assert state().face == ""
    stage.face("Ada")
    assert state().face == "Ada: 52 of 52 movements"
    stage.face("Bob", ["jawOpen", "mouthClose", "Freckles"], at=(9, 0, 0))
    assert state().face == "Bob: 2 of 52 movements"
    odd = stage.scene.mouthpiece.target = stage.face("Odd", ["aaa", "bbb"], at=(12, 0, 0))
    assert state().face == "", "names alone say nothing"
    for key in ("aaa", "bbb"):
        row = odd.mouthpiece.entries.add()
        row.channel, row.kind, row.name = "jawOpen", "SHAPE_KEY", key
    assert state().face == "Odd: 2 rows of its mapping"
    row.enabled = False
    assert state().face == "Odd: 1 row of its mapping"
    stage.scene.mouthpiece.target = stage.face("Bare", [], at=(20, 0, 0))
    assert state().face == ""


def test_what_is_told_is_logged(stage, caplog) -> None:
    logger.propagate = True
    with caplog.at_level("INFO", logger=logger.name), pytest.raises(RuntimeError):
        bpy.ops.mouthpiece.reference_import(filepath=str(stage.folder / "gone.csv"))
    bpy.ops.mouthpiece.manner_preset(preset="WARM")
    levels = [record.levelname for record in caplog.records]
    assert levels[0] == "ERROR" and "gone.csv" in caplog.records[0].message


def test_only_an_installed_extension_has_a_cache(stage) -> None:
    with pytest.raises(RuntimeError, match="Only an installed extension has a cache"):
        bpy.ops.mouthpiece.cache_clear()
