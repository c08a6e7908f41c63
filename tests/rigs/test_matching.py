"""Shape-key names of real and made-up rigs against the canonical channels."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference.types import BLENDSHAPES, INDEX
from mouthpiece.rigs import retarget
from mouthpiece.rigs.matching import Coverage, Mapping, match

ICT = Path(__file__).resolve().parents[3] / "shared" / "data" / "rigs" / "ict_face.npz"


def words(name: str) -> list[str]:
    return re.findall(r"[A-Z]?[a-z]+", name)


def short(name: str, left: str, right: str) -> str:
    """The name with its last word shortened where that is a side."""
    return re.sub("Right$", right, re.sub("Left$", left, name))


STYLES: dict[str, Callable[[str], str]] = {
    "ARKit": str,
    "Mouth_Open": lambda name: "_".join(word.title() for word in words(name)),
    "_L": lambda name: short(name, "_L", "_R"),
    ".L": lambda name: short(name, ".L", ".R"),
    "camel L": lambda name: short(name, "L", "R"),
    "side first": lambda name: "".join(re.findall("Left$|Right$", name)) + "_" + short(name, "", ""),
    "lower": str.lower,
    "lower _l": lambda name: short(name, "_l", "_r").lower(),
    "snake": lambda name: "_".join(words(name)).lower(),
    "upper": str.upper,
    "spaces": lambda name: " ".join(words(name)).title(),
    "ARKit_": lambda name: f"ARKit_{name}",
    "blendShape1.": lambda name: f"blendShape1.{name}",
    "CC_Base_": lambda name: "CC_Base_" + "_".join(word.title() for word in words(name)),
    "lower prefix": lambda name: f"face_{name.lower()}",
    "maya": lambda name: f"head|BS:{short(name, '_L', '_R')}",
    "duplicate": lambda name: f"{name}.001",
}


@pytest.mark.parametrize("style", STYLES)
def test_every_channel_is_matched_in_every_style(style: str) -> None:
    names = {STYLES[style](channel): channel for channel in BLENDSHAPES}
    mapping = match(["Smirk_Custom", *names])
    assert mapping.drives == {name: {channel: 1.0} for name, channel in names.items()}
    assert mapping.unused == ("Smirk_Custom",)


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("Mouth_Open", ["jawOpen"]),
        ("MouthOpen", ["jawOpen"]),
        ("jaw_open", ["jawOpen"]),
        ("EyesClosed", ["eyeBlinkLeft", "eyeBlinkRight"]),
        ("Blink", ["eyeBlinkLeft", "eyeBlinkRight"]),
        ("Blink.L", ["eyeBlinkLeft"]),
        ("smile_right", ["mouthSmileRight"]),
        ("Eye_L_Look_L", ["eyeLookOutLeft"]),
        ("Eye_L_Look_R", ["eyeLookInLeft"]),
        ("Eye_R_Look_Up", ["eyeLookUpRight"]),
        ("Eyes_Look_Left", ["eyeLookOutLeft", "eyeLookInRight"]),
        ("Brow_Raise_Inner_L", ["browInnerUp"]),
        ("Mouth_Up_Upper_R", ["mouthUpperUpRight"]),
        ("Mouth_L", ["mouthLeft"]),
        ("cheekPuff_L", ["cheekPuff"]),
    ],
)
def test_synonyms_and_halves(name: str, channels: list[str]) -> None:
    assert match([name]).drives == {name: {channel: 1.0 / len(channels) for channel in channels}}


@pytest.mark.parametrize("name", ["Basis", "v_aa", "Jaw", "Mouth", "Upper_Mouth_L", "CTRL_Open", "Ears", ""])
def test_other_names_move_nothing(name: str) -> None:
    assert match([name]) == Mapping({}, (name,))


def test_plainer_names_win() -> None:
    """Correctives, second spellings and two-eyed keys must not add to what another key already does."""
    names = [
        "corrective_jawOpen",
        "jawOpen",
        "Mouth_Open",
        "Blink",
        "eyeBlink_L",
        "eyeBlinkLeft",
        "eyeBlink_R",
    ]
    mapping = match(names)
    assert list(mapping.drives) == ["jawOpen", "eyeBlink_L", "eyeBlink_R"]
    assert mapping.unused == ("corrective_jawOpen", "Mouth_Open", "Blink", "eyeBlinkLeft")


def test_prefix_of_one_word_names_needs_a_witness() -> None:
    assert match(["Upper_Mouth_L"]).drives == {}
    assert match(["My_Mouth_L", "My_Jaw_Open"]).matched == ("jawOpen", "mouthLeft")


def test_coverage_reports_matched_missing_and_unused() -> None:
    coverage = Coverage((("Face", match(["jawOpen", "Freckles"])), ("Teeth", match(["Mouth_Open", "Blink"]))))
    assert coverage.matched == ("eyeBlinkLeft", "eyeBlinkRight", "jawOpen")
    assert len(coverage.missing) == 49 and "tongueOut" in coverage.missing
    text = coverage.text()
    assert "3 of 52 channels matched; missing " in text
    assert "unused: Freckles" in text
    assert "jawOpen ← jawOpen" not in text and "Mouth_Open ← jawOpen" in text
    assert "Blink ← mean of eyeBlinkLeft, eyeBlinkRight" in text


def test_without_leaves_keys_alone() -> None:
    mapping = match(["jawOpen", "mouthClose", "extra"]).without(["jawOpen"])
    assert list(mapping.drives) == ["mouthClose"] and mapping.unused == ("extra", "jawOpen")


@pytest.mark.skipif(not ICT.is_file(), reason="needs ../shared/data/rigs/ict_face.npz")
def test_a_real_rig() -> None:
    """ICT FaceKit: 53 keys, browInnerUp and cheekPuff in halves, no tongueOut."""
    names = [str(name) for name in np.load(ICT, allow_pickle=False)["expression_names"]]
    mapping = match(names)
    assert mapping.unused == ()
    assert Coverage((("ICT", mapping),)).missing == ("tongueOut",)
    values = retarget.to_keys(np.eye(55, dtype=np.float32), mapping)
    assert values[INDEX["browInnerUp"]].sum() == 2.0 and values[INDEX["jawOpen"]].sum() == 1.0
