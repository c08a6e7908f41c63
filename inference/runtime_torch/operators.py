"""ONNX operators as torch calls, those that Mouthpiece's graphs are made of.

An operator's maker is given a ``Node``, whose parameters are known, and returns a function of tensors that
decides nothing any more. Semantics: https://onnx.ai/onnx/operators/ (opset 17).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import torch
from torch.nn import functional as F

Function = Callable[..., torch.Tensor | tuple[torch.Tensor, ...]]
TYPES = {
    1: torch.float32,
    6: torch.int32,
    7: torch.int64,
    9: torch.bool,
    10: torch.float16,
    11: torch.float64,
}
"""ONNX's numbers of the element types."""


class Unsupported(Exception):
    """A graph asks for what this runtime cannot do; ``str(error)`` says what."""


@dataclass(frozen=True)
class Node:
    """One operation of a graph. ``known`` are its inputs' values, None where they depend on the data."""

    operator: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    known: tuple[torch.Tensor | None, ...] = ()

    def parameter(self, place: int) -> list[int] | None:
        """The whole numbers at an input, None where it is left out. Raises Unsupported if data decides."""
        if place >= len(self.inputs) or not self.inputs[place]:
            return None
        value = self.known[place]
        if value is None:
            raise Unsupported(f"{self.operator} '{self.name}' takes its {self.inputs[place]} from the data")
        return [int(number) for number in value.reshape(-1).tolist()]

    def number(self, place: int) -> float | int | None:
        """The one number at an input, None where it is left out. Raises Unsupported if data decides."""
        if place >= len(self.inputs) or not self.inputs[place]:
            return None
        value = self.known[place]
        if value is None:
            raise Unsupported(f"{self.operator} '{self.name}' takes its {self.inputs[place]} from the data")
        return value.item()

    def axes(self) -> list[int] | None:
        """The axes, which are an attribute or, in newer opsets and some operators, the second input."""
        return self.attributes["axes"] if "axes" in self.attributes else self.parameter(1)

    def value(self) -> torch.Tensor:
        """What a Constant is, which has one attribute in one of many forms."""
        (value,) = self.attributes.values()
        return value if isinstance(value, torch.Tensor) else torch.tensor(value)


