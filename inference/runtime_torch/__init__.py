"""The optional torch runtime, for batches on a large graphics card: the shipped ONNX graphs, run by torch.

ONNX Runtime stays the reference; figures agree within 1e-4. The modules of this folder import torch and onnx,
so they are only imported inside functions. Shapes are worked out once for each size of the batch, before
anything runs: what is left is a fixed list of torch calls without any decision, which CUDA records as one
graph. (Converters that turn a graph into a torch module leave the arithmetic of shapes on the card, where
every one of its decisions would wait for the processor and none could be recorded.)
"""

from __future__ import annotations


def unavailable(device: str) -> str:
    """Why torch cannot run on its ``device`` (``cpu``, ``cuda``) here, "" when it can."""
    try:
        import onnx  # noqa: F401
        import torch
    except Exception as error:  # a broken installation fails in as many ways as there are
        return f"torch or onnx cannot be loaded ({error})"
    if device == "cpu" or torch.cuda.is_available():
        return ""
    return "torch finds no NVIDIA card" if torch.version.cuda else "this torch was built without CUDA"
