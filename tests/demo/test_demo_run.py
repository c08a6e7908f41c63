"""The demo in Blender: the character as objects, and the whole command on a few frames."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("bpy", reason="needs Blender as a module")

from mouthpiece.inference.types import BLENDSHAPES


def run(*options: str, timeout: float = 300.0) -> subprocess.CompletedProcess:
    """The demo in a process of its own, as ``make demo`` starts it."""
    command = [sys.executable, "-m", "mouthpiece.demo", *options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, env=environment, check=False
    )


def test_the_character_becomes_objects_under_one_head():
    import bpy

    from mouthpiece.demo.character import build_parts
    from mouthpiece.demo.character.build import COLLECTION, build_objects

    bpy.ops.wm.read_factory_settings(use_empty=True)
    head = build_objects(build_parts())
    members = bpy.data.collections[COLLECTION].objects
    keys = members["Face"].data.shape_keys.key_blocks
    assert tuple(key.name for key in keys[1:]) == BLENDSHAPES
    assert all(key.value == 0.0 for key in keys[1:])
    assert members["Jumper"].parent is None
    assert {item.name for item in members if item.parent == head} >= {
        "Face",
        "Eyes",
        "Tongue",
        "Brows",
        "Hair",
    }
    bpy.context.view_layer.update()
    place = members["Face"].matrix_world.translation
    assert place.length < 1e-6


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Results of a very short, very small demo."""
    out = tmp_path_factory.mktemp("demo")
    result = run("--out", str(out), "--film-seconds", "0.4", "--size", "64")
    assert result.returncode == 0, result.stderr
    return out, result.stdout


def test_the_command_makes_every_result(made):
    out, told = made
    assert {path.name for path in out.iterdir()} == {
        "demo.blend",
        "demo.mp4",
        "contact.png",
        "plot.png",
        "blender.log",
    }
    assert (out / "demo.mp4").read_bytes()[4:8] == b"ftyp"
    assert (out / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert "filming 100%" in told


def test_the_saved_scene_is_baked_and_holds_its_sound(made):
    import bpy

    bpy.ops.wm.open_mainfile(filepath=str(made[0] / "demo.blend"))
    face = bpy.data.objects["Face"].data.shape_keys
    assert [track.name for track in face.animation_data.nla_tracks] == ["Mouthpiece"]
    head = bpy.data.objects["Head"].animation_data
    assert [track.name for track in head.nla_tracks] == ["Mouthpiece"]
    assert bpy.data.sounds[0].packed_file is not None
    scene = bpy.context.scene
    seen = set()
    for frame in range(1, scene.frame_end, 5):
        scene.frame_set(frame)
        seen.add(tuple(round(key.value, 4) for key in face.key_blocks))
    assert len(seen) > 5


@pytest.mark.parametrize("option", ["--audio", "--reference"])
def test_a_missing_file_is_named_and_nothing_is_written(tmp_path, option):
    result = run("--out", str(tmp_path / "out"), option, str(tmp_path / "nowhere.wav"))
    assert result.returncode == 2
    assert "nowhere.wav" in result.stderr
    assert "Traceback" not in result.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} <= {"blender.log"}
