"""The arrows of the house: who may import whom, read from the source of every module (nothing is imported).

Operators and panels stand on rigs and inference; inference knows neither Blender nor torch; what ships uses
relative imports only, because the installed package is called `bl_ext.user_default.mouthpiece`.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Room -> rooms and modules of ours that it may import. A room may always import itself.
ALLOWED: dict[str, tuple[str, ...]] = {
    "__init__": ("operators", "panels", "properties", "preferences"),
    "operators": ("rigs", "inference", "__main__"),
    "panels": ("properties",),
    "properties": ("rigs", "preferences"),
    "preferences": ("rigs",),
    "__main__": ("rigs", "inference"),
    "rigs": ("inference.types", "inference.errors", "inference.resample"),
    "inference": (),
    "training": ("inference",),
    "demo": ("",),
}
# Room -> third-party packages that it may import at module level; those in LAZY only inside a function.
THIRD_PARTY: dict[str, frozenset[str]] = {
    "rigs": frozenset({"numpy"}),
    "operators": frozenset({"numpy"}),
    "__main__": frozenset({"numpy"}),
    "inference": frozenset({"numpy", "onnxruntime"}),
}
LAZY: dict[str, frozenset[str]] = {
    "operators": frozenset({"aud"}),
    "inference": frozenset(
        {"soundfile", "soxr", "av", "aud", "torch", "dask", "distributed", "fsspec", "psutil", "sounddevice"}
    ),
}
# Places that are themselves imported only inside functions → what they may then import at module level.
OPTIONAL: dict[str, frozenset[str]] = {"inference.runtime_torch": frozenset({"torch", "onnx"})}
BLENDER = frozenset(
    {"bpy", "bmesh", "mathutils", "bpy_extras", "gpu", "idprop", "bl_ext", "bl_ui", "bl_operators"}
)
BLENDER_PLACES = ("__init__", "operators", "panels", "properties", "preferences", "demo")
BLENDER_MODULES = (
    "rigs.scene_read",
    "rigs.scene_write",
    "rigs.scene_values",
    "rigs.scene_sequencer",
    "rigs.scene_keys",
)
AUD_PLACES = ("inference.decode_aud", "operators.playback", "demo")
TORCH_PLACES = ("training", "inference.runtime_torch")


@dataclass(frozen=True)
class Import:
    """One import: `target` is a dotted module, of ours when `own`; `lazy` when it is inside a function."""

    target: str
    own: bool
    lazy: bool
    line: int


Rule = Callable[[str, list[Import]], list[Import]]


def modules() -> list[Path]:
    """Every Python file of the rooms."""
    files = list(ROOT.glob("*.py"))
    for room in ALLOWED:
        files += (ROOT / room).rglob("*.py")
    return sorted(files)


def dotted(path: Path) -> str:
    """`operators/bake.py` -> `operators.bake`; a package's `__init__.py` keeps that name only at the root."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def within(module: str, place: str) -> bool:
    """Whether `module` is `place` or lies in it; the empty place is the whole house."""
    return place == "" or module == place or module.startswith(place + ".")


def nodes(tree: ast.AST, lazy: bool = False) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Import statements with whether they wait for a call; those for type checkers only do not count."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for branch in node.orelse:
                yield from nodes(branch, lazy)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield node, lazy
        else:
            yield from nodes(
                node, lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            )


def imports(path: Path) -> list[Import]:
    """All imports of a file, relative ones resolved to dotted names that start at the root."""
    parents = path.relative_to(ROOT).parts[:-1]
    found = []
    for node, lazy in nodes(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, False, lazy, node.lineno) for alias in node.names]
        elif node.level == 0:
            found.append(Import(node.module or "", False, lazy, node.lineno))
        else:
            base = parents[: len(parents) - node.level + 1]
            for alias in node.names:
                target = ".".join((*base, *filter(None, [node.module]), alias.name))
                found.append(Import(target, True, lazy, node.lineno))
    return found


