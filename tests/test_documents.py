"""What the documents tell people to type is understood."""

from __future__ import annotations

import shlex
from itertools import takewhile
from pathlib import Path

import pytest

from mouthpiece import __main__ as cli

ROOT = Path(__file__).resolve().parents[1]
START = ".venv/bin/python -m mouthpiece "


def commands() -> list[str]:
    """Every command line of Mouthpiece's own in the README and in docs/."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    lines = (line.strip() for page in pages for line in page.read_text("utf-8").splitlines())
    return sorted({line.removeprefix(START) for line in lines if line.startswith(START)})


@pytest.mark.parametrize("command", commands())
def test_a_documented_command_is_understood(command: str) -> None:
    words = takewhile(lambda word: word not in ("<", ">", "|"), shlex.split(command, comments=True))
    assert callable(cli.parse(list(words)).run)


def test_there_are_documented_commands() -> None:
    assert {command.split()[0] for command in commands()} >= {"animate", "batch", "stream", "bench"}
