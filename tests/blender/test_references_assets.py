"""References from the Asset Browser: by its selection, and by an action that is dropped onto the panel."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.inference.errors import TakeError  # noqa: E402
from mouthpiece.operators import references  # noqa: E402
from mouthpiece.operators.references_assets import asset_actions  # noqa: E402
from mouthpiece.operators.request import read_request  # noqa: E402


def asset(name: str, path: str = "", local=None, kind: str = "ACTION") -> SimpleNamespace:
    """What the Asset Browser tells of an asset; only a window has real ones."""
    return SimpleNamespace(name=name, full_library_path=path, local_id=local, id_type=kind)


@pytest.fixture
def library(stage) -> str:
    """A file with a facial take that is no longer in this one."""
    made = stage.action(stage.motion(60), "Angry")
    made.asset_mark()
    path = str(stage.folder / "library.blend")
    bpy.data.libraries.write(path, {made}, fake_user=True)
    bpy.data.actions.remove(made)
    return path


def test_selected_assets_of_this_file_and_others_become_references(stage, library, monkeypatch) -> None:
    face, calm = stage.face(), stage.action(stage.motion(60, 1.0), "Calm")
    chosen = [asset("Calm", local=calm), asset("Angry", library), asset("Steel", library, kind="MATERIAL")]
    monkeypatch.setattr(references, "selected_assets", lambda context: chosen)
    assert bpy.ops.mouthpiece.reference_add(scope="ASSETS") == {"FINISHED"}
    settings = stage.scene.mouthpiece
    assert [item.name for item in settings.references] == ["Calm", "Angry"]
    assert all(item.concern == "" and item.seconds > 2.0 for item in settings.references)
    with pytest.raises(RuntimeError, match="all of them are listed already"):
        bpy.ops.mouthpiece.reference_add(scope="ASSETS")
    assert sorted(action.name for action in bpy.data.actions) == ["Angry", "Calm"], "appended once"
    settings.target, settings.audio_path = face, str(stage.sound(1.0))
    assert len(read_request(bpy.context).references) == 2


def test_what_cannot_be_had_is_named(stage, library) -> None:
    with pytest.raises(RuntimeError, match="No Asset Browser is open"):
        bpy.ops.mouthpiece.reference_add(scope="ASSETS")
    with pytest.raises(TakeError, match="No action is among the selected assets"):
        asset_actions([asset("Steel", library, kind="MATERIAL")])
    with pytest.raises(TakeError, match="has no action named Gone"):
        asset_actions([asset("Gone", library)])
    with pytest.raises(TakeError, match=r"nowhere\.blend cannot be read"):
        asset_actions([asset("Angry", str(stage.folder / "nowhere.blend"))])
    assert not bpy.data.actions


def test_a_dropped_action_becomes_a_reference_and_the_field_is_free_again(stage) -> None:
    """Blender fills the field under the mouse with what is dropped on it."""
    settings = stage.scene.mouthpiece
    settings.reference_drop = stage.action(stage.motion(60), "Angry")
    assert [item.name for item in settings.references] == ["Angry"] and settings.reference_drop is None
    settings.reference_drop = bpy.data.actions.new("Walk")
    assert settings.reference_drop is None
    assert settings.references[1].concern, "what is no facial take is listed with the reason"


def test_the_asset_browsers_menu_goes_with_the_extension(stage) -> None:
    menu = bpy.types.ASSETBROWSER_MT_context_menu
    import mouthpiece

    count = len(menu._dyn_ui_initialize())
    mouthpiece.unregister()
    assert len(menu._dyn_ui_initialize()) == count - 1
    mouthpiece.register()
    assert len(menu._dyn_ui_initialize()) == count


def test_takes_of_an_artists_own_names_are_found(stage) -> None:
    """Names that only the character's mapping explains, and poses."""
    face = stage.face("Face", ["Weird", "Odd"])
    row = face.mouthpiece.entries.add()
    row.channel, row.kind, row.name = "jawOpen", "SHAPE_KEY", "Weird"
    block = face.data.shape_keys.key_blocks["Weird"]
    for frame, value in ((1, 0.0), (40, 0.8), (60, 0.1)):
        block.value = value
        block.keyframe_insert("value", frame=frame)
    vowels = stage.face("Vowels", ["A", "I", "U", "E", "O"], at=(9, 0, 0))
    for block in vowels.data.shape_keys.key_blocks[1:]:
        for frame, value in ((1, 0.0), (40, 0.8), (60, 0.1)):
            block.value = value
            block.keyframe_insert("value", frame=frame)
    face.select_set(True), vowels.select_set(True)
    assert bpy.ops.mouthpiece.reference_add(scope="SELECTED") == {"FINISHED"}
    assert [item.concern for item in stage.scene.mouthpiece.references] == ["", ""]
