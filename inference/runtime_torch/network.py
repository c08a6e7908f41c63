"""A graph that torch runs, with the face of ONNX Runtime's session."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import torch

from .plan import Graph, Plan, Port
from .recording import Capture, Recording, capture_cuda

PLANS = 8
"""Choices of shapes that are remembered: two or three widths of a batch, and takes of any length."""
STAYING = "next."
"""Outputs of this prefix are states; on a graphics card they stay there."""


class Resident:
    """A state on the graphics card, for callers like the array that it would be on the processor."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.tensor.shape)

    def __len__(self) -> int:
        return len(self.tensor)

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.tensor.cpu().numpy(), dtype)

    def __setitem__(self, row: int | slice, value: float | np.ndarray) -> None:
        with torch.inference_mode():
            self.tensor[row] = torch.as_tensor(value, dtype=self.tensor.dtype)

    def __getitem__(self, place: object) -> np.ndarray:
        return self.__array__()[place]

    def reshape(self, *shape: int) -> np.ndarray:
        """The values, on the processor, in another shape."""
        return self.__array__().reshape(*shape)

    def copy(self) -> np.ndarray:
        """The values, on the processor."""
        return self.__array__()


class TorchNetwork:
    """One graph on one of torch's devices (``cpu``, ``cuda``)."""

    def __init__(self, content: bytes, device: str, capture: Capture | None = None) -> None:
        """``capture`` records runs; on ``cuda`` as a CUDA graph where none is given. Raises Unsupported."""
        self._capture = capture or (capture_cuda if device == "cuda" else None)
        self._device = device
        self._lock = threading.Lock()
        self._plans: OrderedDict[tuple, Plan | Recording] = OrderedDict()
        with torch.inference_mode():
            self._graph = Graph(content, device)

    def get_inputs(self) -> list[Port]:
        return self._graph.inputs

    def get_outputs(self) -> list[Port]:
        return self._graph.outputs

    def get_modelmeta(self) -> SimpleNamespace:
        return SimpleNamespace(custom_metadata_map=self._graph.metadata)

    def run(
        self, outputs: Sequence[str], feed: Mapping[str, np.ndarray | Resident]
    ) -> list[np.ndarray | Resident]:
        """The outputs of these names, in memory of their own; states on a graphics card as ``Resident``."""
        with self._lock, torch.inference_mode(), _one_thread():
            given = [_taken(feed[port.name]) for port in self._graph.inputs]
            made = self._run(given)
            found = dict(zip((port.name for port in self._graph.outputs), made, strict=True))
            return [self._handed(name, found[name]) for name in outputs]

    def _run(self, given: list[torch.Tensor]) -> list[torch.Tensor]:
        """Fresh outputs. The second time that shapes come, their run is recorded, where that is possible."""
        key = tuple(tensor.shape for tensor in given)
        plan = self._plans.get(key)
        if isinstance(plan, Plan) and self._capture:
            plan = self._plans[key] = Recording(plan, self._placed(given), self._capture)
        if isinstance(plan, Recording):
            self._plans.move_to_end(key)
            return plan.run(given)
        given = self._placed(given)
        if plan is None:
            plan = self._plans[key] = Plan(self._graph, given)
            if len(self._plans) > PLANS:
                self._plans.popitem(last=False)
        self._plans.move_to_end(key)
        return _own(plan.run(given), given, plan)

    def _placed(self, given: list[torch.Tensor]) -> list[torch.Tensor]:
        return [tensor.to(self._device) for tensor in given]

    def _handed(self, name: str, tensor: torch.Tensor) -> np.ndarray | Resident:
        if self._capture and name.startswith(STAYING):
            return Resident(tensor)
        return tensor.cpu().numpy()


@contextmanager
def _one_thread() -> Iterator[None]:
    """As with ONNX Runtime, the bits do not depend on the number of cores; and faces this small, worked on by
    several threads beside other programs, have been seen to take twenty times as long."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _taken(value: np.ndarray | Resident) -> torch.Tensor:
    """What a caller gives, as a tensor wherever it is."""
    if isinstance(value, Resident):
        return value.tensor
    value = np.ascontiguousarray(value, np.float32)
    return torch.from_numpy(value if value.flags.writeable else value.copy())


def _own(made: list[torch.Tensor], given: list[torch.Tensor], plan: Plan) -> list[torch.Tensor]:
    """The outputs, copied where they share memory: callers write into what they are given."""
    taken = {_place(tensor) for tensor in (*given, *plan.constants.values())}
    own = []
    for tensor in made:
        if _place(tensor) in taken or not tensor.is_contiguous():
            tensor = tensor.clone(memory_format=torch.contiguous_format)
        taken.add(_place(tensor))
        own.append(tensor)
    return own


def _place(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
