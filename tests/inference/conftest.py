"""Sounds, takes, and a tiny causal model, so that the engine is tested apart from the shipped weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference.model import Model
from mouthpiece.inference.types import SAMPLE_RATE, C, Take

STYLE, NOISE = 4, 3


def tiny_step(onnx, rng: np.random.Generator, **about: object):
    """A leaky sum and a memory of the last hops; style and noise are added, head and face leave a sigmoid."""
    helper, arrays = onnx.helper, onnx.numpy_helper
    constants = {
        "hear": 0.02 * rng.standard_normal((80, C)),
        "manner": rng.standard_normal((STYLE, C)),
        "chance": 0.3 * rng.standard_normal((NOISE, C)),
        "leak": np.array(0.9),
        "one": np.array([1]),
        "two": np.array([2]),
        "four": np.array([4]),
        "three": np.array([3]),
        "zero": np.array([0]),
        "last": np.array([2]),
    }
    nodes = [
        ("Concat", ["state.hops", "mel"], ["hops"], {"axis": 1}),
        ("Slice", ["hops", "four", "six", "one"], ["next.hops"], {}),
        ("ReduceMean", ["hops"], ["level"], {"axes": [1], "keepdims": 0}),
        ("MatMul", ["level", "hear"], ["heard"], {}),
        ("Mul", ["state.sum", "leak"], ["kept"], {}),
        ("Add", ["kept", "heard"], ["next.sum"], {}),
        ("MatMul", ["style", "manner"], ["mannered"], {}),
        ("MatMul", ["noise", "chance"], ["chanced"], {}),
        ("Sum", ["next.sum", "mannered", "chanced"], ["drive"], {}),
        ("Sigmoid", ["drive"], ["channels"], {}),
        ("Slice", ["mel", "zero", "three", "last"], ["articulation"], {}),
    ]
    constants["six"] = np.array([6])
    initial = [
        arrays.from_array(value.astype(np.int64 if value.dtype == np.int64 else np.float32), name)
        for name, value in constants.items()
    ]
    inputs = {
        "mel": [4, 80],
        "style": [STYLE],
        "noise": [NOISE],
        "state.hops": [2, 80],
        "state.sum": [C],
    }
    outputs = {"channels": [C], "articulation": [4, 3], "next.hops": [2, 80], "next.sum": [C]}
    graph = helper.make_graph(
        [helper.make_node(op, takes, gives, **options) for op, takes, gives, options in nodes],
        "tiny_step",
        [values(helper, name, ["batch", *shape]) for name, shape in inputs.items()],
        [values(helper, name, ["batch", *shape]) for name, shape in outputs.items()],
        initial,
    )
    return stamped(onnx, graph, {"style": STYLE, "noise": NOISE, "articulation": ["a", "b", "c"]} | about)


def tiny_style(onnx, rng: np.random.Generator):
    """The mean of the measured channels and, with sound, of the mel, squeezed into a style vector."""
    helper, arrays = onnx.helper, onnx.numpy_helper
    weights = {"move": rng.standard_normal((C, STYLE)), "hear": rng.standard_normal((80, STYLE))}
    nodes = [
        ("ReduceMean", ["channels"], ["mean"], {"axes": [1], "keepdims": 0}),
        ("Mul", ["mean", "measured"], ["seen"], {}),
        ("MatMul", ["seen", "move"], ["moved"], {}),
        ("ReduceMean", ["mel"], ["level"], {"axes": [1], "keepdims": 0}),
        ("MatMul", ["level", "hear"], ["loud"], {}),
        ("Mul", ["loud", "has_audio"], ["heard"], {}),
        ("Add", ["moved", "heard"], ["both"], {}),
        ("Tanh", ["both"], ["style"], {}),
    ]
    inputs = {"channels": [1, "ticks", C], "measured": [1, C], "mel": [1, "hops", 80], "has_audio": [1, 1]}
    graph = helper.make_graph(
        [helper.make_node(op, takes, gives, **options) for op, takes, gives, options in nodes],
        "tiny_style",
        [values(helper, name, shape) for name, shape in inputs.items()],
        [values(helper, "style", [1, STYLE])],
        [arrays.from_array(value.astype(np.float32), name) for name, value in weights.items()],
    )
    return stamped(onnx, graph, {})


def values(helper, name: str, shape: list):
    return helper.make_tensor_value_info(name, 1, shape)


def stamped(onnx, graph, about: dict):
    proto = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.helper.set_model_props(
        proto, {"mouthpiece": json.dumps({"interface": 1, "version": "tiny"} | about)}
    )
    onnx.checker.check_model(proto)
    return proto


@pytest.fixture(scope="session")
def write_weights() -> Callable[..., Path]:
    """Writes the tiny model into a folder; keywords change what it says about itself."""
    onnx = pytest.importorskip("onnx")

    def write(folder: Path, **about: object) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(5)
        lines = []
        for name, proto in (("step", tiny_step(onnx, rng, **about)), ("style", tiny_style(onnx, rng))):
            content = proto.SerializeToString()
            (folder / f"{name}.onnx").write_bytes(content)
            lines.append(f"{hashlib.sha256(content).hexdigest()}  {name}.onnx\n")
        (folder / "SHA256SUMS").write_text("".join(lines), "ascii")
        return folder

    return write


@pytest.fixture(scope="session")
def tiny(write_weights, tmp_path_factory) -> Model:
    return Model.load(write_weights(tmp_path_factory.mktemp("tiny")))


@pytest.fixture(scope="session")
def shipped() -> Model:
    return Model.load()


@pytest.fixture(scope="session", params=["tiny", "shipped"])
def model(request) -> Model:
    """Both models in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def speech() -> np.ndarray:
    """Four seconds of a buzz with moving pitch, syllables and breath; a length of no whole ticks."""
    time = np.arange(4 * SAMPLE_RATE - 123) / SAMPLE_RATE
    phase = np.cumsum(140 + 40 * np.sin(2 * np.pi * 0.8 * time)) / SAMPLE_RATE
    syllables = np.clip(np.sin(2 * np.pi * 3.7 * time), 0, None)
    noise = np.random.default_rng(1).standard_normal(len(time))
    return (0.4 * (2 * (phase % 1) - 1) * syllables + 0.01 * noise).astype(np.float32)


@pytest.fixture
def make_take() -> Callable[..., Take]:
    """Takes of random motion, another one for every seed."""

    def make(seed: int = 0, frames: int = 60, fps: float = 30.0, audio: np.ndarray | None = None) -> Take:
        rng = np.random.default_rng(seed)
        motion = rng.random((frames, C), np.float32) * rng.random(C, np.float32)
        return Take(motion, fps, f"take {seed}", audio)

    return make