@dataclass(frozen=True)
class Body:
    """The graph inside an operator that repeats it."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]


def _plain(function: Function) -> Callable[[Node], Function]:
    """The maker of an operator without parameters."""
    return lambda node: function


def _folded(function: Function) -> Callable[[Node], Function]:
    """The maker of an operator that joins any number of inputs."""
    return lambda node: lambda *values: reduce(function, values)


def _div(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return a / b if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc")


def _mod(node: Node) -> Function:
    return torch.fmod if node.attributes.get("fmod") else torch.remainder


def _cast(node: Node) -> Function:
    number = node.attributes["to"]
    if number not in TYPES:
        raise Unsupported(f"Cast '{node.name}' makes elements of ONNX's type {number}")
    kind = TYPES[number]
    return lambda x: x.to(kind)


def _clip(node: Node) -> Function:
    low, high = node.number(1), node.number(2)
    return lambda x: torch.clamp(x, low, high)


def _concat(node: Node) -> Function:
    axis = node.attributes["axis"]
    return lambda *values: torch.cat(values, axis)


def _constant_of_shape(node: Node) -> Function:
    shape = node.parameter(0)
    value = node.attributes.get("value", torch.zeros(1))
    return lambda: value.expand(shape).clone() if shape else value.reshape(())


def _conv(node: Node) -> Function:
    """One dimension, as a product of matrices: cuDNN would round to TF32 by default."""
    given = node.attributes
    pads = given.get("pads", [0, 0])
    plain = len(pads) == 2 and given.get("group", 1) == 1 and given.get("dilations", [1]) == [1]
    if not plain or given.get("auto_pad", "NOTSET") != "NOTSET":
        raise Unsupported(f"Conv '{node.name}' is more than a plain one of one dimension")
    (stride,) = given.get("strides", [1])

    def convolve(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
        windows = F.pad(x, pads).unfold(2, weight.shape[2], stride)  # [B, C, T, K]
        rows = windows.permute(0, 2, 1, 3).flatten(2)  # [B, T, C·K]
        made = (rows @ weight.flatten(1).T).transpose(1, 2)
        return made if bias is None else made + bias[:, None]

    return convolve


def _expand(node: Node) -> Function:
    shape = node.parameter(1)
    return lambda x: x.expand(torch.broadcast_shapes(x.shape, shape))


def _flatten(node: Node) -> Function:
    axis = node.attributes.get("axis", 1)
    return lambda x: x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))


def _gather(node: Node) -> Function:
    axis, places = node.attributes.get("axis", 0), node.known[1]
    if places is not None and places.ndim == 0:
        place = int(places)
        return lambda x, _: x.select(axis, place)
    counted = places is not None and bool((places >= 0).all())

    def take(x: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        along = axis % x.ndim
        if not counted:
            index = torch.where(index < 0, index + x.shape[along], index)
        found = x.index_select(along, index.reshape(-1))
        return found.reshape(*x.shape[:along], *index.shape, *x.shape[along + 1 :])

    return take


def _gemm(node: Node) -> Function:
    given = node.attributes
    alpha, beta = given.get("alpha", 1.0), given.get("beta", 1.0)

    def product(a: torch.Tensor, b: torch.Tensor, c: torch.Tensor | None = None) -> torch.Tensor:
        made = (a.T if given.get("transA") else a) @ (b.T if given.get("transB") else b)
        return alpha * made if c is None else torch.add(beta * c, made, alpha=alpha)

    return product


def _layer_normalization(node: Node) -> Function:
    axis, epsilon = node.attributes.get("axis", -1), node.attributes.get("epsilon", 1e-5)
    return lambda x, scale, bias=None: F.layer_norm(x, x.shape[axis:], scale, bias, epsilon)


def _lp_normalization(node: Node) -> Function:
    axis, order = node.attributes.get("axis", -1), node.attributes.get("p", 2)
    return lambda x: F.normalize(x, order, axis)


def _pad(node: Node) -> Function:
    if node.attributes.get("mode", "constant") != "constant" or node.parameter(3) is not None:
        raise Unsupported(f"Pad '{node.name}' does more than to add a constant")
    pads, value = node.parameter(1), node.number(2) or 0
    half = len(pads) // 2
    sides = [pads[axis + side * half] for axis in reversed(range(half)) for side in (0, 1)]
    return lambda x: F.pad(x, sides, value=value)


def _reduced(function: Callable[..., torch.Tensor]) -> Callable[[Node], Function]:
    """The maker of an operator that folds axes, all of them where none is named."""

    def make(node: Node) -> Function:
        axes, keep = node.axes(), bool(node.attributes.get("keepdims", 1))
        return lambda x: function(x, dim=axes or tuple(range(x.ndim)), keepdim=keep)

    return make


def _reshape(node: Node) -> Function:
    shape, literal = node.parameter(1), bool(node.attributes.get("allowzero", 0))
    if literal or 0 not in shape:
        return lambda x: x.reshape(shape)
    return lambda x: x.reshape([size or x.shape[axis] for axis, size in enumerate(shape)])


def _inside(scan: Node, node: Node) -> Function:
    """A step of a Scan's body: an operator without parameters that makes one thing."""
    if node.operator not in PLAIN or len(node.outputs) != 1:
        raise Unsupported(f"Scan '{scan.name}' cannot do {node.operator} at every step")
    return OPERATORS[node.operator](node)


