"""What the zips hold, and what they must not."""

from __future__ import annotations

import hashlib
import io
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLATFORM_LIMIT = 200 * 1024 * 1024  # of Blender's extension platform
ACCELERATION = {"linux_x64": set(), "macos_arm64": {"coreml"}, "windows_x64": {"directml"}}
"""Platform -> graphics that its ONNX Runtime drives, by the names of `inference.runtime`."""
LINKED = {"coreml": b"/CoreML.framework/", "directml": b"DMLCreateDevice1"}
"""What only a library that drives these graphics is linked against; every one knows all providers' names."""


def test_one_zip_per_platform_and_python(zips: dict[str, Path]) -> None:
    assert sorted(zips) == sorted(ACCELERATION)
    for path in zips.values():
        assert path.stat().st_size < PLATFORM_LIMIT
        pythons = sorted(name.split("-")[2] for name in runtimes(path))
        assert pythons == ["cp311", "cp313", "cp314"], f"{path.name}: one runtime for each Python of Blender"
        with zipfile.ZipFile(path) as archive:
            assert not [name for name in archive.namelist() if Path(name).name.startswith("numpy-")]


@pytest.mark.parametrize("platform", ACCELERATION)
def test_every_runtime_drives_its_platform(zips: dict[str, Path], platform: str) -> None:
    for name, wheel in runtimes(zips[platform]).items():
        members = [
            member for member in wheel.namelist() if member.endswith((".so", ".pyd", ".dylib", ".dll"))
        ]
        libraries = b"".join(wheel.read(member) for member in members)
        drives = {device for device, symbol in LINKED.items() if symbol in libraries}
        assert drives == ACCELERATION[platform], name


def runtimes(path: Path) -> dict[str, zipfile.ZipFile]:
    """The wheels of a zip that unpack as `onnxruntime`, whatever they are called, by file name."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".whl"):
                wheel = zipfile.ZipFile(io.BytesIO(archive.read(name)))
                if "onnxruntime/__init__.py" in wheel.namelist():
                    found[Path(name).name] = wheel
    return found


@pytest.mark.parametrize("platform", ACCELERATION)
def test_zip_holds_the_rooms_that_ship_and_nothing_else(zips: dict[str, Path], platform: str) -> None:
    with zipfile.ZipFile(zips[platform]) as archive:
        names = set(archive.namelist())
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
    assert manifest["build"]["generated"]["platforms"] == [platform.replace("_", "-")]
    tops = {name.split("/")[0] for name in names}
    files = {"__init__.py", "__main__.py", "preferences.py", "properties.py", "blender_manifest.toml"}
    rooms = {"operators", "panels", "rigs", "inference", "weights", "wheels"}
    assert tops == files | rooms | {"README.md", "LICENSE"}
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pt", ".part", ".pyc"))]
    for room in rooms - {"wheels"}:
        expected = {path.relative_to(ROOT).as_posix() for path in (ROOT / room).rglob("*.py")}
        assert expected <= names


def test_zip_holds_the_weights_that_the_list_states(zips: dict[str, Path]) -> None:
    with zipfile.ZipFile(zips["linux_x64"]) as archive:
        lines = archive.read("weights/SHA256SUMS").decode().splitlines()
        listed = {name.lstrip("*"): digest for digest, name in (line.split(maxsplit=1) for line in lines)}
        assert {"listen.onnx", "ask.onnx", "move.onnx", "remember.onnx"} <= set(listed)
        for name, digest in listed.items():
            assert hashlib.sha256(archive.read(f"weights/{name}")).hexdigest() == digest, name
        for name in ("MODEL_CARD.md", "ATTRIBUTION.md", "LICENSE"):
            assert archive.read(f"weights/{name}").strip(), name
