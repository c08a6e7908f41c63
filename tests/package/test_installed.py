"""The zip in a clean Blender: install, enable, bake, disable. The steps are in installed_bake.py."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HOST = {"linux": "linux_x64", "darwin": "macos_arm64", "win32": "windows_x64"}[sys.platform]
SCRIPT = Path(__file__).with_name("installed_bake.py")


def test_installed_package_bakes(
    zips: dict[str, Path],
    blender: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
) -> None:
    result = tmp_path / "result.json"
    done = blender(SCRIPT, zips[HOST], result)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(result.read_text("utf-8"))
    assert found["baked"] == ["FINISHED"], done.stdout + done.stderr
    assert found["tracks"] == ["Mouthpiece"]
    assert found["curves"] == 52
    # 2.0 s of sound: 50 frames of the model, each of 40 ms and shown at its middle.
    assert found["first_second"] == pytest.approx(0.02, abs=0.04)
    assert found["last_second"] == pytest.approx(1.98, abs=0.04)
    assert 0.0 <= found["lowest"] <= found["highest"] <= 1.0
    assert found["moving"] > 0, "every baked curve is flat"
    assert str(tmp_path / "user") in found["runtime"], "not the bundled runtime"
    assert found["left_after_disable"] is False
