"""Exports a checkpoint to ``weights/``: the step graph, the style encoder and their checksums.

``python -m mouthpiece.training.export build/train/last.pt --out weights``
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from ..inference.types import TICK_RATE
from .calibrate import calibrate_seal
from .corpus.lips import LipReadout
from .dataset import load_corpus
from .model.step import Mouthpiece
from .model.upper import NOISE
from .phones import FEATURES

INTERFACE = 1
TOLERANCE = 1e-4
OPSET = 17


class StepGraph(nn.Module):
    """Positional wrapper: ONNX has no dictionaries, so states travel in a fixed order."""

    def __init__(self, model: Mouthpiece) -> None:
        super().__init__()
        self.model = model
        self.names = tuple(model.initial_state(1))

    def forward(self, mel: Tensor, style: Tensor, noise: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        state = dict(zip(self.names, states, strict=True))
        channels, articulation, new = self.model.step(mel, style, noise, state)
        return channels, articulation, *(new[name] for name in self.names)


def example_inputs(model: Mouthpiece, batch: int, seed: int = 0) -> list[Tensor]:
    """Random inputs and states of the step graph, in its order."""
    generator = torch.Generator().manual_seed(seed)
    size = model.config
    shapes = [(batch, 4, size.mels), (batch, size.style), (batch, NOISE)]
    shapes += [tuple(state.shape) for state in model.initial_state(batch).values()]
    return [0.3 * torch.randn(shape, generator=generator) for shape in shapes]


def export_step(model: Mouthpiece, path: Path, version: str) -> None:
    """Writes ``step.onnx`` and checks it against torch at batches 1 and 3."""
    graph = StepGraph(model).eval()
    inputs = ["mel", "style", "noise", *(f"state.{name}" for name in graph.names)]
    outputs = ["channels", "articulation", *(f"next.{name}" for name in graph.names)]
    torch.onnx.export(
        graph,
        tuple(example_inputs(model, 2)),
        path,
        input_names=inputs,
        output_names=outputs,
        dynamic_axes={name: {0: "batch"} for name in inputs + outputs},
        opset_version=OPSET,
        dynamo=False,
    )
    about = {
        "interface": INTERFACE,
        "version": version,
        "tick_rate": TICK_RATE,
        "style": model.config.style,
        "noise": NOISE,
        "articulation": list(FEATURES),
    }
    stamp(path, about)
    for batch in (1, 3):
        check(path, graph, inputs, example_inputs(model, batch, seed=batch))


def export_style(model: Mouthpiece, path: Path, version: str) -> None:
    """Writes ``style.onnx`` (dynamic length) and checks it against torch at another length."""

    def example(ticks: int) -> list[Tensor]:
        generator = torch.Generator().manual_seed(ticks)
        channels = torch.rand((1, ticks, model.config.channels), generator=generator)
        mel = torch.randn((1, 4 * ticks, model.config.mels), generator=generator)
        return [channels, torch.ones(1, model.config.channels), mel, torch.ones(1, 1)]

    inputs = ["channels", "measured", "mel", "has_audio"]
    torch.onnx.export(
        model.style.eval(),
        tuple(example(50)),
        path,
        input_names=inputs,
        output_names=["style"],
        dynamic_axes={"channels": {1: "ticks"}, "mel": {1: "hops"}},
        opset_version=OPSET,
        dynamo=False,
    )
    stamp(path, {"interface": INTERFACE, "version": version})
    check(path, model.style, inputs, example(73))


def stamp(path: Path, about: dict) -> None:
    """Stores ``about`` in the file's metadata, and drops the exporter's notes of where the code stood."""
    proto = onnx.load(path)
    for node in proto.graph.node:
        node.ClearField("doc_string")
        node.ClearField("metadata_props")
    onnx.helper.set_model_props(proto, {"mouthpiece": json.dumps(about)})
    onnx.save(proto, path)


def check(path: Path, graph: nn.Module, names: list[str], inputs: list[Tensor]) -> None:
    """Raises ``RuntimeError`` where ONNX Runtime and torch differ by more than ``TOLERANCE``."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    got = session.run(None, {name: x.numpy() for name, x in zip(names, inputs, strict=True)})
    with torch.no_grad():
        expected = graph(*inputs)
    expected = expected if isinstance(expected, tuple) else (expected,)
    worst = max(float(np.abs(a - b.numpy()).max()) for a, b in zip(got, expected, strict=True))
    if not worst <= TOLERANCE:
        raise RuntimeError(f"{path}: ONNX Runtime and torch differ by {worst:.1e} (allowed {TOLERANCE:.0e})")


def write_checksums(folder: Path) -> None:
    """Lists the models' SHA-256 in ``SHA256SUMS``, in the format of ``sha256sum``."""
    lines = [
        f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in sorted(folder.glob("*.onnx"))
    ]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="ascii")


def export(model: Mouthpiece, folder: Path, version: str) -> None:
    """Writes both graphs and the checksums into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    model = model.eval()
    export_step(model, folder / "step.onnx", version)
    export_style(model, folder / "style.onnx", version)
    write_checksums(folder)


def export_checkpoint(checkpoint: Path, corpus: Path, folder: Path) -> None:
    """Fits the lip seal and exports a training checkpoint; its step count becomes the weights' version."""
    saved = torch.load(checkpoint, weights_only=True, map_location="cpu")
    model = Mouthpiece.from_checkpoint(saved["model"]).eval()
    clips = [u for u in load_corpus(corpus, corpus.parent / "features", ["grid_s1"]) if u.split == "train"]
    calibrate_seal(model, clips, LipReadout.load(corpus / "lips.npz"))
    export(model, folder, f"{INTERFACE}.{saved['step']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, default=Path("weights"))
    parser.add_argument("--corpus", type=Path, default=Path("build/corpus"))
    options = parser.parse_args()
    export_checkpoint(options.checkpoint, options.corpus, options.out)


if __name__ == "__main__":
    main()
