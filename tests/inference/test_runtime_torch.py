"""The torch runtime: the figures of ONNX Runtime, operator by operator, and over many ticks of a batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference import runtime
from mouthpiece.inference.bank import Bank
from mouthpiece.inference.features import HOPS, MELS, log_mel
from mouthpiece.inference.model import WEIGHTS, Found, Model
from mouthpiece.inference.session import Session, Track, frame_noise
from mouthpiece.inference.types import TICK_SAMPLES, Take

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
from mouthpiece.inference.runtime_torch.network import PLANS, Resident, TorchNetwork  # noqa: E402
from mouthpiece.inference.runtime_torch.operators import OPERATORS, Node, Unsupported  # noqa: E402
from mouthpiece.inference.runtime_torch.plan import Graph, Plan, body  # noqa: E402

TICKS, BATCH = 200, 8
LISTENED = 3
"""Ticks that are listened to at once."""
TOLERANCE = 1e-4
RNG = np.random.default_rng(3)
X = RNG.standard_normal((2, 3, 8)).astype(np.float32)
Y = RNG.standard_normal((2, 3, 8)).astype(np.float32)
WHOLE = np.array([[3, -4, 5], [-6, 7, 2]], np.int64)
SMALL = np.array([[2, 3, -2], [4, -3, 5]], np.int64)


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


def scanned():
    """The state is squared, less a little, and takes a slice in; what it was before is put out."""
    helper = onnx.helper
    ports = [helper.make_tensor_value_info(name, 1, None) for name in ("h", "x", "new", "out")]
    little = helper.make_node("Constant", [], ["little"], value_float=0.1)
    nodes = [
        little,
        helper.make_node("Mul", ["h", "h"], ["square"]),
        helper.make_node("Sub", ["square", "little"], ["less"]),
        helper.make_node("Add", ["less", "x"], ["new"]),
        helper.make_node("Identity", ["h"], ["out"]),
    ]
    return helper.make_graph(nodes, "body", ports[:2], ports[2:])


# Operator → calls of it: what is data, then its parameters, then attributes.
UNARY = ("Cos", "Exp", "Identity", "Sigmoid", "Sin", "Tanh")
BINARY = ("Add", "Div", "Equal", "Greater", "Less", "Max", "Min", "Mul", "Sub", "Sum")
CASES: dict[str, list[tuple[tuple, tuple, dict]]] = {
    **{name: [((X,), (), {})] for name in UNARY},
    **{name: [((X, Y), (), {}), ((X, Y[0, 0]), (), {})] for name in BINARY},
    "And": [((X > 0, Y > 0), (), {})],
    "Cast": [((X * 3,), (), {"to": number}) for number in (6, 7, 9, 10, 11)],
    "Clip": [
        ((X,), (np.float32(-0.2), np.float32(0.3)), {}),
        ((X,), (None, np.float32(0.3)), {}),
        ((X,), (np.float32(-0.2),), {}),
    ],
    "Concat": [((X, Y), (), {"axis": 2}), ((X, Y), (), {"axis": -2})],
    "ConstantOfShape": [((), (ints(2, 3),), {"value": np.array([2.5], np.float32)}), ((), (ints(4),), {})],
    "Conv": [
        ((X,), (RNG.random((5, 3, 4), np.float32), RNG.random(5, np.float32)), {"strides": [2]}),
        ((X,), (RNG.random((5, 3, 3), np.float32),), {"pads": [2, 1]}),
    ],
    "Expand": [((X[:, :1],), (ints(2, 3, 8),), {}), ((X,), (ints(4, 1, 1, 1),), {})],
    "Flatten": [((X,), (), {"axis": axis}) for axis in (0, 1, 2)],
    "Gather": [
        ((X,), (np.array(-2, np.int64),), {"axis": 2}),
        ((X,), (ints(1, -1, 0),), {"axis": 1}),
        ((X, ints(2, -3)), (), {"axis": -1}),
        ((X,), (np.array([[0, 1], [2, 0]], np.int64),), {"axis": 1}),
    ],
    "Gemm": [
        ((X[0], Y[0].T.copy()), (RNG.random(3, np.float32),), {}),
        ((X[0], Y[1]), (), {"transB": 1, "alpha": 0.5}),
        ((X[0], Y[1]), (RNG.random((8, 8), np.float32),), {"transA": 1, "beta": -2.0}),
    ],
    "LayerNormalization": [
        ((X,), (RNG.random(8, np.float32), RNG.random(8, np.float32)), {"epsilon": 1e-3}),
        ((X,), (RNG.random((3, 8), np.float32),), {"axis": 1}),
    ],
    "LpNormalization": [((X,), (), {"axis": -1, "p": 2})],
    "MatMul": [((X, Y[0].T), (), {}), ((X[0, 0], Y.transpose(0, 2, 1)), (), {})],
    "Mod": [((WHOLE, SMALL), (), {}), ((X, Y), (), {"fmod": 1})],
    "Pad": [((X,), (ints(0, 1, 2, 0, 0, 1), np.float32(0.5)), {}), ((X,), (ints(0, 0, -1, 0, 0, -2),), {})],
    "Pow": [((np.abs(X), Y), (), {})],
    "ReduceSum": [((X,), (ints(1),), {"keepdims": 0}), ((X,), (ints(-1, 0),), {})],
    **{
        name: [((X,), (), {"axes": [-1], "keepdims": 0}), ((X,), (), {"axes": [0, 2]}), ((X,), (), {})]
        for name in ("ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin")
    },
    "Reshape": [((X,), (ints(0, -1),), {}), ((X,), (ints(4, 3, 4),), {"allowzero": 1})],
    "Scan": [
        ((0.1 * X[0], X), (), {"body": scanned(), "num_scan_inputs": 1}),
        (
            (0.1 * X[:, 0], X),
            (),
            {"body": scanned(), "num_scan_inputs": 1, "scan_input_axes": [1], "scan_output_axes": [-2]},
        ),
    ],
    "Slice": [
        ((X,), (ints(-3), ints(2**62), ints(2)), {}),
        ((X,), (ints(0, 1), ints(2, -1), ints(0, -1), ints(1, 2)), {}),
        ((X,), (ints(-1), ints(-(2**62)), ints(2), ints(-1)), {}),
        ((X,), (ints(6), ints(0), ints(-1), ints(-3)), {}),
        ((X,), (ints(1, 2), ints(2, 3)), {}),
    ],
    "Softmax": [((X,), (), {"axis": 1}), ((X,), (), {})],
    "Split": [((X,), (ints(5, 3),), {"axis": -1}), ((X,), (), {"axis": 2})],
    "Sqrt": [((np.abs(X),), (), {})],
    "Squeeze": [((X[:, :1],), (ints(1),), {}), ((X[:1, :1],), (), {})],
    "Tile": [((X,), (ints(1, 2, 3),), {})],
    "Transpose": [((X,), (), {"perm": [2, 0, 1]}), ((X,), (), {})],
    "Unsqueeze": [((X,), (ints(-1, 0),), {}), ((X,), (ints(2),), {})],
    "Where": [((X > 0, X, Y), (), {})],
}
CASES["Div"].append(((WHOLE, SMALL), (), {}))


def one_node(operator: str, data: tuple, parameters: tuple, attributes: dict) -> bytes:
    """A graph of one operator with inputs ``a``, ``b``, … and all else constant."""
    helper, names = onnx.helper, "abcdefgh"
    kinds = [onnx.helper.np_dtype_to_tensor_dtype(value.dtype) for value in data]
    inputs = [
        helper.make_tensor_value_info(name, kind, value.shape)
        for name, kind, value in zip(names, kinds, data, strict=False)
    ]
    given = {f"p{i}": value for i, value in enumerate(parameters) if value is not None}
    takes = [value.name for value in inputs] + [
        f"p{i}" if f"p{i}" in given else "" for i in range(len(parameters))
    ]
    gives = ["y", "z"] if operator in ("Scan", "Split") else ["y"]
    arrays = {k: onnx.numpy_helper.from_array(v) for k, v in attributes.items() if isinstance(v, np.ndarray)}
    node = helper.make_node(operator, takes, gives, name="it", **(attributes | arrays))
    outputs = [onnx.ValueInfoProto(name=name) for name in gives]
    constants = [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in given.items()]
    graph = helper.make_graph([node], "one", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return onnx.shape_inference.infer_shapes(model).SerializeToString()


def run_torch(content: bytes, data: tuple) -> list[np.ndarray]:
    """What the plan of a graph gives, of any element type."""
    feed = [torch.from_numpy(np.ascontiguousarray(value)) for value in data]
    return [value.numpy() for value in Plan(Graph(content, "cpu"), feed).run(feed)]


@pytest.mark.parametrize("operator", OPERATORS)
def test_an_operator_does_what_onnx_runtime_does(operator: str) -> None:
    for data, parameters, attributes in CASES[operator]:
        content = one_node(operator, data, parameters, attributes)
        session = runtime._session(content, "cpu")
        ports = [port.name for port in session.get_inputs()]
        wanted = session.run(None, dict(zip(ports, data, strict=True)))
        for value, right in zip(run_torch(content, data), wanted, strict=True):
            assert value.shape == right.shape
            assert value.dtype == right.dtype
            np.testing.assert_allclose(value, right, rtol=1e-5, atol=1e-6)


def test_what_it_cannot_do_is_named() -> None:
    with pytest.raises(Unsupported, match=r"does not know the operator Erf \('it'\)"):
        run_torch(one_node("Erf", (X,), (), {}), (X,))
    with pytest.raises(Unsupported, match="Reshape 'it' takes its b from the data"):
        run_torch(one_node("Reshape", (X, ints(6, 8)), (), {}), (X, ints(6, 8)))


@pytest.fixture(scope="session")
def torch_model() -> Model:
    model = Model.load(device="torch")
    assert (model.device, model.notice) == ("torch", "")
    return model


def test_ticks_are_heard_one_by_one_where_more_would_give_other_bits(torch_model: Model) -> None:
    assert [part.stop - part.start for part in torch_model.strides(9)] == [1] * 9


@pytest.mark.parametrize(
    ("nodes", "told"),
    [
        ([("Erf", ["h"], ["new"])], "cannot do Erf"),
        ([("Split", ["h"], ["new", "rest"])], "cannot do Split"),
        ([("Add", ["h", "around"], ["new"])], "takes around from around it"),
    ],
)
def test_a_scan_that_it_cannot_do_is_named(nodes: list, told: str) -> None:
    helper = onnx.helper
    ports = [helper.make_tensor_value_info(name, 1, None) for name in ("h", "x", "new")]
    proto = helper.make_graph([helper.make_node(*node) for node in nodes], "body", ports[:2], [ports[2]])
    with pytest.raises(Unsupported, match=told):
        OPERATORS["Scan"](Node("Scan", "it", ("a", "b"), ("y",), {"num_scan_inputs": 1, "body": body(proto)}))


def steps(model: Model, batch: int, ticks: int):
    """What is heard, the channels and the state of every tick of a random course."""
    rng, state = np.random.default_rng(1), model.initial_state(batch)
    for tick in range(ticks):
        mel = (2 * rng.standard_normal((batch, 4 * LISTENED, 80)) - 4).astype(np.float32)
        noise = rng.standard_normal((batch, model.noise_size), np.float32)
        found = model.nothing_found(batch)
        if tick % 3:
            found = Found(*(rng.standard_normal(v.shape, np.float32) for v in vars(found).values()))
        heard, state = model.listen(mel, state)
        speech = heard.speech[:, 0]
        query, state = model.ask(speech, state)
        channels, state = model.move(speech, heard.articulation[:, 0], found, noise, state)
        made = vars(heard) | {"query": query, "channels": channels}
        yield made | {f"state {name}": value for name, value in state.items()}


def compare(ours: Model, reference: Model, take: Take, speech: np.ndarray) -> dict[str, float]:
    """Largest differences of all outputs and states while a batch speaks, each row another part.

    Both are given what the reference found: of two entries that suit equally well either may be taken. The
    first row has no references. States are measured in their own range, where that is wider than one.
    """
    mel = log_mel(np.resize(speech, (TICKS + 25 * BATCH) * TICK_SAMPLES)).reshape(-1, HOPS, MELS)
    bank, found = Bank(reference), reference.nothing_found(BATCH)
    bank.add(take)
    state, right_state = ours.initial_state(BATCH), reference.initial_state(BATCH)
    worst: dict[str, float] = {}
    for tick in range(TICKS):
        mels = mel[tick : tick + 25 * BATCH : 25]
        noise = np.stack([frame_noise(row, tick, ours.noise_size) for row in range(BATCH)])
        heard, state = ours.listen(mels, state)
        right, right_state = reference.listen(mels, right_state)
        query, state = ours.ask(heard.speech[:, 0], state)
        right_query, right_state = reference.ask(right.speech[:, 0], right_state)
        for row in range(1, BATCH):
            bank.offer(right_query[row], found, row)
        spoken = heard.speech[:, 0], heard.articulation[:, 0]
        channels, state = ours.move(*spoken, found, noise, state)
        spoken = right.speech[:, 0], right.articulation[:, 0]
        right_channels, right_state = reference.move(*spoken, found, noise, right_state)
        pairs = {name: (value, vars(right)[name], 1.0) for name, value in vars(heard).items()}
        pairs["query"], pairs["channels"] = (query, right_query, 1.0), (channels, right_channels, 1.0)
        for name, value in right_state.items():
            pairs[f"state {name}"] = state[name], value, max(1.0, float(np.abs(value).max()))
        for name, (value, wanted, scale) in pairs.items():
            assert value.shape == wanted.shape
            error = float(np.abs(np.asarray(value) - wanted).max()) / scale
            worst[name] = max(worst.get(name, 0.0), error)
    return worst


def test_a_batch_agrees_over_many_ticks(shipped: Model, torch_model: Model, make_take, speech) -> None:
    worst = compare(torch_model, shipped, make_take(audio=speech), speech)
    assert len(worst) > len(shipped.initial_state())
    assert max(worst.values()) < TOLERANCE, worst


def test_a_take_is_remembered_alike(shipped: Model, torch_model: Model, make_take, speech) -> None:
    for frames, audio in ((40, None), (90, speech)):
        take = make_take(1, frames, audio=audio)
        ours, theirs = torch_model.embed(take).arrays(), shipped.embed(take).arrays()
        assert all(np.abs(ours[name] - theirs[name]).max() < TOLERANCE for name in theirs)


def test_a_row_begins_anew_and_its_neighbour_goes_on(torch_model: Model, speech, make_take) -> None:
    """Sessions write into what they are given; nothing of it may be shared."""
    bank = Bank(torch_model)
    bank.add(make_take())
    session = Session(torch_model, batch=2, bank=bank)
    ticks = speech[: 20 * 640].reshape(20, 640)
    first = np.concatenate([session.push(np.stack([tick, tick])) for tick in ticks], axis=1)
    session.reset(0, Track(bank))
    second = np.concatenate([session.push(np.stack([tick, tick])) for tick in ticks], axis=1)
    assert np.array_equal(second[0], first[0])
    assert not np.array_equal(second[1], first[1])


def test_one_thread_works_and_others_keep_theirs(torch_model: Model, monkeypatch) -> None:
    seen, real = [], Plan.run
    monkeypatch.setattr(Plan, "run", lambda *given: seen.append(torch.get_num_threads()) or real(*given))
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        list(steps(torch_model, 2, 2))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert seen == [1] * 6


def test_outputs_are_the_callers_own() -> None:
    """Outputs that are views of an input, of a constant and of each other may be written into."""
    helper = onnx.helper
    nodes = [
        helper.make_node("Identity", ["a"], ["same"]),
        helper.make_node("Unsqueeze", ["same", "first"], ["wide"]),
        helper.make_node("Identity", ["fixed"], ["constant"]),
        helper.make_node("Sin", ["a"], ["made"]),
        helper.make_node("Transpose", ["made"], ["turned"], perm=[1, 0]),
    ]
    outputs = ("same", "wide", "constant", "made", "turned")
    graph = helper.make_graph(
        nodes,
        "views",
        [helper.make_tensor_value_info("a", 1, ["batch", 8])],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [
            onnx.numpy_helper.from_array(value, name)
            for name, value in {"first": ints(0), "fixed": X[0]}.items()
        ],
    )
    network = TorchNetwork(helper.make_model(graph).SerializeToString(), "cpu")
    given = X[0].copy()
    made = network.run(outputs, {"a": given})
    arrays = [given, *made]
    for index, one in enumerate(arrays):
        assert not any(np.shares_memory(one, other) for other in arrays[index + 1 :])
    for value in made:
        value[:] = 7.0
    again = network.run(outputs, {"a": given})
    for value, right in zip(again, (X[0], X[:1], X[0], np.sin(X[0]), np.sin(X[0]).T), strict=True):
        np.testing.assert_allclose(value, right, atol=1e-6)


def test_few_plans_are_remembered(torch_model: Model, make_take) -> None:
    for frames in range(30, 30 + 2 * PLANS):
        torch_model.embed(make_take(0, frames, fps=25.0))
    assert len(torch_model._remember.session._plans) == PLANS


def test_a_model_that_it_cannot_run_falls_back(write_weights, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delitem(OPERATORS, "Tanh")
    model = Model.load(write_weights(tmp_path / "weights"), "torch")
    assert model.device == "cpu"
    assert "does not know the operator Tanh" in model.notice


def test_a_recording_that_fails_is_noticed_at_the_start(write_weights, tmp_path: Path, monkeypatch) -> None:
    def fail(function):
        raise RuntimeError("operation not permitted when stream is capturing")

    def network(content: bytes, device: str) -> TorchNetwork:
        return TorchNetwork(content, device, fail)

    monkeypatch.setattr("mouthpiece.inference.runtime_torch.network.TorchNetwork", network)
    model = Model.load(write_weights(tmp_path / "weights"), "torch")
    assert model.device == "cpu"
    assert "it does not start (operation not permitted when stream is capturing)" in model.notice


# --- what happens on a graphics card, with the processor in its place ---------------------------------------


def replayed(function):
    """A capture as CUDA makes it: outputs at fixed places, which a replay fills anew."""
    outputs = function()

    def replay() -> None:
        for place, value in zip(outputs, function(), strict=True):
            place.copy_(value)

    return outputs, replay


@pytest.fixture
def recorded(torch_model: Model, monkeypatch: pytest.MonkeyPatch) -> Model:
    """The shipped model with states that stay where they are and runs that are recorded."""
    model = Model.load(device="cpu")
    for name in ("listen", "ask", "move", "remember"):
        content = (WEIGHTS / f"{name}.onnx").read_bytes()
        monkeypatch.setattr(getattr(model, f"_{name}"), "session", TorchNetwork(content, "cpu", replayed))
    return model


def test_recorded_runs_agree(torch_model: Model, recorded: Model) -> None:
    for ours, theirs in zip(steps(recorded, 2, 12), steps(torch_model, 2, 12), strict=True):
        for name, value in ours.items():
            assert isinstance(value, Resident) == name.startswith("state ")
            np.testing.assert_allclose(np.asarray(value), theirs[name], atol=1e-6, err_msg=name)


def test_a_resident_state_is_like_an_array() -> None:
    values = RNG.standard_normal((3, 2, 4)).astype(np.float32)
    state = Resident(torch.from_numpy(values.copy()))
    assert state.shape == values.shape and len(state) == 3
    assert np.array_equal(np.asarray(state), values) and np.array_equal(state.copy(), values)
    assert np.array_equal(state[1], values[1]) and np.array_equal(state.reshape(-1), values.reshape(-1))
    kept = state.copy()
    for row, value in ((0, 0.0), (1, values[2])):
        state[row] = value
        assert np.array_equal(state[row], np.broadcast_to(value, (2, 4)))
    assert np.array_equal(state[2], values[2])
    assert np.array_equal(kept, values)


def test_an_old_state_stays_what_it_was(recorded: Model) -> None:
    rng, states = np.random.default_rng(2), [recorded.initial_state(2)]
    mels = (2 * rng.standard_normal((6, 2, 4, 80)) - 4).astype(np.float32)
    noise = np.zeros((2, recorded.noise_size), np.float32)

    def step(mel: np.ndarray, state: dict) -> tuple[np.ndarray, dict]:
        heard, state = recorded.listen(mel, state)
        _, state = recorded.ask(heard.speech[:, 0], state)
        found = recorded.nothing_found(2)
        return recorded.move(heard.speech[:, 0], heard.articulation[:, 0], found, noise, state)

    frames = []
    for mel in mels:
        channels, state = step(mel, states[-1])
        states.append(state)
        frames.append(channels)
    for mel, state, frame in zip(mels, states, frames, strict=False):
        np.testing.assert_allclose(step(mel, state)[0], frame, atol=1e-6)


def test_recorded_sessions_do_not_disturb_each_other(recorded: Model, torch_model: Model, speech) -> None:
    """Two sessions take turns on one recording; one row begins anew, one session is saved and restored."""
    ticks = speech[: 24 * 640].reshape(24, 640)

    def course(model: Model) -> np.ndarray:
        pair = [Session(model, batch=2, seed=seed) for seed in (1, 2)]
        saved, frames = None, []
        for index, tick in enumerate(ticks):
            if index == 8:
                saved = pair[1].save()
                pair[0].reset(1, Track(seed=5))
            if index == 16:
                pair[1].restore(saved)
            frames += [session.push(np.stack([tick, tick[::-1]])) for session in pair]
        return np.concatenate(frames, axis=1)

    np.testing.assert_allclose(course(recorded), course(torch_model), atol=1e-6)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA card here")
def test_a_graphics_card_agrees(shipped: Model, make_take, speech) -> None:
    model = Model.load(device="torch-cuda")
    assert (model.device, model.notice) == ("torch-cuda", "")
    worst = compare(model, shipped, make_take(audio=speech), speech)
    assert max(worst.values()) < TOLERANCE, worst
