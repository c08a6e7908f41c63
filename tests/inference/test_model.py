"""The networks behind one interface; damaged weights and those of other versions get one clear message."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference.blinks import BLINK, LIDS
from mouthpiece.inference.errors import WeightsError
from mouthpiece.inference.model import STRIDE, WEIGHTS, Model
from mouthpiece.inference.types import C, Take


@pytest.mark.parametrize(("batch", "ticks"), [(1, 1), (1, 5), (3, 2)])
def test_the_shipped_model_keeps_the_contract(shipped: Model, batch: int, ticks: int) -> None:
    state = shipped.initial_state(batch)
    heard, after = shipped.listen(np.zeros((batch, 4 * ticks, 80), np.float32), state)
    assert heard.speech.shape == (batch, ticks, shipped.speech_size)
    assert heard.articulation.shape == (batch, ticks, 4, len(shipped.about["articulation"]))
    assert heard.events.shape == (batch, ticks, len(shipped.about["events"]))
    assert heard.affect.shape == (batch, ticks, 2)
    speech = heard.speech[:, 0]
    query, after = shipped.ask(speech, after)
    np.testing.assert_allclose(np.linalg.norm(query, axis=1), 1, atol=1e-5)
    noise = np.zeros((batch, shipped.noise_size), np.float32)
    found = shipped.nothing_found(batch)
    channels, after = shipped.move(speech, heard.articulation[:, 0], found, noise, after)
    assert channels.shape == (batch, C)
    assert {name: value.shape for name, value in after.items()} == {
        name: value.shape for name, value in state.items()
    }
    assert not any(value.any() for value in state.values())


def test_ticks_heard_at_once_have_the_bits_of_ticks_heard_one_by_one(model: Model) -> None:
    mel = (2 * np.random.default_rng(4).standard_normal((2, 4 * 21, 80)) - 6).astype(np.float32)
    together, end = model.listen(mel, model.initial_state(2))
    for sizes in ([1] * 21, [STRIDE, STRIDE, 5], [20, 1]):
        state, parts, start = model.initial_state(2), [], 0
        for size in sizes:
            heard, state = model.listen(mel[:, 4 * start : 4 * (start + size)], state)
            parts.append(vars(heard))
            start += size
        for name, value in vars(together).items():
            assert np.array_equal(np.concatenate([part[name] for part in parts], 1), value), name
        assert all(np.array_equal(state[name], end[name]) for name in end)


@pytest.mark.parametrize("ticks", [0, 1, STRIDE - 1, STRIDE, 3 * STRIDE + 2])
def test_strides_cover_every_tick_once_in_two_sizes(shipped: Model, ticks: int) -> None:
    parts = list(shipped.strides(ticks))
    assert [tick for part in parts for tick in range(part.start, part.stop)] == list(range(ticks))
    assert {part.stop - part.start for part in parts} <= {1, STRIDE}


def test_the_shipped_hashes_are_listed(shipped: Model) -> None:
    for name, digest in shipped.hashes.items():
        assert digest == hashlib.sha256((WEIGHTS / name).read_bytes()).hexdigest()


def test_a_step_leaves_its_inputs_alone(model: Model) -> None:
    rng = np.random.default_rng(0)
    state = {name: rng.random(value.shape, np.float32) for name, value in model.initial_state().items()}
    kept = {name: value.copy() for name, value in state.items()}
    mel, noise = rng.random((1, 4, 80), np.float32), np.zeros((1, model.noise_size), np.float32)

    def frame() -> tuple[np.ndarray, np.ndarray]:
        heard, after = model.listen(mel, state)
        query, after = model.ask(heard.speech[:, 0], after)
        found = model.nothing_found()
        return model.move(heard.speech[:, 0], heard.articulation[:, 0], found, noise, after)[0], query

    first = frame()
    assert all(np.array_equal(state[name], kept[name]) for name in kept)
    assert all(map(np.array_equal, frame(), first))


@pytest.mark.parametrize("name", ["listen.onnx", "ask.onnx", "move.onnx", "remember.onnx", "SHA256SUMS"])
def test_missing_weights(write_weights, tmp_path: Path, name: str) -> None:
    folder = write_weights(tmp_path / "weights")
    (folder / name).unlink()
    with pytest.raises(WeightsError, match=name):
        Model.load(folder)


@pytest.mark.parametrize("name", ["listen.onnx", "ask.onnx", "move.onnx", "remember.onnx"])
def test_damaged_weights(write_weights, tmp_path: Path, name: str) -> None:
    path = write_weights(tmp_path / "weights") / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=f"{name} is damaged"):
        Model.load(path.parent)


def test_weights_that_are_no_network(write_weights, tmp_path: Path) -> None:
    folder = write_weights(tmp_path / "weights")
    (folder / "move.onnx").write_bytes(b"no network")
    digest = hashlib.sha256(b"no network").hexdigest()
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    kept = [line for line in lines if not line.endswith("move.onnx")]
    (folder / "SHA256SUMS").write_text("\n".join([*kept, f"{digest}  move.onnx"]))
    with pytest.raises(WeightsError, match=r"move\.onnx cannot be opened"):
        Model.load(folder)


def test_a_blink_tells_how_often_one_blinks_and_is_not_looked_for(model: Model) -> None:
    still = np.random.default_rng(1).uniform(0, 0.1, (50, C)).astype(np.float32)
    still[:, LIDS] = 0.1
    blinking = still.copy()
    blinking[20:24, list(BLINK)] = [[0.6], [1.0], [0.9], [0.4]]
    calm, lively = (model.embed(Take(channels, 25.0, "a take")) for channels in (still, blinking))
    np.testing.assert_array_equal(lively.keys, calm.keys)
    assert not np.array_equal(lively.styles, calm.styles)


def test_weights_of_another_interface(write_weights, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="another interface"):
        Model.load(write_weights(tmp_path / "weights", interface=99))


def test_weights_in_a_folder_of_any_name(write_weights, tmp_path: Path) -> None:
    assert Model.load(write_weights(tmp_path / "вес é 口")).style_size == 5
