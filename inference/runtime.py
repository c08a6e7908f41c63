"""Where the networks run: ONNX Runtime's execution providers and torch, behind short device names.

The libraries are imported when a network is opened, so that a computer on which one does not load gets a
message instead of a broken extension. A device that is absent or does not start never stops the work: the
processor takes over, with a notice that says why.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .errors import DeviceError, WeightsError

if TYPE_CHECKING:
    import onnxruntime

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
TORCH = {"torch": "cpu", "torch-cuda": "cuda"}
"""Devices of the torch runtime, and torch's own names for them."""
DEVICES = ("auto", *PROVIDERS, *TORCH)
_HOW = {
    "cpu": "install onnxruntime",
    "cuda": "install onnxruntime-gpu, CUDA's libraries and NVIDIA's driver",
    "directml": "install onnxruntime-directml (Windows)",
    "coreml": "install onnxruntime on a Mac",
    "torch": "install torch and onnx",
    "torch-cuda": "install onnx, a torch built for CUDA and NVIDIA's driver",
}
_TRIAL = {"hops": 4}
_TRIAL_TICKS = 25
"""Sizes that are free in a trial: one tick is heard, and a take has some."""
_log = logging.getLogger(__name__)


class Port(Protocol):
    """An input or output of a graph; names stand for sizes that are free."""

    name: str
    shape: list[int | str]


class OpenNetwork(Protocol):
    """A graph ready to run: what ONNX Runtime calls an inference session, as far as it is needed."""

    def get_inputs(self) -> list[Port]: ...
    def get_outputs(self) -> list[Port]: ...
    def get_modelmeta(self) -> Any: ...
    def run(self, outputs: list[str], feed: Mapping[str, Any]) -> list[Any]: ...


@dataclass(frozen=True)
class Opened:
    """Networks in the order asked for, the device that they run on, and why it is another than asked ("")."""

    networks: list[OpenNetwork]
    device: str
    notice: str


def resolve(device: str) -> str:
    """The device that ``device`` means. ``auto`` is the processor: one face is too small for a GPU.

    Raises DeviceError for an unknown name.
    """
    if device not in DEVICES:
        raise DeviceError(f"The device '{device}' is unknown: choose one of {', '.join(DEVICES)}.")
    return "cpu" if device == "auto" else device


def obstacle(device: str) -> str:
    """Why a device (not ``auto``) is not available here, "" when it is. May import the library behind it."""
    if device in TORCH:
        missing = [name for name in ("torch", "onnx") if find_spec(name) is None]
        if missing:
            return f"this Python has no {' and no '.join(missing)}"
        from .runtime_torch import unavailable

        return unavailable(TORCH[device])
    try:
        providers = _library().get_available_providers()
    except DeviceError as error:
        return str(error).split(":")[0]
    if PROVIDERS[device] in providers:
        return ""
    offered = [name for name, provider in PROVIDERS.items() if provider in providers]
    return f"this ONNX Runtime drives {', '.join(offered)} only"


def available() -> list[str]:
    """Names of the devices that are here."""
    return [device for device in DEVICES[1:] if not obstacle(device)]


def fault(contents: Mapping[str, bytes], device: str) -> str:
    """Why ONNX files do not start on a device (not ``auto``), "" when they do: ``obstacle``, and a trial."""
    try:
        _start(contents, device)
    except DeviceError as error:
        return str(error)
    return ""


def remedy(device: str) -> str:
    """What to do to have a device."""
    return _HOW[device]


def open_networks(contents: Mapping[str, bytes], device: str = "auto") -> Opened:
    """Opens ONNX files, given by the name to call them in messages, all on one device.

    Where ``device`` is absent or does not start, they run on the processor, and the notice (also logged) says
    why. Raises DeviceError for an unknown device or without ONNX Runtime, WeightsError for a broken file.
    """
    device, notice = resolve(device), ""
    if device != "cpu":
        try:
            return Opened(_start(contents, device), device, "")
        except DeviceError as error:
            notice = (
                f"The model runs on the processor, because '{device}' is not available: {error}. "
                f"To use it, {remedy(device)}."
            )
            _log.warning(notice)
    return Opened([_open(content, name) for name, content in contents.items()], "cpu", notice)


def _start(contents: Mapping[str, bytes], device: str) -> list[OpenNetwork]:
    """The networks on a device, tried out. Raises DeviceError with the bare reason."""
    reason = obstacle(device)
    if reason:
        raise DeviceError(reason)
    try:
        if device in TORCH:
            from .runtime_torch.network import TorchNetwork

            networks = [TorchNetwork(content, TORCH[device]) for content in contents.values()]
        else:
            networks = [_session(content, device) for content in contents.values()]
        _try_out(networks)
    except Exception as error:  # drivers fail in as many ways as there are, and none may stop the work
        raise DeviceError(f"it does not start ({_first_line(error)})") from error
    return networks


def _try_out(networks: Iterable[OpenNetwork]) -> None:
    """Runs each network on zeros: some drivers fail, or give no numbers, at the first step only.

    Twice, since torch records its CUDA graph when the same shapes come again.
    """
    for network in networks:
        feed = {}
        for port in network.get_inputs():
            batch, *shape = port.shape
            free = [size if isinstance(size, int) else _TRIAL.get(size, _TRIAL_TICKS) for size in shape]
            feed[port.name] = np.zeros([batch if isinstance(batch, int) else 1, *free], np.float32)
        outputs = [port.name for port in network.get_outputs()]
        values = [*network.run(outputs, feed), *network.run(outputs, feed)]
        for name, value in zip(outputs * 2, values, strict=True):
            if not np.isfinite(np.asarray(value)).all():
                raise RuntimeError(f"its '{name}' is no number")


def _open(content: bytes, name: str) -> OpenNetwork:
    """A network on the processor. Raises DeviceError without ONNX Runtime, WeightsError for a broken file."""
    _library()
    try:
        return _session(content, "cpu")
    except Exception as error:  # ONNX Runtime's errors share no other base
        raise WeightsError(
            f"{name} cannot be opened ({_first_line(error)}): install Mouthpiece again."
        ) from error


def _session(content: bytes, device: str) -> onnxruntime.InferenceSession:
    """ONNX Runtime's session on one thread: the bits must not depend on the number of cores.

    Raises whatever ONNX Runtime raises, RuntimeError when it silently took the processor.
    """
    library = _library()
    if device == "cuda" and hasattr(library, "preload_dlls"):
        with redirect_stdout(io.StringIO()):  # it finds the libraries that pip installed, and chats
            library.preload_dlls()
    options = library.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = library.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.enable_mem_pattern = device != "directml"  # DirectML works without only
    options.log_severity_level = 4
    wanted = list(dict.fromkeys((PROVIDERS[device], PROVIDERS["cpu"])))
    # ONNX Runtime's own falling back prints on standard output, where a stream writes its frames.
    session = library.InferenceSession(content, options, providers=wanted, enable_fallback=0)
    if PROVIDERS[device] not in session.get_providers():
        raise RuntimeError("ONNX Runtime could not load its libraries")
    return session


def _library() -> onnxruntime:
    """The ONNX Runtime module. Raises DeviceError where it is missing or its libraries do not load."""
    try:
        import onnxruntime
    except (ImportError, OSError) as error:
        raise DeviceError(
            f"ONNX Runtime cannot be loaded ({_first_line(error)}): install the onnxruntime package for this "
            f"Python; on Windows also Microsoft's Visual C++ runtime."
        ) from error
    return onnxruntime


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
