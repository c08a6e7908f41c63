"""The manifest is the one source of the version, of the licence and of the supported Pythons and Blenders."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = tomllib.loads((ROOT / "blender_manifest.toml").read_text("utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def locked(name: str) -> dict[str, str]:
    """Package versions of one lock file, keyed by lower-case name."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    return dict(line.lower().split("==") for line in text.splitlines())


def test_version_and_licence_agree() -> None:
    assert PROJECT["version"] == MANIFEST["version"]
    assert PROJECT["name"] == MANIFEST["id"]
    assert MANIFEST["license"] == [f"SPDX:{PROJECT['license']}"]


def test_changelog_knows_the_version() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", heading) for heading in headings[1:])
    assert headings[1:2] in ([], [MANIFEST["version"]])


def test_supported_blender_versions() -> None:
    lowest, first_refused = (
        tuple(map(int, MANIFEST[f"blender_version_{end}"].split("."))) for end in ("min", "max")
    )
    assert lowest <= (4, 5, 0)
    assert first_refused > (5, 2, 99), "blender_version_max excludes itself"


def test_locks_pin_exact_versions_and_agree() -> None:
    run, develop, bpy45, bpy50 = map(locked, ("run", "develop", "bpy45", "bpy50"))
    assert run.items() <= develop.items()
    assert bpy45["bpy"].startswith("4.5.") and bpy50["bpy"].startswith("5.0.")
    assert bpy45 | {"bpy": ""} == bpy50 | {"bpy": ""}
    for lock in (bpy45, bpy50):
        assert lock["numpy"].startswith("1."), "Blender's sound library breaks under numpy 2"
        assert lock["onnxruntime"] == run["onnxruntime"]


def test_wheels_follow_the_lock_and_cover_every_python_on_every_platform() -> None:
    run = locked("run")
    runtimes = set()
    for wheel in MANIFEST["wheels"]:
        name, version, python, _, platform = Path(wheel).stem.split("-")
        assert name != "numpy", "numpy is Blender's own"
        if name == "onnxruntime_directml":
            assert platform.startswith("win"), wheel
        else:
            assert run[name] == version, wheel
        if name.startswith("onnxruntime"):
            runtimes.add((python, platform.split("_")[0].replace("manylinux", "linux")))
    systems = {"linux": "linux-x64", "macosx": "macos-arm64", "win": "windows-x64"}
    assert {systems[system] for _, system in runtimes} == set(MANIFEST["platforms"])
    assert runtimes == {(python, system) for python in ("cp311", "cp313", "cp314") for system in systems}


def test_permissions_are_short_and_without_a_period() -> None:
    for reason in MANIFEST["permissions"].values():
        assert len(reason) <= 64 and not reason.endswith(".")
