"""An artist's table: what it says, and as a file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference.errors import MappingError
from mouthpiece.inference.types import BLENDSHAPES, INDEX, C
from mouthpiece.rigs.mapping import Entry, Target, compiled, poses, shape_keys
from mouthpiece.rigs.mapping_file import as_json, from_json, read_mapping, write_mapping
from mouthpiece.rigs.matching import match


def key(name: str, owner: str = "") -> Target:
    return Target("SHAPE_KEY", owner, name)


def frames(**values: float) -> np.ndarray:
    row = np.zeros((1, C), np.float32)
    for name, value in values.items():
        row[0, INDEX[name]] = value
    return row


TABLE = (
    Entry("jawOpen", key("Open"), gain=0.8),
    Entry("mouthFunnel", key("Open"), gain=0.2),
    Entry("jawOpen", key("Teeth", "Jaw mesh"), offset=0.1, high=0.5),
    Entry("eyeBlinkLeft", key("Lids open"), invert=True),
    Entry("jawOpen", Target("BONE", "Rig", "jaw", "ROTATION_X"), gain=0.4),
    Entry("headYaw", Target("PROPERTY", "Rig", '["turn"]'), gain=2.0),
    Entry("jawOpen", Target("POSE", "", "aa"), gain=0.7),
    Entry("mouthSmileLeft", Target("POSE", "", "aa"), gain=0.1),
)


def test_gain_offset_invert_range_and_several_targets() -> None:
    mapping = shape_keys(TABLE, "Jaw mesh", ["Lids open", "Open", "Teeth", "Other"])
    assert list(mapping.drives) == ["Lids open", "Open", "Teeth"] and mapping.unused == ("Other",)
    values = mapping.affine()(frames(jawOpen=0.6, mouthFunnel=0.5, eyeBlinkLeft=0.25))
    np.testing.assert_allclose(values, [[0.75, 0.58, 0.5]], atol=1e-6)
    assert "Teeth" not in shape_keys(TABLE, "Face", ["Open", "Teeth"]).drives


def test_bones_properties_and_poses_are_kept_apart() -> None:
    targets, mapping = compiled(entry for entry in TABLE if entry.target.kind in ("BONE", "PROPERTY"))
    assert [target.name for target in targets] == ["jaw", '["turn"]']
    np.testing.assert_allclose(mapping.affine()(frames(jawOpen=0.5, headYaw=-0.2)), [[0.2, -0.4]], atol=1e-6)
    assert poses(TABLE) == {"aa": {"jawOpen": 0.7, "mouthSmileLeft": 0.1}}


def test_a_detected_mapping_as_a_table_is_the_same_mapping() -> None:
    names = [name.replace("Left", "_L").replace("Right", "_R") for name in BLENDSHAPES] + ["Freckles"]
    found = match(names)
    assert shape_keys(found.entries(), "Face", names) == found


def test_files_return_what_they_were_given(tmp_path: Path) -> None:
    path = tmp_path / "Zoë.json"
    write_mapping(path, "Zoë", TABLE)
    assert read_mapping(path) == ("Zoë", TABLE)
    assert [file.name for file in tmp_path.iterdir()] == ["Zoë.json"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "is no mapping"),
        ({"version": 9}, "has version 9, this Mouthpiece reads 1"),
        ({"entries": {}}, "has no list of entries"),
        ({"entries": [5]}, "entry 1: it needs a 'channel' and a 'target'"),
        ({"entries": [{"channel": "jaw", "target": {"kind": "SHAPE_KEY", "name": "a"}}]}, "'jaw' is no chan"),
        ({"entries": [{"channel": "jawOpen", "target": {"kind": "CURVE", "name": "a"}}]}, "not 'CURVE'"),
        (
            {"entries": [{"channel": "jawOpen", "target": {"kind": "BONE", "owner": "R", "name": "a"}}]},
            "axis",
        ),
        ({"entries": [{"channel": "jawOpen", "target": {"kind": "BONE", "name": "a"}}]}, "entry 1"),
        ({"entries": [{"channel": "jawOpen", "target": {"kind": "SHAPE_KEY"}}]}, "entry 1"),
        (
            {"entries": [{"channel": "jawOpen", "gain": "1", "target": {"kind": "SHAPE_KEY", "name": "a"}}]},
            "'gain' is '1', which is no float",
        ),
        (
            {
                "entries": [
                    {"channel": "jawOpen", "low": 1, "high": 0, "target": {"kind": "POSE", "name": "a"}}
                ]
            },
            "the range ends",
        ),
        (
            {"entries": [{"channel": "jawOpen", "twist": 1, "target": {"kind": "POSE", "name": "a"}}]},
            "it knows no 'twist'",
        ),
    ],
)
def test_damaged_files_are_named_with_the_reason(change: dict, message: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text(json.dumps({**as_json("x", TABLE), **change}), "utf-8")
    with pytest.raises(MappingError, match=message) as caught:
        read_mapping(path)
    assert str(path) in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="cannot be read"):
        read_mapping(tmp_path / "gone.json")
    (tmp_path / "text.json").write_text("{", "utf-8")
    with pytest.raises(MappingError, match="is no JSON"):
        read_mapping(tmp_path / "text.json")
    with pytest.raises(MappingError, match="cannot be written"):
        write_mapping(tmp_path / "no" / "folder.json", "x", TABLE)
    assert from_json(as_json("x", ()), "here") == ("x", ())
