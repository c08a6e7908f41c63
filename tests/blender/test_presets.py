"""Presets: those of the package, and the artist's own mappings, bake options and manners."""

from __future__ import annotations

from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.operators import mapping_presets  # noqa: E402
from mouthpiece.operators.presets_own import OUTPUT  # noqa: E402


@pytest.fixture
def kept(stage, monkeypatch) -> Path:
    """Own presets in a folder of the test's, with a name that is not plain ASCII."""
    folder = stage.folder / "Größe"
    monkeypatch.setattr(mapping_presets, "folder", lambda: folder)
    return folder


def rows(item) -> list[tuple[str, str, float]]:
    return [(row.channel, row.name, round(row.gain, 3)) for row in item.mouthpiece.entries]


def add(item, channel: str, kind: str, name: str, **values) -> None:
    row = item.mouthpiece.entries.add()
    row.channel, row.kind, row.name = channel, kind, name
    for field, value in values.items():
        setattr(row, field, value)


def test_an_own_mapping_is_kept_used_elsewhere_and_removed(stage, kept) -> None:
    armature = stage.armature("Anna rig", "jaw")
    anna = stage.face("Anna", ["Weird"], parent=armature)
    add(anna, "jawLeft", "SHAPE_KEY", "Weird", gain=0.5)
    add(anna, "jawOpen", "BONE", "jaw", owner=armature, gain=0.3)
    bpy.context.view_layer.objects.active = anna
    for name in ("", " ", "../", "?"):
        with pytest.raises(RuntimeError, match="is no name for a preset"):
            bpy.ops.mouthpiece.mapping_preset_add(name=name)
    assert bpy.ops.mouthpiece.mapping_preset_add(name="Studio Köln") == {"FINISHED"}
    assert mapping_presets.own_presets() == ("Studio Köln",)
    other = stage.armature("Ben rig", "jaw")
    ben = stage.face("Ben", ["Weird"], at=(9, 0, 0), parent=other)
    bpy.context.view_layer.objects.active = ben
    assert bpy.ops.mouthpiece.mapping_preset(preset="own:Studio Köln") == {"FINISHED"}
    assert rows(ben) == [("jawLeft", "Weird", 0.5), ("jawOpen", "jaw", 0.3)]
    assert ben.mouthpiece.entries[1].owner == other, "his own rig's bone, whatever the rig is called"
    bare = stage.face("Bare", ["Weird"], at=(20, 0, 0))
    bpy.ops.mouthpiece.mapping_preset(preset="own:Studio Köln")
    assert rows(bare) == [("jawLeft", "Weird", 0.5)]
    assert "left out: Anna rig: jaw" in bpy.context.window_manager.mouthpiece.status
    assert bpy.ops.mouthpiece.mapping_preset_remove(preset="Studio Köln") == {"FINISHED"}
    assert not list(kept.iterdir()) and len(ben.mouthpiece.entries) == 2
    with pytest.raises(RuntimeError, match="kept no mapping"):
        bpy.ops.mouthpiece.mapping_preset_remove()


def test_built_in_presets_fill_the_table(stage, kept) -> None:
    face = stage.face("Vowels", ["A", "I", "U", "E", "O", "Blink"])
    assert bpy.ops.mouthpiece.mapping_preset(preset="VRM and MMD vowels") == {"FINISHED"}
    kinds = {row.name: row.kind for row in face.mouthpiece.entries}
    assert kinds == {"A": "POSE", "I": "POSE", "U": "POSE", "E": "POSE", "O": "POSE", "Blink": "SHAPE_KEY"}
    with pytest.raises(RuntimeError, match="has no shape keys as FACS action units names them"):
        bpy.ops.mouthpiece.mapping_preset(preset="FACS action units")
    assert kinds == {row.name: row.kind for row in face.mouthpiece.entries}, "a failure changes nothing"


def test_a_control_beside_the_character_is_found_again(stage, kept) -> None:
    face, control = stage.face("Face", ["Weird"]), stage.empty("Controls")
    control["open"] = 0.0
    add(face, "jawOpen", "PROPERTY", "open", owner=control)
    bpy.ops.mouthpiece.mapping_preset_add(name="Controls")
    face.mouthpiece.entries.clear()
    bpy.ops.mouthpiece.mapping_preset(preset="own:Controls")
    assert face.mouthpiece.entries[0].owner == control


@pytest.mark.parametrize("kind", ["bake", "manner"])
def test_own_presets_of_options_bring_them_back(stage, monkeypatch, kind: str) -> None:
    monkeypatch.setattr(bpy.utils, "user_resource", lambda *_, path="", **__: _made(stage.folder / path))
    settings = stage.scene.mouthpiece
    if kind == "bake":
        owner, fields = settings.output, OUTPUT
        changed = {"intensity_mouth": 0.5, "use_fewer_keys": True, "layer": "ADD", "blend_in": 4.0}
    else:
        owner, fields = settings, ("style_strength", "valence", "seed")
        changed = {"style_strength": 0.25, "valence": -0.5, "seed": 7}
    for name, value in changed.items():
        setattr(owner, name, value)
    add_preset = getattr(bpy.ops.mouthpiece, f"{kind}_preset_add")
    assert add_preset(name="Mine") == {"FINISHED"}
    (file,) = stage.folder.rglob("Mine.py")
    assert file.parent.name == kind and file.parent.parent.name == "mouthpiece"
    before = {name: getattr(owner, name) for name in fields}
    for name in fields:
        owner.property_unset(name)
    bpy.ops.script.execute_preset(filepath=str(file), menu_idname=f"MOUTHPIECE_PT_{kind}_presets")
    assert {name: getattr(owner, name) for name in fields} == before


def _made(path: Path) -> str:
    path.mkdir(parents=True, exist_ok=True)
    return str(path)


def test_a_bake_preset_holds_every_option(stage) -> None:
    options = set(stage.scene.mouthpiece.output.bl_rna.properties.keys())
    assert options - {"rna_type", "name", "first", "last"} == set(OUTPUT)