def _scan(node: Node) -> Function:
    """Forwards, over as many slices as the inputs have."""
    given, body = node.attributes, node.attributes["body"]
    count = given["num_scan_inputs"]
    if any(given.get("scan_input_directions", ())) or any(given.get("scan_output_directions", ())):
        raise Unsupported(f"Scan '{node.name}' goes backwards")
    constants = {inner.outputs[0]: inner.value() for inner in body.nodes if inner.operator == "Constant"}
    if any(value.ndim for value in constants.values()):
        raise Unsupported(f"Scan '{node.name}' holds more than numbers")
    steps = [(_inside(node, inner), inner) for inner in body.nodes if inner.operator != "Constant"]
    made_inside = {*body.inputs, *(name for inner in body.nodes for name in inner.outputs)}
    if outside := {name for inner in body.nodes for name in inner.inputs} - made_inside:
        raise Unsupported(f"Scan '{node.name}' takes {', '.join(sorted(outside))} from around it")
    states = len(body.inputs) - count
    axes = given.get("scan_input_axes", [0] * count)
    out_axes = given.get("scan_output_axes", [0] * (len(body.outputs) - states))

    def scan(*values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        state, made = values[:states], []
        slices = [value.unbind(axis) for value, axis in zip(values[states:], axes, strict=True)]
        for parts in zip(*slices, strict=True):
            known = constants | dict(zip(body.inputs, (*state, *parts), strict=True))
            for function, inner in steps:
                known[inner.outputs[0]] = function(*(known[name] for name in inner.inputs))
            outputs = [known[name] for name in body.outputs]
            state = outputs[:states]
            made.append(outputs[states:])
        columns = zip(*made, strict=True)
        stacked = [torch.stack(column, axis) for column, axis in zip(columns, out_axes, strict=True)]
        return (*state, *stacked)

    return scan


def _slice(node: Node) -> Function:
    starts, ends = node.parameter(1), node.parameter(2)
    axes = node.parameter(3) or list(range(len(starts)))
    steps = node.parameter(4) or [1] * len(starts)
    spans = [(axis, slice(*span)) for axis, *span in zip(axes, starts, ends, steps, strict=True)]

    def cut(x: torch.Tensor) -> torch.Tensor:
        for axis, span in spans:
            x = _span(x, axis % x.ndim, range(x.shape[axis])[span])
        return x

    return cut


def _span(x: torch.Tensor, axis: int, places: range) -> torch.Tensor:
    """``x`` at ``places`` of an axis; torch itself only goes forwards."""
    if places.step < 0:
        last = x.shape[axis] - 1
        return _span(x.flip(axis), axis, range(last - places.start, last - places.stop, -places.step))
    return x[(slice(None),) * axis + (slice(places.start, places.stop, places.step),)]


def _softmax(node: Node) -> Function:
    axis = node.attributes.get("axis", -1)
    return lambda x: torch.softmax(x, axis)


def _split(node: Node) -> Function:
    axis, sizes, parts = node.attributes.get("axis", 0), node.parameter(1), len(node.outputs)
    return lambda x: torch.split(x, sizes or math.ceil(x.shape[axis] / parts), axis)


def _squeeze(node: Node) -> Function:
    axes = node.axes()
    return lambda x: x.squeeze() if axes is None else x.squeeze(axes)


def _tile(node: Node) -> Function:
    times = node.parameter(1)
    return lambda x: x.repeat(times)


def _transpose(node: Node) -> Function:
    order = node.attributes.get("perm")
    return lambda x: x.permute(order or tuple(reversed(range(x.ndim))))


def _unsqueeze(node: Node) -> Function:
    axes = node.axes()

    def widen(x: torch.Tensor) -> torch.Tensor:
        for axis in sorted(axis % (x.ndim + len(axes)) for axis in axes):
            x = x.unsqueeze(axis)
        return x

    return widen


OPERATORS: dict[str, Callable[[Node], Function]] = {
    "Add": _plain(torch.add),
    "And": _plain(torch.logical_and),
    "Cast": _cast,
    "Clip": _clip,
    "Concat": _concat,
    "ConstantOfShape": _constant_of_shape,
    "Conv": _conv,
    "Cos": _plain(torch.cos),
    "Div": _plain(_div),
    "Equal": _plain(torch.eq),
    "Exp": _plain(torch.exp),
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Gemm": _gemm,
    "Greater": _plain(torch.gt),
    "Identity": _plain(lambda x: x),
    "LayerNormalization": _layer_normalization,
    "Less": _plain(torch.lt),
    "LpNormalization": _lp_normalization,
    "MatMul": _plain(torch.matmul),
    "Max": _folded(torch.maximum),
    "Min": _folded(torch.minimum),
    "Mod": _mod,
    "Mul": _plain(torch.mul),
    "Pad": _pad,
    "Pow": _plain(torch.pow),
    "ReduceL2": _reduced(torch.linalg.vector_norm),
    "ReduceMax": _reduced(torch.amax),
    "ReduceMean": _reduced(torch.mean),
    "ReduceMin": _reduced(torch.amin),
    "ReduceSum": _reduced(torch.sum),
    "Reshape": _reshape,
    "Scan": _scan,
    "Sigmoid": _plain(torch.sigmoid),
    "Sin": _plain(torch.sin),
    "Slice": _slice,
    "Softmax": _softmax,
    "Split": _split,
    "Sqrt": _plain(torch.sqrt),
    "Squeeze": _squeeze,
    "Sub": _plain(torch.sub),
    "Sum": _folded(torch.add),
    "Tanh": _plain(torch.tanh),
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Where": _plain(torch.where),
}
_FIRST = (
    *("Clip", "Expand", "Pad", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum"),
    *("Reshape", "Slice", "Split", "Squeeze", "Tile", "Unsqueeze"),
)
DATA = dict.fromkeys(_FIRST, 1) | {"ConstantOfShape": 0}
"""Operators that only take so many of their inputs as tensors; the others are parameters."""
PLAIN = ("Add", "Div", "Exp", "Identity", "Max", "Min", "Mul", "Sigmoid", "Sub", "Sum", "Tanh")
"""Those without parameters, which may be repeated within another."""
