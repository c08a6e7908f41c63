"""A bake onto a real rig that somebody else made: ICT FaceKit, 26 719 vertices and 53 shape keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

ICT = Path(__file__).resolve().parents[3] / "shared" / "data" / "rigs" / "ict_face.npz"


@pytest.mark.skipif(not ICT.is_file(), reason="needs ../shared/data/rigs/ict_face.npz")
def test_a_bake_moves_the_vertices_of_the_ict_face(stage) -> None:
    with np.load(ICT, allow_pickle=False) as rig:
        neutral, deltas = rig["neutral"], rig["expression_deltas"].astype(np.float32)
        names = [str(name) for name in rig["expression_names"]]
    mesh = bpy.data.meshes.new("ICT")
    mesh.from_pydata(neutral.tolist(), [], [])
    face = bpy.data.objects.new("ICT", mesh)
    stage.scene.collection.objects.link(face)
    face.shape_key_add(name="Basis")
    for name, delta in zip(names, deltas, strict=True):
        key = face.shape_key_add(name=name)
        key.value = 0.0
        key.data.foreach_set("co", (neutral + delta).ravel())
    settings = stage.scene.mouthpiece
    settings.target, settings.audio_path = face, str(stage.sound(1.0))
    assert bpy.ops.mouthpiece.bake() == {"FINISHED"}
    status = bpy.context.window_manager.mouthpiece.status
    assert "onto 53 shape keys of 1 mesh; 51 of 52 channels matched; missing tongueOut" in status
    stage.at(0.5)
    evaluated = face.evaluated_get(bpy.context.evaluated_depsgraph_get())
    shown = np.empty(neutral.size, np.float32)
    evaluated.data.vertices.foreach_get("co", shown)
    weights = np.array([face.data.shape_keys.key_blocks[name].value for name in names], np.float32)
    expected = neutral + np.tensordot(weights, deltas, 1)
    assert np.abs(shown.reshape(-1, 3) - neutral).max() > 1e-3
    np.testing.assert_allclose(shown.reshape(-1, 3), expected, atol=2e-3)
