"""Devices: an unknown one is an error; one that is absent or does not start is replaced by the processor."""

from __future__ import annotations

import builtins
import logging
import sys
from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference import runtime
from mouthpiece.inference.animate import animate
from mouthpiece.inference.errors import DeviceError, WeightsError
from mouthpiece.inference.info import describe
from mouthpiece.inference.model import Model

ACCELERATED = ("cuda", "directml", "coreml", "torch", "torch-cuda")


@pytest.fixture
def folder(write_weights, tmp_path: Path) -> Path:
    return write_weights(tmp_path / "weights")


@pytest.fixture
def drives(monkeypatch: pytest.MonkeyPatch):
    """Lets ONNX Runtime say that it drives CUDA, and makes what it does then."""

    def make(fate) -> None:
        library = runtime._library()
        real = library.InferenceSession

        def open_session(content, options, providers, **more):
            if runtime.PROVIDERS["cuda"] not in providers:
                return real(content, options, providers=providers, **more)
            return fate(real(content, options, providers=["CPUExecutionProvider"], **more))

        everything = list(runtime.PROVIDERS.values())
        monkeypatch.setattr(library, "get_available_providers", lambda: everything)
        monkeypatch.setattr(library, "InferenceSession", open_session)

    return make


class Driven:
    """A session that says it runs on CUDA; its results are changed by ``spoil``."""

    def __init__(self, session, spoil) -> None:
        self.session, self.spoil = session, spoil

    def __getattr__(self, name: str):
        return getattr(self.session, name)

    def get_providers(self) -> list[str]:
        return [runtime.PROVIDERS["cuda"], runtime.PROVIDERS["cpu"]]

    def run(self, outputs, feed):
        return [self.spoil(value) for value in self.session.run(outputs, feed)]


def test_auto_is_a_device_that_is_there() -> None:
    assert "cpu" in runtime.available()
    assert runtime.resolve("auto") in runtime.available()


def test_an_unknown_device() -> None:
    with pytest.raises(DeviceError, match=r"'abacus' is unknown: choose one of auto, cpu, cuda"):
        Model.load(device="abacus")


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_the_processor_needs_no_notice(folder: Path, device: str, caplog) -> None:
    model = Model.load(folder, device)
    assert (model.device, model.notice) == ("cpu", "")
    assert not caplog.records


@pytest.mark.parametrize("device", ACCELERATED)
def test_an_absent_device_leaves_the_work_to_the_processor(
    folder: Path, device: str, speech: np.ndarray, monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    monkeypatch.setattr(runtime._library(), "get_available_providers", lambda: ["CPUExecutionProvider"])
    monkeypatch.setattr(runtime, "find_spec", lambda name: None)
    with caplog.at_level(logging.WARNING):
        model = Model.load(folder, device)
    assert model.device == "cpu"
    assert f"because '{device}' is not available" in model.notice
    assert f"To use it, {runtime.remedy(device)}." in model.notice
    reason = "no torch and no onnx" if device in runtime.TORCH else "drives cpu only"
    assert reason in model.notice
    assert [record.getMessage() for record in caplog.records] == [model.notice]
    channels = animate(speech, model)
    assert np.array_equal(channels, animate(speech, Model.load(folder)))


def test_a_device_that_starts_is_used(folder: Path, drives) -> None:
    drives(lambda session: Driven(session, lambda value: value))
    model = Model.load(folder, "cuda")
    assert (model.device, model.notice) == ("cuda", "")


def test_a_provider_that_silently_took_the_processor(folder: Path, drives) -> None:
    drives(lambda session: session)
    model = Model.load(folder, "cuda")
    assert model.device == "cpu"
    assert "could not load its libraries" in model.notice


def test_a_provider_that_fails_at_the_start(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """ONNX Runtime would then print on standard output, where a stream writes its frames."""
    library = runtime._library()
    real = library.InferenceSession._create_inference_session

    def create(self, providers, *more):
        if runtime.PROVIDERS["cuda"] in providers:
            raise RuntimeError("CUDA failure 100: no device\nsecond line")
        real(self, providers, *more)

    monkeypatch.setattr(library.InferenceSession, "_create_inference_session", create)
    monkeypatch.setattr(library, "get_available_providers", lambda: list(runtime.PROVIDERS.values()))
    model = Model.load(folder, "cuda")
    assert model.device == "cpu"
    assert "it does not start (CUDA failure 100: no device)" in model.notice
    assert capsys.readouterr().out == ""


def test_a_driver_that_fails_at_the_first_step(folder: Path, drives) -> None:
    def crash(value: np.ndarray) -> np.ndarray:
        raise RuntimeError("device removed")

    drives(lambda session: Driven(session, crash))
    model = Model.load(folder, "cuda")
    assert model.device == "cpu"
    assert "device removed" in model.notice


def test_a_driver_that_gives_no_numbers(folder: Path, drives) -> None:
    drives(lambda session: Driven(session, lambda value: np.full_like(value, np.nan)))
    model = Model.load(folder, "cuda")
    assert model.device == "cpu"
    assert "is no number" in model.notice


def test_a_broken_file_is_broken_on_every_device(folder: Path, drives) -> None:
    drives(lambda session: Driven(session, lambda value: value))
    with pytest.raises(WeightsError, match="move of mine cannot be opened"):
        runtime.open_networks({"move of mine": b"no network"}, "cuda")


def test_without_onnx_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(DeviceError, match="ONNX Runtime cannot be loaded"):
        Model.load()


def test_a_torch_that_does_not_load(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    real = builtins.__import__

    def fail(name: str, *more):
        if name == "torch":
            raise OSError("libcudart.so.13: cannot open shared object file")
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", fail)
    model = Model.load(folder, "torch-cuda")
    assert model.device == "cpu"
    assert "libcudart.so.13" in model.notice


def test_info_tells_which_devices_start(folder: Path, drives) -> None:
    def rows() -> dict[str, str]:
        lines = describe(folder).splitlines()
        first = next(index for index, line in enumerate(lines) if line.startswith("device "))
        return dict(line.split()[:2] for line in lines[first + 1 : first + 1 + len(runtime.DEVICES)])

    before = rows()
    assert set(before) == set(runtime.DEVICES)
    assert {device for device, runs in before.items() if runs == "yes"} == {"auto", *runtime.available()}
    drives(lambda session: session)  # which loads, and quietly runs on the processor
    assert "cuda" in runtime.available()
    assert rows() == before | {"cuda": "no"}
    drives(lambda session: Driven(session, lambda value: value))
    assert rows()["cuda"] == "yes"
