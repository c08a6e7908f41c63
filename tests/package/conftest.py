"""The zips that `make package` builds, and a Blender that knows nothing but what Blender itself brings."""

from __future__ import annotations

import compileall
import os
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Blender's own Python: its module, and of its packages those that its extension system needs.
BUNDLED = (
    "bpy",
    "certifi",
    "charset_normalizer",
    "idna",
    "numpy",
    "numpy.libs",
    "requests",
    "urllib3",
    "zstandard",
)


@pytest.fixture(scope="session")
def zips() -> dict[str, Path]:
    """Platform (`linux_x64`) -> zip, built anew from the working tree."""
    compileall.compile_dir(ROOT / "rigs", quiet=1)  # a run leaves such files behind; they must not ship
    subprocess.run(["make", "--silent", "package"], cwd=ROOT, check=True)
    version = tomllib.loads((ROOT / "blender_manifest.toml").read_text("utf-8"))["version"]
    prefix = f"mouthpiece-{version}-"
    return {path.stem.removeprefix(prefix): path for path in (ROOT / "dist").glob(f"{prefix}*.zip")}


@pytest.fixture(params=["45", "50"])
def blender(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a script in one Blender with an empty user folder and without the environment's own packages.

    Were they in reach, an installed package that lacks a wheel would look whole.
    """
    environment = ROOT / f".venv-bpy{request.param}"
    packages = environment / "lib" / "python3.11" / "site-packages"
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    for name in BUNDLED:
        (bundled / name).symlink_to(packages / name)

    def run(script: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [environment / "bin" / "python", "-S", script, *arguments],
            env=os.environ | {"PYTHONPATH": str(bundled), "BLENDER_USER_RESOURCES": str(tmp_path / "user")},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run
