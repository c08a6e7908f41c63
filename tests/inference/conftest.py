"""Sounds, takes, and a tiny causal model, so that the engine is tested apart from the shipped weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference.model import INTERFACE, Model
from mouthpiece.inference.types import SAMPLE_RATE, C, Take

STYLE, NOISE, CODE, KEY, VALUE, FOUND, DEVIATION, REST = 5, 3, 6, 5, 7, 8, 2, 2
SIZES = {
    "style": STYLE, "noise": NOISE, "speech": CODE, "key": KEY, "value": VALUE, "found": FOUND,
    "deviation": DEVIATION, "rest": REST,
}  # fmt: skip


def tiny_listen(onnx, rng: np.random.Generator, **about: object):
    """A leaky sum over the ticks, and a memory of the last hops."""
    constants = {
        "hear": 0.02 * rng.standard_normal((80, CODE)),
        "minus": np.array([-2]),
        "end": np.array([1 << 40]),
        "one": np.array([1]),
        "two": np.array([2]),
        "three": np.array([3]),
        "zero": np.array([0]),
        "ticks": np.array([0, -1, 4, 80]),
    }
    helper = onnx.helper
    kept = [
        helper.make_node("Constant", [], ["leak"], value_float=0.9),
        helper.make_node("Mul", ["sum", "leak"], ["kept"]),
        helper.make_node("Add", ["kept", "x"], ["y"]),
        helper.make_node("Identity", ["y"], ["out"]),
    ]
    ports = {name: helper.make_tensor_value_info(name, 1, None) for name in ("sum", "x", "y", "out")}
    leaky = helper.make_graph(kept, "leaky", [ports["sum"], ports["x"]], [ports["y"], ports["out"]])
    nodes = [
        ("Concat", ["state.hops", "mel"], ["hops"], {"axis": 1}),
        ("Slice", ["hops", "minus", "end", "one"], ["next.hops"], {}),
        ("Slice", ["hops", "zero", "minus", "one"], ["late"], {}),
        ("Reshape", ["late", "ticks"], ["before"], {}),
        ("Reshape", ["mel", "ticks"], ["now"], {}),
        ("Add", ["before", "now"], ["both"], {}),
        ("ReduceMean", ["both"], ["level"], {"axes": [2], "keepdims": 0}),
        ("MatMul", ["level", "hear"], ["heard"], {}),
        (
            "Scan",
            ["state.sum", "heard"],
            ["next.sum", "speech"],
            {"body": leaky, "num_scan_inputs": 1, "scan_input_axes": [1], "scan_output_axes": [1]},
        ),
        ("Slice", ["now", "zero", "three", "three"], ["articulation"], {}),
        ("Slice", ["heard", "zero", "two", "two"], ["few"], {}),
        ("Sigmoid", ["few"], ["events"], {}),
        ("Tanh", ["few"], ["affect"], {}),
    ]
    inputs = {"mel": ["hops", 80], "state.hops": [2, 80], "state.sum": [CODE]}
    outputs = {
        "speech": ["t", CODE], "articulation": ["t", 4, 3], "events": ["t", 2], "affect": ["t", 2],
        "next.hops": [2, 80], "next.sum": [CODE],
    }  # fmt: skip
    about = {
        "sizes": SIZES,
        "sharpness": 3.0,
        "usual": {"channels": [0, 1], "mean": [0.5, 0.5], "covariance": [[1.0, 0.0], [0.0, 1.0]]},
        "articulation": ["a", "b", "c"],
        "events": ["laugh", "cough"],
    } | about
    return stamped(onnx, tiny_graph(onnx, "tiny_listen", nodes, inputs, outputs, constants), about)


def tiny_ask(onnx, rng: np.random.Generator):
    """What is heard and how the last frame felt."""
    constants = {"ask": rng.standard_normal((CODE, KEY)), "feel": rng.standard_normal((C, KEY))}
    nodes = [
        ("MatMul", ["speech", "ask"], ["asked"], {}),
        ("MatMul", ["state.motion", "feel"], ["felt"], {}),
        ("Add", ["asked", "felt"], ["wanted"], {}),
        ("LpNormalization", ["wanted"], ["query"], {"axis": -1, "p": 2}),
    ]
    inputs = {"speech": [CODE], "state.motion": [C]}
    return stamped(onnx, tiny_graph(onnx, "tiny_ask", nodes, inputs, {"query": [KEY]}, constants), {})


def tiny_move(onnx, rng: np.random.Generator):
    """What is heard, the style, the noise and what the references offer are added and leave a sigmoid."""
    constants = {
        "hear": rng.standard_normal((CODE, C)),
        "manner": np.pad(rng.standard_normal((STYLE - 1, C)), ((0, 1), (0, 0))),
        "imitate": rng.standard_normal((VALUE, C)),
        "chance": 0.3 * rng.standard_normal((NOISE, C)),
        "one": np.array([1]),
        "quiet": np.array(0.1),
    }
    nodes = [
        ("MatMul", ["speech", "hear"], ["heard"], {}),
        ("MatMul", ["style", "manner"], ["mannered"], {}),
        ("MatMul", ["noise", "chance"], ["chanced"], {}),
        ("Exp", ["biases"], ["weights"], {}),
        ("Unsqueeze", ["weights", "one"], ["rows"], {}),
        ("MatMul", ["rows", "values"], ["offered"], {}),
        ("Squeeze", ["offered", "one"], ["offer"], {}),
        ("MatMul", ["offer", "imitate"], ["imitated"], {}),
        ("ReduceMean", ["articulation"], ["spoken"], {"axes": [1, 2], "keepdims": 0}),
        ("Unsqueeze", ["spoken", "one"], ["shaped"], {}),
        ("Mul", ["shaped", "quiet"], ["said"], {}),
        ("Sum", ["heard", "mannered", "chanced", "imitated", "said", "state.motion"], ["drive"], {}),
        ("Sigmoid", ["drive"], ["channels"], {}),
        ("Mul", ["channels", "quiet"], ["next.motion"], {}),
    ]
    inputs = {
        "speech": [CODE], "articulation": [4, 3], "style": [STYLE], "values": [FOUND, VALUE],
        "biases": [FOUND], "noise": [NOISE], "state.motion": [C],
    }  # fmt: skip
    outputs = {"channels": [C], "next.motion": [C]}
    return stamped(onnx, tiny_graph(onnx, "tiny_move", nodes, inputs, outputs, constants), {})


def tiny_remember(onnx, rng: np.random.Generator):
    """An entry for every tick, read from its motion and sound; the style also tells how often it blinks, and
    whether the first channel was measured."""
    constants = {
        "see": rng.standard_normal((C, KEY)),
        "hear": rng.standard_normal((CODE, KEY)),
        "do": 0.3 * rng.standard_normal((C, VALUE)),
        "manner": rng.standard_normal((C, STYLE - 1)),
        "voice": rng.standard_normal((CODE, STYLE - 1)),
        "first": np.eye(C, 1),
        "one": np.array([1]),
    }
    nodes = [
        ("Unsqueeze", ["measured", "one"], ["mask"], {}),
        ("Unsqueeze", ["has_audio", "one"], ["loud"], {}),
        ("Mul", ["channels", "mask"], ["seen"], {}),
        ("Mul", ["speech", "loud"], ["heard"], {}),
        ("MatMul", ["seen", "see"], ["a"], {}),
        ("MatMul", ["heard", "hear"], ["b"], {}),
        ("Add", ["a", "b"], ["joint"], {}),
        ("LpNormalization", ["joint"], ["keys"], {"axis": -1, "p": 2}),
        ("MatMul", ["seen", "do"], ["values"], {}),
        ("MatMul", ["seen", "manner"], ["c"], {}),
        ("MatMul", ["heard", "voice"], ["d"], {}),
        ("Unsqueeze", ["blinking", "one"], ["lively"], {}),
        ("Sum", ["c", "d", "lively"], ["both"], {}),
        ("Tanh", ["both"], ["told"], {}),
        ("Sub", ["channels", "channels"], ["still"], {}),
        ("Add", ["still", "mask"], ["masks"], {}),
        ("MatMul", ["masks", "first"], ["shows"], {}),
        ("Concat", ["told", "shows"], ["styles"], {"axis": 2}),
    ]
    inputs = {
        "speech": ["t", CODE],
        "channels": ["t", C],
        "measured": [C],
        "has_audio": [1],
        "blinking": [1],
    }
    outputs = {"keys": ["t", KEY], "values": ["t", VALUE], "styles": ["t", STYLE]}
    return stamped(onnx, tiny_graph(onnx, "tiny_remember", nodes, inputs, outputs, constants), {})


def tiny_graph(onnx, name: str, nodes: list, inputs: dict, outputs: dict, constants: dict):
    helper, arrays = onnx.helper, onnx.numpy_helper
    return helper.make_graph(
        [helper.make_node(op, takes, gives, **options) for op, takes, gives, options in nodes],
        name,
        [values(helper, name, ["batch", *shape]) for name, shape in inputs.items()],
        [values(helper, name, ["batch", *shape]) for name, shape in outputs.items()],
        [
            arrays.from_array(value.astype(np.int64 if value.dtype == np.int64 else np.float32), name)
            for name, value in constants.items()
        ],
    )


def values(helper, name: str, shape: list):
    return helper.make_tensor_value_info(name, 1, shape)


def stamped(onnx, graph, about: dict):
    proto = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.helper.set_model_props(
        proto, {"mouthpiece": json.dumps({"interface": INTERFACE, "version": "tiny"} | about)}
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
        graphs = {
            "listen": tiny_listen(onnx, rng, **about),
            "ask": tiny_ask(onnx, rng),
            "move": tiny_move(onnx, rng),
            "remember": tiny_remember(onnx, rng),
        }
        for name, proto in graphs.items():
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
