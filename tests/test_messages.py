"""Messages can be said in other languages: they keep their templates, and none is put together beforehand."""

from __future__ import annotations

import ast
import pickle
import re
from pathlib import Path

import pytest

from mouthpiece.inference.errors import Message, RigError, TakeError

ROOT = Path(__file__).resolve().parents[1]
SAYING = ("Message", "succeed", "append", "AudioError", "MappingError", "RigError", "TakeError")
"""Calls whose texts an artist reads."""
ROOMS = sorted(
    path
    for room in ("rigs/scene_read", "operators")
    for path in (ROOT / room).rglob("*.py")
    if not path.name.startswith("batch")
)


def test_a_message_is_its_text_and_keeps_its_template() -> None:
    message = Message("{name} has {count:.1f} {what!r}", name="Face", count=2.0, what="keys")
    assert message == "Face has 2.0 'keys'" and isinstance(message, str)
    assert (message.template, message.values["name"]) == ("{name} has {count:.1f} {what!r}", "Face")
    again = pickle.loads(pickle.dumps(message))
    assert again == message and again.template == message.template


def test_parts_and_numbers() -> None:
    parts = [Message("{name} is hidden", name="Face"), "{as it is}"]
    whole = Message.joined(parts, "; ")
    assert whole == "Face is hidden; {as it is}" and whole.values["part_0"] is parts[0]
    assert Message.joined([]) == ""
    said = [Message.counted(count, "{count} mesh", "{count} meshes") for count in (0, 1, 2)]
    assert said == ["0 meshes", "1 mesh", "2 meshes"]


def test_an_error_with_values_has_a_template_and_one_without_says_what_it_is_given() -> None:
    error = pickle.loads(pickle.dumps(RigError("{name} has no bone {bone!r}", name="Rig", bone="jaw")))
    assert str(error) == "Rig has no bone 'jaw'" and error.message.template == "{name} has no bone {bone!r}"
    assert str(TakeError("{braces} of a file's name")) == "{braces} of a file's name"


@pytest.mark.parametrize("path", ROOMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_sentence_is_put_together_before_it_can_be_translated(path: Path) -> None:
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and _name(node.func) in SAYING:
            found += [text for text in node.args if _is_sentence(text)]
        elif isinstance(node, ast.Yield | ast.Return) and _is_sentence(node.value):
            found.append(node.value)
    assert not found, f"{path}: use Message at lines {[text.lineno for text in found]}"


def _name(function: ast.expr) -> str:
    return getattr(function, "id", "") or getattr(function, "attr", "")


def _is_sentence(node: ast.expr | None) -> bool:
    """Whether an f-string holds two words beside each other: paths and identifiers do not."""
    if not isinstance(node, ast.JoinedStr):
        return False
    fixed = "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return re.search(r"[a-z}:,] [a-z]{2,}", fixed, re.IGNORECASE) is not None
