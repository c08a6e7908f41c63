"""A plan recorded once and replayed: on CUDA as one graph, without the cost of launching every call."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from .plan import Plan

Capture = Callable[[Callable[[], list[torch.Tensor]]], tuple[list[torch.Tensor], Callable[[], None]]]
"""Runs a function of no arguments; returns its outputs, and what computes them anew in the same memory."""
WARM_UP = 3
"""Runs before a capture, in which libraries make their choices and reserve their memory."""


class Recording:
    """A plan with fixed places for its inputs and outputs. Not for several threads at once."""

    def __init__(self, plan: Plan, feed: Sequence[torch.Tensor], capture: Capture) -> None:
        self._plan = plan  # its constants are part of the recording
        self._inputs = [tensor.clone(memory_format=torch.contiguous_format) for tensor in feed]
        self._outputs, self._replay = capture(lambda: plan.run(self._inputs))

    def run(self, feed: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Outputs in memory of their own, for inputs on any device."""
        for place, value in zip(self._inputs, feed, strict=True):
            place.copy_(value)
        self._replay()
        return [tensor.clone(memory_format=torch.contiguous_format) for tensor in self._outputs]


def capture_cuda(function: Callable[[], list[torch.Tensor]]) -> tuple[list[torch.Tensor], Callable[[], None]]:
    """Records what ``function`` does on the graphics card as a CUDA graph."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UP):
            function()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    # Other threads (Blender's own, a batch's reader) may go on using the card meanwhile.
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        outputs = function()
    return outputs, graph.replay