def package(one: Import) -> str:
    """Top-level name of a foreign import."""
    return one.target.split(".")[0]


def arrows(module: str, found: list[Import]) -> list[Import]:
    """A room imports itself and what lies below it."""
    room = module.split(".")[0]
    allowed = (room, *ALLOWED[room])
    return [one for one in found if one.own and not any(within(one.target, place) for place in allowed)]


def relative_only(module: str, found: list[Import]) -> list[Import]:
    """The installed package has another name, so our own modules are imported relatively."""
    own = {"mouthpiece", *ALLOWED} - {"__init__", "__main__"}
    return [one for one in found if not one.own and package(one) in own]


def places(module: str, found: list[Import]) -> list[Import]:
    """Blender, its sound library and torch stay in the modules that are meant to face them."""
    rules = ((BLENDER, BLENDER_PLACES + BLENDER_MODULES), ({"aud"}, AUD_PLACES), ({"torch"}, TORCH_PLACES))
    wrong = []
    for packages, homes in rules:
        if not any(within(module, home) for home in homes):
            wrong += [one for one in found if not one.own and package(one) in packages]
    return wrong


def third_party(module: str, found: list[Import]) -> list[Import]:
    """What ships counts on Blender's numpy and the bundled ONNX Runtime, and on nothing else at import."""
    room = module.split(".")[0]
    if room in ("training", "demo"):
        return []
    eager = THIRD_PARTY.get(room, frozenset()) | BLENDER | sys.stdlib_module_names
    for place, more in OPTIONAL.items():
        if within(module, place):
            eager = eager | more
    lazy = eager | LAZY.get(room, frozenset())
    return [one for one in found if not one.own and package(one) not in (lazy if one.lazy else eager)]


def optional(module: str, found: list[Import]) -> list[Import]:
    """What stands on libraries that need not be there is imported when it is used."""
    places = [place for place in OPTIONAL if not within(module, place)]
    return [one for one in found if one.own and not one.lazy and any(within(one.target, p) for p in places)]


RULES = (arrows, relative_only, places, third_party, optional)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_stands(rule: Rule) -> None:
    wrong = []
    for path in modules():
        for one in rule(dotted(path), imports(path)):
            wrong.append(f"{path.relative_to(ROOT)}:{one.line} imports {one.target}")
    assert not wrong, "\n".join([rule.__doc__ or "", *wrong])


def test_root_imports_nothing_until_registered() -> None:
    """So that bpy-free code and its tests load the root without Blender."""
    assert [one.target for one in imports(ROOT / "__init__.py") if not one.lazy] == ["__future__"]


def test_no_room_is_unknown() -> None:
    """A new top-level folder or module is a decision, not an accident."""
    listing = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    rooms = {Path(line).parts[0].removesuffix(".py") for line in listing.stdout.splitlines()}
    assert rooms <= {*ALLOWED, "tests"}


@pytest.mark.parametrize(
    ("room", "line", "rule"),
    [
        ("rigs", "from ..operators import bake", arrows),
        ("rigs", "from ..inference.session import Session", arrows),
        ("inference", "from .. import rigs", arrows),
        ("inference", "import bpy", places),
        ("operators", "import aud", places),
        ("inference", "def run():\n    import torch", places),
        ("inference", "from mouthpiece.inference import types", relative_only),
        ("panels", "def draw():\n    from inference import types", relative_only),
        ("operators", "def run():\n    import soundfile", third_party),
        ("inference", "import soundfile", third_party),
        ("inference", "from .runtime_torch.network import TorchNetwork", optional),
    ],
)
def test_every_rule_sees_its_offender(
    room: str, line: str, rule: Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    offender = tmp_path / room / "offender.py"
    offender.parent.mkdir()
    offender.write_text(line, "utf-8")
    assert rule(dotted(offender), imports(offender))
