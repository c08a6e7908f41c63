"""Lines as .blend actions, glTF and USD of a given rig, through a real Blender in the background."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's Python module")

from mouthpiece.inference.livelink import read_take  # noqa: E402
from mouthpiece.inference.types import BLENDSHAPES  # noqa: E402

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="the stand-in for Blender's program is a shell script"
)


class Farm:
    """A rig file, a table of lines, and the command line as a process that knows a Blender."""

    def __init__(self, stage) -> None:
        self.stage, self.folder = stage, stage.folder
        self.out = self.folder / "out"
        stage.face("Head")
        stage.face("Prop", keys=["A", "B"], at=(9, 0, 0))
        bpy.ops.wm.save_as_mainfile(filepath=str(self.folder / "rig.blend"))
        self.blender = self.folder / "blender"
        module = Path(__file__).with_name("blender_module.py")
        self.blender.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{module}" "$@"\n')
        self.blender.chmod(0o755)

    def table(self, *rows: str) -> Path:
        path = self.folder / "lines.csv"
        path.write_text("\n".join(("id,audio,format,fps,rig,face", *rows)) + "\n", "utf-8")
        return path

    def batch(self, *options: object, **environment: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "mouthpiece", "batch", self.folder / "lines.csv", "--out", self.out]
        command += ["--blender", self.blender, *options]
        return subprocess.run(
            list(map(str, command)),
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def statuses(self) -> dict[str, str]:
        said = json.loads((self.out / "report.json").read_text("utf-8"))
        return {line["id"]: line["status"] for line in said["lines"]}

    def motion(self) -> np.ndarray:
        (path,) = (self.out / ".mouthpiece" / "motion").glob("*.npz")
        return read_take(path).channels


@pytest.fixture
def farm(stage) -> Farm:
    stage.sound(0.6, "a.wav")
    return Farm(stage)


def gltf(path: Path) -> tuple[dict, bytes]:
    """The JSON and the binary of a GLB."""
    content = path.read_bytes()
    assert content[:4] == b"glTF"
    (length,) = struct.unpack_from("<I", content, 12)
    return json.loads(content[20 : 20 + length]), content[28 + length :]


def test_every_format_of_a_line(farm) -> None:
    farm.table("s1/a,a.wav,csv+blend+glb+usd,30,rig.blend,")
    done = farm.batch()
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in (farm.out / "s1").iterdir()) == ["a.blend", "a.csv", "a.glb", "a.usd"]
    channels = farm.motion()
    assert len(channels) == 15

    with bpy.data.libraries.load(str(farm.out / "s1" / "a.blend")) as (source, target):
        assert source.actions == ["a"] and not source.objects and not source.meshes
        target.actions = ["a"]
    (action,) = target.actions
    bag = action.layers[0].strips[0].channelbag(action.slots[0])
    curves = {curve.data_path: curve for curve in bag.fcurves}
    jaw = [point.co[:] for point in curves['key_blocks["jawOpen"].value'].keyframe_points]
    np.testing.assert_allclose([x for x, _ in jaw], 1 + (np.arange(15) + 0.5) * 30 / 25, atol=1e-4)
    np.testing.assert_allclose([y for _, y in jaw], channels[:, BLENDSHAPES.index("jawOpen")], atol=1e-3)

    scene, binary = gltf(farm.out / "s1" / "a.glb")
    assert [node["name"] for node in scene["nodes"]] == ["Head"]
    (animation,) = scene["animations"]
    assert [channel["target"]["path"] for channel in animation["channels"]] == ["weights"]
    sampler = animation["samplers"][0]

    def floats(index: int) -> np.ndarray:
        accessor = scene["accessors"][index]
        view = scene["bufferViews"][accessor["bufferView"]]
        return np.frombuffer(binary, "<f4", accessor["count"], view.get("byteOffset", 0))

    times, weights = floats(sampler["input"]), floats(sampler["output"]).reshape(-1, len(BLENDSHAPES))
    assert times[0] == 0 and times[-1] == pytest.approx(0.6, abs=0.05)
    frames = np.clip(times * 25 - 0.5, 0, len(channels) - 1)
    jaw = np.interp(frames, np.arange(len(channels)), channels[:, BLENDSHAPES.index("jawOpen")])
    np.testing.assert_allclose(weights[:, BLENDSHAPES.index("jawOpen")], jaw, atol=2e-3)

    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.usd_import(filepath=str(farm.out / "s1" / "a.usd"), import_shapes=True)
    (face,) = (item for item in bpy.data.objects if item.type == "MESH")
    assert len(face.data.shape_keys.key_blocks) == 1 + len(BLENDSHAPES)


def test_resume_and_changes(farm) -> None:
    farm.table("a,a.wav,blend,,rig.blend,")
    assert farm.batch().returncode == 0
    stamp = (farm.out / "a.blend").stat().st_mtime_ns
    assert farm.batch("--resume").returncode == 0
    assert farm.statuses() == {"a": "kept"} and (farm.out / "a.blend").stat().st_mtime_ns == stamp
    motion = next((farm.out / ".mouthpiece" / "motion").iterdir())
    made = motion.stat().st_mtime_ns
    (farm.out / "a.blend").unlink()
    assert farm.batch("--resume").returncode == 0
    assert farm.statuses() == {"a": "done"} and (farm.out / "a.blend").is_file()
    stamp = (farm.out / "a.blend").stat().st_mtime_ns
    bpy.data.objects["Prop"].location.x = 20
    bpy.ops.wm.save_as_mainfile(filepath=str(farm.folder / "rig.blend"))
    assert farm.batch("--resume").returncode == 0
    assert farm.statuses() == {"a": "done"} and (farm.out / "a.blend").stat().st_mtime_ns > stamp
    assert motion.stat().st_mtime_ns == made, "only Blender's part was to be made anew"


def test_what_blender_cannot_do_is_named(farm) -> None:
    farm.table(
        "a,a.wav,glb,,rig.blend,Head",
        "b,a.wav,glb,,rig.blend,Prop",
        "c,a.wav,glb,,rig.blend,Nobody",
        "d,a.wav,glb,,none.blend,",
        "e,a.wav,csv,,,",
    )
    done = farm.batch()
    assert done.returncode == 1
    assert farm.statuses() == {"a": "done", "b": "failed", "c": "failed", "d": "failed", "e": "done"}
    for part in ("row 3 ('b'): None of the 2 shape keys", "no object named Nobody", "none.blend"):
        assert part in done.stderr


def test_a_line_at_which_blender_dies_fails_alone(farm) -> None:
    farm.table(*(f"{name},a.wav,glb,,rig.blend," for name in "abc"))
    assert farm.batch(MOUTHPIECE_TEST_CRASH="b").returncode == 1
    assert farm.statuses() == {"a": "done", "b": "failed", "c": "done"}
    assert sorted(path.name for path in farm.out.glob("*.glb")) == ["a.glb", "c.glb"]
    assert not list((farm.out / ".mouthpiece").glob("export-*"))


def test_no_blender_is_said_before_anything_is_made(farm) -> None:
    farm.table("a,a.wav,glb,,rig.blend,")
    farm.blender.unlink()
    done = farm.batch()
    assert done.returncode == 2 and str(farm.blender) in done.stderr and "--blender" in done.stderr
    assert not farm.out.exists()
