"""Rewrites an exported graph: recurrences as ``Scan``, sizes that never change as constants."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper

DOMAIN = "mouthpiece"
"""Of the recurrences that the exporter does not know (``model.layers``)."""


def spell_out(proto: onnx.ModelProto) -> None:
    """Replaces the recurrences of ``model.layers`` by ONNX's ``Scan`` over the second axis."""
    for node in proto.graph.node:
        if node.domain == DOMAIN:
            *sequences, start = node.input
            body = _linear() if node.op_type == "LinearScan" else _peak(node.attribute[0].f)
            scan = helper.make_node(
                "Scan",
                [start, *sequences],
                [f"{node.output[0]}.last", node.output[0]],
                node.name,
                body=body,
                num_scan_inputs=len(sequences),
                scan_input_axes=[1] * len(sequences),
                scan_output_axes=[1],
            )
            node.CopyFrom(scan)
    kept = [opset for opset in proto.opset_import if opset.domain != DOMAIN]
    del proto.opset_import[:]
    proto.opset_import.extend(kept)


def _linear() -> onnx.GraphProto:
    """``h, a, b`` → ``a h + b``, as the next state and as what is put out."""
    steps = [helper.make_node("Mul", ["a", "h"], ["kept"]), helper.make_node("Add", ["kept", "b"], ["new"])]
    return _body("linear", steps, ["h", "a", "b"])


def _peak(decay: float) -> onnx.GraphProto:
    """``p, x`` → the larger of ``x`` and ``p - decay``, as the next state and as what is put out."""
    fall = onnx.numpy_helper.from_array(np.array(decay, np.float32))
    steps = [
        helper.make_node("Constant", [], ["decay"], value=fall),
        helper.make_node("Sub", ["p", "decay"], ["fallen"]),
        helper.make_node("Max", ["x", "fallen"], ["new"]),
    ]
    return _body("peak", steps, ["p", "x"])


def _body(name: str, steps: list[onnx.NodeProto], inputs: list[str]) -> onnx.GraphProto:
    steps = [*steps, helper.make_node("Identity", ["new"], ["out"])]
    ports = [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, None) for n in (*inputs, "new", "out")]
    return helper.make_graph(steps, name, ports[: len(inputs)], ports[len(inputs) :])


def fold_sizes(proto: onnx.ModelProto) -> None:
    """Replaces sizes that the graph would read from its tensors at every run by what they always are."""
    folded = True
    while folded:
        inferred = onnx.shape_inference.infer_shapes(proto, data_prop=True).graph
        shapes = {v.name: v.type.tensor_type.shape.dim for v in (*inferred.input, *inferred.value_info)}
        constants = {n.output[0]: n.attribute[0].t for n in proto.graph.node if n.op_type == "Constant"}
        measured = {n.output[0]: n.input[0] for n in proto.graph.node if n.op_type == "Shape"}
        folded = False
        for node in proto.graph.node:
            if node.op_type == "Gather" and node.input[0] in measured and node.input[1] in constants:
                axis = onnx.numpy_helper.to_array(constants[node.input[1]])
                sizes = shapes.get(measured[node.input[0]], ())
                if axis.ndim == 0 and sizes and sizes[axis].dim_value:
                    size = onnx.numpy_helper.from_array(np.array(sizes[axis].dim_value, np.int64))
                    node.CopyFrom(helper.make_node("Constant", [], node.output, value=size))
                    folded = True
    while unused := unused_nodes(proto.graph):
        for node in unused:
            proto.graph.node.remove(node)


def unused_nodes(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Those of which nobody reads anything."""
    read = {name for node in graph.node for name in node.input} | {output.name for output in graph.output}
    return [node for node in graph.node if not read & set(node.output)]
