"""Where the networks run: ONNX Runtime's execution providers behind short device names.

ONNX Runtime is imported when a network is opened, so that a computer on which its library does not load gets
a message instead of a broken extension.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import DeviceError, WeightsError

if TYPE_CHECKING:
    import onnxruntime

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
DEVICES = ("auto", *PROVIDERS)
_HOW = {
    "cpu": "install onnxruntime",
    "cuda": "install onnxruntime-gpu and NVIDIA's driver",
    "directml": "install onnxruntime-directml (Windows)",
    "coreml": "install onnxruntime on a Mac",
}


def available() -> list[str]:
    """Device names that this ONNX Runtime offers. Raises DeviceError if it cannot be loaded at all."""
    found = _library().get_available_providers()
    return [name for name, provider in PROVIDERS.items() if provider in found]


def resolve(device: str) -> str:
    """The device that ``device`` means here. ``auto`` is the processor: one face is too small for a GPU.

    Raises DeviceError when the provider is missing.
    """
    if device == "auto":
        return "cpu"
    if device not in PROVIDERS:
        raise DeviceError(f"The device '{device}' is unknown: choose one of {', '.join(DEVICES)}.")
    if device not in available():
        raise DeviceError(
            f"The device '{device}' is not available, this ONNX Runtime offers {', '.join(available())}: "
            f"{_HOW[device]}, or choose 'auto'."
        )
    return device


def open_network(content: bytes, name: str, device: str = "auto") -> onnxruntime.InferenceSession:
    """Opens an ONNX file's ``content`` on one thread: the bits must not depend on the number of cores.

    ``name`` is for messages. Raises DeviceError or WeightsError.
    """
    library, device = _library(), resolve(device)
    options = library.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = library.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.enable_mem_pattern = device != "directml"  # DirectML works without only
    options.log_severity_level = 4
    wanted = [PROVIDERS[device]] if device == "cpu" else [PROVIDERS[device], PROVIDERS["cpu"]]
    try:
        network = library.InferenceSession(content, options, providers=wanted)
    except Exception as error:  # ONNX Runtime's errors share no other base
        raise WeightsError(
            f"{name} cannot be opened on '{device}' ({_first_line(error)}): install Mouthpiece again."
        ) from error
    if PROVIDERS[device] not in network.get_providers():
        raise DeviceError(f"The device '{device}' could not be started: {_HOW[device]}, or choose 'auto'.")
    return network


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
