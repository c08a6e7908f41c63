"""The panels of the rig's side, drawn onto a layout that knows what Blender would complain about."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

ICONS = bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items
CONTAINERS = ("row", "column", "box", "split", "grid_flow")


class Layout:
    """Takes what panels draw and refuses properties, operators and icons that do not exist."""

    def __init__(self, drawn: list[str]) -> None:
        self.drawn = drawn

    def __getattr__(self, name: str):
        if name in CONTAINERS:
            return lambda **_: Layout(self.drawn)
        raise AttributeError(name)

    def _icon(self, icon: str) -> None:
        assert icon in ICONS, f"no icon {icon}"

    def label(self, text: str = "", icon: str = "NONE", **_: object) -> None:
        self._icon(icon)
        self.drawn.append(text)

    def separator(self, **_: object) -> None: ...

    def progress(self, factor: float, text: str = "") -> None:
        assert 0.0 <= factor <= 1.0
        self.drawn.append(text)

    def menu(self, name: str, text: str = "", icon: str = "NONE") -> None:
        assert hasattr(bpy.types, name), f"no menu {name}"
        self._icon(icon)

    def prop(self, data, name: str, icon: str = "NONE", **_: object) -> None:
        assert name in data.bl_rna.properties, f"{data} has no {name}"
        assert data.bl_rna.properties[name].description, f"{name} has no tooltip"
        self._icon(icon)
        self.drawn.append(name)

    def prop_search(self, data, name: str, source, collection: str, **_: object) -> None:
        assert name in data.bl_rna.properties and hasattr(source, collection)
        self.drawn.append(name)

    def template_list(self, cls: str, _id: str, data, items: str, active, index: str, **_: object) -> None:
        assert hasattr(bpy.types, cls) and hasattr(data, items) and hasattr(active, index)
        self.drawn.append(cls)

    def operator(self, name: str, text: str = "", icon: str = "NONE", **_: object) -> SimpleNamespace:
        room, verb = name.split(".")
        kind = getattr(getattr(bpy.ops, room), verb).get_rna_type()
        assert kind.description, f"{name} has no tooltip"
        self._icon(icon)
        self.drawn.append(name)
        return _Options(kind)

    def operator_menu_enum(self, name: str, enum: str, text: str = "", icon: str = "NONE") -> None:
        setattr(self.operator(name, text, icon), enum, "")


class _Options:
    """Operator options that must exist."""

    def __init__(self, kind) -> None:
        object.__setattr__(self, "kind", kind)

    def __setattr__(self, name: str, value: object) -> None:
        assert name in self.kind.properties, f"{self.kind.identifier} has no {name}"


def draw(name: str) -> list[str]:
    drawn: list[str] = []
    panel = SimpleNamespace(layout=Layout(drawn))
    cls = getattr(bpy.types, name)
    for method in ("_draw_table", "_draw_entry"):
        if hasattr(cls, method):
            setattr(panel, method, getattr(cls, method).__get__(panel))
    context = SimpleNamespace(
        scene=bpy.context.scene,
        window_manager=bpy.context.window_manager,
        view_layer=bpy.context.view_layer,
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0)),
        region=SimpleNamespace(width=300),
    )
    cls.draw(panel, context)
    return drawn


def test_mapping_panel_without_a_table(stage) -> None:
    stage.face()
    bpy.ops.mouthpiece.mapping_detect()
    drawn = draw("MOUTHPIECE_PT_mapping")
    assert "mouthpiece.mapping_reset" in drawn and "MOUTHPIECE_UL_mapping" not in drawn
    assert any("recognised by ARKit 52" in line for line in drawn)


@pytest.mark.parametrize("kind", ["SHAPE_KEY", "POSE", "PROPERTY", "BONE"])
@pytest.mark.parametrize("armature", [True, False])
def test_mapping_panel_with_a_table(stage, kind: str, armature: bool) -> None:
    owner = stage.armature("Rig", "jaw") if armature else None
    face = stage.face(parent=owner)
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    row = face.mouthpiece.entries[0]
    row.kind, row.owner, row.use_range = kind, owner, True
    drawn = draw("MOUTHPIECE_PT_mapping")
    assert {"MOUTHPIECE_UL_mapping", "name", "gain", "mouthpiece.mapping_poke"} <= set(drawn)
    assert ("bone_axis" in drawn) == (kind == "BONE") and {"low", "invert"} <= set(drawn)


def test_mapping_panel_of_nothing(stage) -> None:
    assert "mouthpiece.mapping_detect" in draw("MOUTHPIECE_PT_mapping")


def test_references_panel_takes_a_drop_with_and_without_references(stage) -> None:
    drawn = draw("MOUTHPIECE_PT_references")
    assert {"reference_drop", "mouthpiece.reference_import"} <= set(drawn)
    stage.scene.mouthpiece.reference_drop = stage.action(stage.motion(60), "Angry")
    drawn = draw("MOUTHPIECE_PT_references")
    assert {"reference_drop", "MOUTHPIECE_UL_references", "Openness", "style_strength"} <= set(drawn)


@pytest.mark.parametrize("span", ["ALL", "FRAMES"])
def test_option_panels(stage, span: str) -> None:
    stage.face()
    stage.scene.mouthpiece.output.span = span
    assert ("first" in draw("MOUTHPIECE_PT_bake_options")) == (span == "FRAMES")
    bpy.ops.mouthpiece.preflight()
    drawn = draw("MOUTHPIECE_PT_use_bake")
    assert {"mouthpiece.preflight", "mouthpiece.bake_export", "mouthpiece.flame_export"} <= set(drawn)
    assert any("No dialogue is chosen" in line for line in drawn)


def test_sub_panels_are_closed_by_default(stage) -> None:
    for name in ("mapping", "bake_options", "use_bake"):
        assert "DEFAULT_CLOSED" in getattr(bpy.types, f"MOUTHPIECE_PT_{name}").bl_options


def test_the_mapping_panel_shows_the_table_that_a_bake_follows(stage) -> None:
    """Meshes that only touch, in one collection, are one character: the table of either is that of both."""
    head, teeth = stage.face("Head"), stage.face("Teeth")
    stage.scene.mouthpiece.target = head
    bpy.ops.mouthpiece.mapping_reset(mode="DETECT")
    head.mouthpiece.entries[0].gain = 0.123
    stage.scene.mouthpiece.target = teeth
    drawn = draw("MOUTHPIECE_PT_mapping")
    assert "MOUTHPIECE_UL_mapping" in drawn and "gain" in drawn, "no Edit as Table over a table that is there"
    bpy.ops.mouthpiece.mapping_entry_remove(index=len(head.mouthpiece.entries) - 1)
    assert head.mouthpiece.entries[0].gain == pytest.approx(0.123) and not teeth.mouthpiece.entries
