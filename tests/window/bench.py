"""A chroot with a real Blender and a virtual screen: builds the extension for it, runs a scenario in it.

The chroot is made by ``boot.sh`` of the interface tools; this needs root, as chroot does.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
DEMO = ROOT / "demo"
FILES = (
    DEMO / "dialogue" / "dialogue.flac",
    *(
        DEMO / "references" / f"{name}{suffix}"
        for name in ("broad", "mumble")
        for suffix in (".csv", ".flac")
    ),
)
LEFT_OUT = shutil.ignore_patterns(
    ".*", "training", "tests", "demo", "docs", "build", "dist", "wheels", "__pycache__"
)
BUILDER = "bpy/4.5/scripts/addons_core/bl_pkg/cli/blender_ext.py"
SCREEN = ("-screen", "0", "1280x800x24")
LIMIT = 600


def obstacle() -> str:
    """Why no window can be opened here, "" when one can."""
    root = os.environ.get("MOUTHPIECE_WINDOW", "")
    if not root:
        return "needs a real Blender: set MOUTHPIECE_WINDOW to a chroot made by tools/gui/boot.sh"
    if not Path(root, "usr/bin/blender").exists() or not Path(root, "usr/bin/xvfb-run").exists():
        return f"{root} holds no Blender with a virtual screen: make it with tools/gui/boot.sh"
    if os.geteuid() != 0:
        return "chroot needs root"
    if not wheels(Path(root)):
        return "the wheels for that Blender are not downloaded: make wheels"
    return ""


def wheels(root: Path) -> list[Path]:
    """The wheels that the chroot's Python needs, of those that the manifest lists."""
    found = sorted(Path(root, "usr/lib").glob("python3.[0-9]*"))
    tag = found[-1].name.removeprefix("python").replace(".", "") if found else ""
    fit = re.compile(
        rf"(py2\.py3-none-any|py3-none-any|cp{tag}-cp{tag}-manylinux\S*|abi3-manylinux\S*)\.whl$"
    )
    listed = re.findall(r'"\./(wheels/\S+\.whl)"', (ROOT / "blender_manifest.toml").read_text("utf-8"))
    chosen = [ROOT / name for name in listed if fit.search(name)]
    return chosen if chosen and all(path.is_file() for path in chosen) else []


def prepare(root: Path, work: Path) -> Path:
    """Put the built extension, the demo character and its sounds into the chroot; the folder there."""
    folder = root / "root" / "mouthpiece-window"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    source = work / "package"
    shutil.copytree(ROOT, source, ignore=LEFT_OUT)
    (source / "wheels").mkdir()
    for wheel in wheels(root):
        shutil.copy(wheel, source / "wheels")
    manifest = (source / "blender_manifest.toml").read_text("utf-8")
    names = "\n".join(f'  "./wheels/{wheel.name}",' for wheel in wheels(root))
    manifest = re.sub(r"wheels = \[.*?\n\]", f"wheels = [\n{names}\n]", manifest, flags=re.S)
    manifest = re.sub(r"platforms = .*", 'platforms = ["linux-x64"]', manifest)
    (source / "blender_manifest.toml").write_text(manifest, "utf-8")
    python = ROOT / ".venv-bpy45" / "bin" / "python"
    builder = ROOT / ".venv-bpy45" / "lib" / "python3.11" / "site-packages" / BUILDER
    package = folder / "mouthpiece.zip"
    _run(python, builder, "build", "--source-dir", source, "--output-filepath", package)
    _run(python, HERE / "make_scene.py", folder / "scene.blend")
    for path in (*FILES, HERE / "drive.py", HERE / "scenario.py"):
        shutil.copy(path, folder)
    return folder


def play(root: Path, folder: Path) -> dict[str, object]:
    """Run the scenario in a window of the chroot's Blender; what it has found."""
    for place in ("proc", "dev", "sys"):
        if not os.path.ismount(root / place):
            _run("mount", "--bind", f"/{place}", root / place)
    user = Path("/tmp", folder.name)
    shutil.rmtree(root / user.relative_to("/"), ignore_errors=True)
    inside = Path("/", folder.relative_to(root))
    environment = os.environ | {"LIBGL_ALWAYS_SOFTWARE": "1", "BLENDER_USER_RESOURCES": str(user)}
    blender = (
        "blender",
        "--factory-startup",
        "--enable-event-simulate",
        "--window-geometry",
        "0",
        "0",
        "1280",
        "800",
    )
    command = (
        "chroot",
        root,
        "xvfb-run",
        "-a",
        "-s",
        " ".join(SCREEN),
        *blender,
        "--python",
        inside / "scenario.py",
    )
    done = subprocess.run(
        [str(part) for part in command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    result = folder / "result.json"
    if not result.is_file():
        raise AssertionError(
            f"Blender left without a result ({done.returncode}):\n{done.stdout}\n{done.stderr}"
        )
    return json.loads(result.read_text("utf-8"))


def _run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True, timeout=LIMIT)
