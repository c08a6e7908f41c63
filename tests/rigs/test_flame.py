"""The FLAME solve and FLAME files, on a head that this project makes."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from rig_faces import demo, speech
from rig_flame import flame_head

from mouthpiece.inference.errors import OutputError, TakeError
from mouthpiece.inference.types import BLENDSHAPES, INDEX
from mouthpiece.rigs import head
from mouthpiece.rigs.flame import eye_turns, flame_names, solve_flame
from mouthpiece.rigs.flame_file import FlameTake, read_flame, write_flame

BONES = ("root", "neck", "jaw", "left_eye", "right_eye")


def opened(parameters: np.ndarray, names, solve, shape) -> np.ndarray:
    """True lip opening of posed heads, with the jaw's rotation as a rotation, in mouth widths [T]."""
    face = demo()
    points = np.concatenate([face.upper, face.lower])
    moves = np.stack([shape.surface.moves[name][points] for name in names.expression])
    arm = shape.surface.rest[points] - shape.jaw_joint
    turns = head.from_vectors(parameters[:, -3:] @ solve.axes)
    swung = (turns @ arm.T).transpose(0, 2, 1) - arm
    moved = shape.jaw_weights[points][None, :, None] * swung + np.tensordot(parameters[:, :-3], moves, 1)
    count = len(face.upper)
    return (moved[:, :count, 2] - moved[:, count:, 2]).mean(axis=1) / face.width


@pytest.mark.parametrize(("components", "most"), [(10, 0.03), (50, 0.012), (100, 0.012)])
def test_landmark_error_and_lips_of_the_solve(components: int, most: float) -> None:
    shape = flame_head(components)
    names = flame_names(shape.surface.moves, BONES)
    started = time.perf_counter()
    solve = solve_flame(names, shape)
    took = time.perf_counter() - started
    parameters = speech() @ np.concatenate([solve.expression, solve.jaw], axis=1)
    full = speech()[:, :52] @ demo().channel_openings
    found = opened(parameters, names, solve, shape)
    r, error = float(np.corrcoef(found, full)[0, 1]), float(solve.error[: len(BLENDSHAPES)].mean())
    print(
        f"FLAME, {components} components: landmark error {error:.4f} mouth widths ({50 * error:.2f} mm on a "
        f"mouth of 50 mm), lips r = {r:.3f}, size {found.std() / full.std():.2f}, solved in {took:.2f} s"
    )
    assert error < most and r > 0.95 and 0.6 < found.std() / full.std() < 1.2
    assert len(solve.shown) >= 38 and solve.jaw[INDEX["jawOpen"], 0] > 0.15, "the jaw opens the mouth"
    assert np.abs(parameters[:, :-3]).max() < 6.0, "coefficients stay plausible"


def test_ten_minutes_of_parameters_take_less_than_a_second() -> None:
    shape = flame_head(100)
    solve = solve_flame(flame_names(shape.surface.moves, BONES), shape)
    long = np.tile(speech(), (31, 1))[:15_000]
    started = time.perf_counter()
    parameters = long @ np.concatenate([solve.expression, solve.jaw], axis=1)
    took = time.perf_counter() - started
    print(f"ten minutes of 103 FLAME parameters: {took:.3f} s")
    assert parameters.shape == (15_000, 103) and took < 1.0


@pytest.mark.parametrize("spelling", ["Exp{}", "Exp_{:03d}", "expression {}", "EXPR.{}", "flame_exp_{}"])
def test_names_of_several_add_ons(spelling: str) -> None:
    keys = [f"Shape{i}" for i in range(1, 11)] + [spelling.format(i) for i in (3, 1, 2, 10, 4, 5)] + ["Pose1"]
    names = flame_names(keys, ["Root", "Neck", "Jaw", "left_eye", "right_eye"])
    assert names.expression == tuple(spelling.format(i) for i in (1, 2, 3, 4, 5, 10))
    assert names.bones == {"jaw": "Jaw", "neck": "Neck", "left_eye": "left_eye", "right_eye": "right_eye"}


