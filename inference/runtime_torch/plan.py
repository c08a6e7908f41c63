"""A graph, and the fixed list of torch calls that it comes to for inputs of given shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx
import torch

from .operators import DATA, OPERATORS, Body, Function, Node, Unsupported


@dataclass(frozen=True)
class Port:
    """An input or output; names stand for sizes that are free."""

    name: str
    shape: list[int | str]


class Graph:
    """An ONNX file: what needs computing at every run, with all that is constant computed already."""

    def __init__(self, content: bytes, device: str) -> None:
        """Raises Unsupported for operators that this runtime does not know."""
        proto = onnx.load_from_string(content)
        self.device = device
        self.metadata = {entry.key: entry.value for entry in proto.metadata_props}
        self.inputs = [_port(value) for value in proto.graph.input]
        self.outputs = [_port(value) for value in proto.graph.output]
        self.constants = {tensor.name: _tensor(tensor) for tensor in proto.graph.initializer}
        """Values on the processor by name."""
        self._carried: dict[str, torch.Tensor] = {}
        self.nodes = []
        for node in map(_node, proto.graph.node):
            if node.operator == "Constant":
                self.constants[node.outputs[0]] = node.value()
            elif all(name in self.constants for name in node.inputs if name):
                self.constants.update(compute(node, self.constants))
            else:
                self.nodes.append(node)

    def carried(self, name: str) -> torch.Tensor:
        """A constant on the device, brought there once for all plans."""
        if name not in self._carried:
            self._carried[name] = self.constants[name].to(self.device)
        return self._carried[name]


@dataclass(frozen=True)
class Step:
    """One call: the names of what it takes and makes, and of what nobody needs afterwards."""

    function: Function
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    spent: tuple[str, ...] = ()


class Plan:
    """The steps of a graph for one choice of input shapes. Works on tensors of the graph's device."""

    def __init__(self, graph: Graph, feed: Sequence[torch.Tensor]) -> None:
        """``feed`` are inputs in the graph's order; only their shapes matter. Raises Unsupported."""
        self.inputs = [port.name for port in graph.inputs]
        self.outputs = [port.name for port in graph.outputs]
        self.constants: dict[str, torch.Tensor] = {}
        known = dict(graph.constants)
        values = dict(zip(self.inputs, feed, strict=True))
        steps: list[Step] = []
        for node in graph.nodes:
            if node.operator == "Shape":
                source = values[node.inputs[0]] if node.inputs[0] in values else known[node.inputs[0]]
                start, end = node.attributes.get("start", 0), node.attributes.get("end")
                known[node.outputs[0]] = torch.tensor(source.shape[start:end], dtype=torch.int64)
            elif all(name in known for name in node.inputs if name):
                known.update(compute(node, known))
            else:
                step = Step(_function(node, known), _data(node), node.outputs)
                for name in step.inputs:
                    if name not in values:
                        self._keep(graph, name, known)
                        values[name] = self.constants[name]
                values.update(_call(step, values))
                steps.append(step)
        for name in self.outputs:
            if name not in values:
                self._keep(graph, name, known)
        self.steps = _released(steps, keep={*self.outputs, *self.constants, *self.inputs})

    def run(self, feed: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The outputs, some of which may share memory with inputs, constants or each other."""
        values = dict(self.constants)
        values.update(zip(self.inputs, feed, strict=True))
        for step in self.steps:
            values.update(_call(step, values))
            for name in step.spent:
                del values[name]
        return [values[name] for name in self.outputs]

    def _keep(self, graph: Graph, name: str, known: dict[str, torch.Tensor]) -> None:
        constant = name in graph.constants
        self.constants[name] = graph.carried(name) if constant else known[name].to(graph.device)


def compute(node: Node, known: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The outputs of a node whose inputs are all known. Raises Unsupported."""
    if node.operator == "Shape":
        start, end = node.attributes.get("start", 0), node.attributes.get("end")
        return {node.outputs[0]: torch.tensor(known[node.inputs[0]].shape[start:end], dtype=torch.int64)}
    return _call(Step(_function(node, known), _data(node), node.outputs), known)


def _function(node: Node, known: dict[str, torch.Tensor]) -> Function:
    if node.operator not in OPERATORS:
        raise Unsupported(f"torch's runtime does not know the operator {node.operator} ('{node.name}')")
    return OPERATORS[node.operator](replace(node, known=tuple(known.get(name) for name in node.inputs)))


def _data(node: Node) -> tuple[str, ...]:
    """The inputs that are tensors rather than parameters; trailing ones may be left out."""
    names = node.inputs[: DATA.get(node.operator, len(node.inputs))]
    while names and not names[-1]:
        names = names[:-1]
    return names


def _call(step: Step, values: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    made = step.function(*[values[name] for name in step.inputs])
    return dict(zip(step.outputs, made if isinstance(made, tuple | list) else (made,), strict=True))


def _released(steps: list[Step], keep: set[str]) -> list[Step]:
    """The steps, each with what is used for the last time in it: its memory is free for the next."""
    seen, released = set(keep), []
    for step in reversed(steps):
        last = dict.fromkeys(name for name in (*step.inputs, *step.outputs) if name not in seen)
        seen.update(last)
        released.append(replace(step, spent=tuple(last)))
    return released[::-1]


def _port(value: onnx.ValueInfoProto) -> Port:
    sizes = value.type.tensor_type.shape.dim
    return Port(value.name, [size.dim_param or size.dim_value for size in sizes])


def _node(proto: onnx.NodeProto) -> Node:
    attributes = {entry.name: _attribute(entry) for entry in proto.attribute}
    return Node(proto.op_type, proto.name, tuple(proto.input), tuple(proto.output), attributes)


def body(proto: onnx.GraphProto) -> Body:
    """The graph that an operator repeats."""
    ports = (tuple(port.name for port in side) for side in (proto.input, proto.output))
    return Body(*ports, tuple(map(_node, proto.node)))


def _attribute(proto: onnx.AttributeProto) -> object:
    value = onnx.helper.get_attribute_value(proto)
    if isinstance(value, onnx.TensorProto):
        return _tensor(value)
    if isinstance(value, onnx.GraphProto):
        return body(value)
    return value.decode() if isinstance(value, bytes) else value


def _tensor(proto: onnx.TensorProto) -> torch.Tensor:
    return torch.from_numpy(np.array(onnx.numpy_helper.to_array(proto)))
