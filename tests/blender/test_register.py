"""Registering and unregistering leaves Blender as it was."""

from __future__ import annotations

import subprocess
import sys

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

import mouthpiece  # noqa: E402

OPERATORS = {
    "bake",
    "bake_export",
    "bake_options_reset",
    "bake_preset_add",
    "bake_to_asset",
    "batch_bake",
    "batch_report",
    "cache_clear",
    "cancel",
    "cast_add",
    "cast_assign",
    "cast_load",
    "cast_remove",
    "cast_update",
    "live_toggle",
    "flame_export",
    "flame_import",
    "manner_preset",
    "manner_preset_add",
    "mapping_detect",
    "mapping_entry_add",
    "mapping_entry_remove",
    "mapping_load",
    "mapping_poke",
    "mapping_preset",
    "mapping_preset_add",
    "mapping_preset_remove",
    "mapping_reset",
    "mapping_save",
    "preflight",
    "preview_rest",
    "preview_style",
    "reference_add",
    "reference_check",
    "reference_import",
    "reference_remove",
    "status_clear",
}


def classes() -> set[str]:
    names = {name for name in dir(bpy.types) if "mouthpiece" in name.lower()}
    return names | set(dir(bpy.ops.mouthpiece))


def test_registers_and_unregisters_twice() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)  # another test's scene keeps its settings
    before = classes()
    for _ in range(2):
        mouthpiece.register()
        assert set(dir(bpy.ops.mouthpiece)) == OPERATORS and "MOUTHPIECE_PT_main" in classes()
        assert bpy.context.scene.mouthpiece.style_strength == 1.0
        assert not bpy.context.window_manager.mouthpiece.running
        mouthpiece.unregister()
        assert classes() == before
        assert not hasattr(bpy.types.Scene, "mouthpiece")
        assert not hasattr(bpy.types.WindowManager, "mouthpiece")


def test_registering_does_not_load_onnx_runtime() -> None:
    """Blender starts fast, and starts where the library does not."""
    # The 4.5 module hangs at exit while a class with methods is still registered.
    code = (
        "import sys, mouthpiece; mouthpiece.register(); loaded = 'onnxruntime' in sys.modules; "
        "mouthpiece.unregister(); sys.exit(loaded)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_settings_survive_a_file_and_the_running_state_does_not(stage) -> None:
    face = stage.face()
    settings = bpy.context.scene.mouthpiece
    settings.target, settings.seed, settings.valence = face, 7, -0.5
    settings.references.add().weight = 0.25
    bpy.context.window_manager.mouthpiece.running = True
    path = str(stage.folder / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    settings = bpy.context.scene.mouthpiece
    assert settings.target.name == "Face" and settings.seed == 7 and settings.valence == -0.5
    assert [item.weight for item in settings.references] == [0.25]
    assert not bpy.context.window_manager.mouthpiece.running