@pytest.mark.parametrize(
    ("keys", "bones"),
    [(["jawOpen", "Exp1"], BONES), ([f"Exp{i}" for i in range(20)], ("jaw", "neck")), ([], BONES)],
)
def test_other_heads_are_none(keys: list[str], bones: tuple[str, ...]) -> None:
    assert flame_names(keys, bones) is None


def test_eyes_turn_where_they_look() -> None:
    forward = np.array([0.0, 0.0, 1.0])
    for side, outward in (("Left", 1.0), ("Right", -1.0)):
        looks = head.from_vectors(eye_turns(side)) @ forward
        assert looks[INDEX[f"eyeLookOut{side}"], 0] * outward > 0.3
        assert looks[INDEX[f"eyeLookIn{side}"], 0] * outward < -0.3
        assert looks[INDEX[f"eyeLookUp{side}"], 1] > 0.3 > -0.3 > looks[INDEX[f"eyeLookDown{side}"], 1]


def test_rotation_vectors_return() -> None:
    values = np.random.default_rng(0).uniform(-1.2, 1.2, (50, 3))
    values[0] = 0.0
    np.testing.assert_allclose(head.vectors(head.from_vectors(values)), values, atol=1e-9)


def take() -> FlameTake:
    rng = np.random.default_rng(1)
    return FlameTake(rng.normal(size=(20, 12)), {"jaw": rng.normal(size=(20, 3)) * 0.1}, 30.0)


@pytest.mark.parametrize("suffix", [".npz", ".csv"])
def test_files_return_what_they_were_given(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"take{suffix}"
    write_flame(path, take())
    back = read_flame(path)
    assert back.fps == pytest.approx(30.0, rel=1e-4)
    np.testing.assert_allclose(back.expression, take().expression, atol=1e-5)
    np.testing.assert_allclose(back.turns["jaw"], take().turns["jaw"], atol=1e-5)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_files_of_trackers(tmp_path: Path) -> None:
    expression, pose = np.ones((5, 1, 50), np.float32), np.arange(30.0).reshape(5, 6)
    np.savez(tmp_path / "tracked.npz", expr=expression, pose=pose, shape=np.zeros(100))
    back = read_flame(tmp_path / "tracked.npz", fps=50.0)
    assert back.expression.shape == (5, 50) and back.fps == 50.0 and set(back.turns) == {"jaw"}
    np.testing.assert_array_equal(back.turns["jaw"], pose[:, 3:])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"pose": np.zeros((5, 6))}, "has no array 'expression'"),
        ({"expression": np.zeros((1, 6))}, "holds 1 frames"),
        ({"expression": np.full((5, 6), np.nan)}, "no numbers"),
        ({"expression": np.zeros((5, 6)), "jaw_pose": np.zeros((4, 3))}, "unequal length"),
        ({"expression": np.zeros((5, 6)), "jaw_pose": np.zeros((5, 9))}, "its jaw is not as FLAME has it"),
        ({"expression": np.zeros((5, 6)), "fps": 0.0}, "its fps is not"),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, arrays: dict, message: str) -> None:
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(TakeError, match=message) as caught:
        read_flame(tmp_path / "bad.npz")
    assert "bad.npz" in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(TakeError, match="does not exist"):
        read_flame(tmp_path / "gone.npz")
    for name, text in (("a.npz", "no"), ("b.csv", "exp_1,exp_2\n1\n"), ("c.csv", "a,b\n1,2\n")):
        (tmp_path / name).write_text(text, "utf-8")
        with pytest.raises(TakeError, match=name):
            read_flame(tmp_path / name)
    with pytest.raises(OutputError, match="cannot be written"):
        write_flame(tmp_path / "no" / "take.npz", take())
