"""Exports a checkpoint to ``weights/``: four graphs and their checksums.

``python -m mouthpiece.training.export build/train/student.pt --out weights``
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from ..inference.model import INTERFACE
from ..inference.types import TICK_RATE
from .calibrate import calibrate_seal
from .corpus.lips import LipReadout
from .dataset import load_corpus
from .events import EVENTS
from .generate import TEMPERATURE
from .material import for_training
from .model.generator import Guide
from .model.step import NOISE, Mouthpiece, set_temperature
from .phones import FEATURES
from .references import TOP
from .rewrite import DOMAIN, fold_sizes, spell_out
from .run import restore
from .sync import in_time
from .usual import usual_mouth

VERSION = "3.5"
"""Of the weights; renewed when other weights are shipped."""
TOLERANCE = 1e-4
OPSET = 17
FILMED = ["facegood", "grid_others", "grid_s1", "korean_fwo", "takes_arkit"]
"""Sets of the corpus that show faces."""
ENTRIES = ("keys", "values", "styles")


class Graph(nn.Module):
    """Positional wrapper: ONNX has no dictionaries, so inputs and states travel in a fixed order.

    ``lengths`` names the second axis of inputs and outputs where it is free.
    """

    def __init__(
        self,
        model: Mouthpiece,
        call: Callable[..., dict[str, Tensor]],
        inputs: list[str],
        states: list[str],
        lengths: dict[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.model, self.call, self.plain, self.states = model, call, inputs, states
        self.inputs, self.lengths = [*inputs, *(f"state.{name}" for name in states)], lengths or {}
        self.outputs: list[str] = []

    def forward(self, *values: Tensor) -> tuple[Tensor, ...]:
        plain = dict(zip(self.plain, values[: len(self.plain)], strict=True))
        state = dict(zip(self.states, values[len(self.plain) :], strict=True))
        made = self.call(**plain, state=state) if state else self.call(**plain)
        self.outputs = list(made)
        return tuple(made.values())


def listen_graph(model: Mouthpiece) -> Graph:
    """``mel`` of any number of ticks → speech, articulation, events, affect and the ear's next state."""
    states = list(model.ear_state(1))

    def call(mel: Tensor, state: dict[str, Tensor]) -> dict[str, Tensor]:
        heard, speech, new = model.listen(mel, state)
        return {
            "speech": speech,
            "articulation": heard.features.sigmoid().unflatten(1, (-1, 4)),
            "events": heard.events.softmax(-1)[..., : len(EVENTS)],
            "affect": heard.affect,
        } | {f"next.{name}": value for name, value in new.items()}

    ticks = dict.fromkeys(("speech", "articulation", "events", "affect"), "ticks")
    return Graph(model, call, ["mel"], states, {"mel": "hops"} | ticks)


def ask_graph(model: Mouthpiece) -> Graph:
    """A tick of speech → the query for references and its next context."""

    def call(speech: Tensor, state: dict[str, Tensor]) -> dict[str, Tensor]:
        query, new = model.ask(speech, state)
        return {"query": query} | {f"next.{name}": value for name, value in new.items()}

    return Graph(model, call, ["speech"], ["context", "motion"])


def move_graph(model: Mouthpiece) -> Graph:
    """Speech, what was found and noise → channels and the generator's next state."""
    states = ["motion", *model.memories(), "known", "keyframes", "tick", "sealed", "lids", "blinked"]

    def call(
        speech: Tensor,
        articulation: Tensor,
        style: Tensor,
        values: Tensor,
        biases: Tensor,
        noise: Tensor,
        state: dict[str, Tensor],
    ) -> dict[str, Tensor]:
        guide = Guide(style, values, biases.unsqueeze(1))
        channels, new = model.move(speech, articulation, guide, noise, state)
        return {"channels": channels} | {f"next.{name}": value for name, value in new.items()}

    return Graph(model, call, ["speech", "articulation", "style", "values", "biases", "noise"], states)


def remember_graph(model: Mouthpiece) -> Graph:
    """A take of any length → keys, values and styles of its entries."""

    def call(**take: Tensor) -> dict[str, Tensor]:
        return dict(zip(ENTRIES, model.remember(**take), strict=True))

    lengths = dict.fromkeys(("speech", "channels"), "ticks") | dict.fromkeys(ENTRIES, "entries")
    return Graph(model, call, ["speech", "channels", "measured", "has_audio", "blinking"], [], lengths)


def examples(model: Mouthpiece, graph: Graph, batch: int, ticks: int = 50, seed: int = 0) -> list[Tensor]:
    """Random inputs and states of ``graph``, in its order; takes have ``ticks`` ticks."""
    generator = torch.Generator().manual_seed(seed)
    size, state = model.config, model.initial_state(batch)
    take = not graph.states
    shapes = {
        "mel": (batch, 4 * ticks, size.mels),
        "speech": (1, ticks, size.speech) if take else (batch, size.speech),
        "articulation": (batch, 4, size.features),
        "style": (batch, size.manner),
        "values": (batch, TOP, size.value + size.deviation),
        "biases": (batch, TOP),
        "noise": (batch, NOISE),
        "channels": (1, ticks, size.channels),
        "measured": (1, size.channels),
        "has_audio": (1, 1),
        "blinking": (1, 1),
    }
    values = [0.3 * torch.randn(shapes[name], generator=generator) for name in graph.plain]
    values += [0.3 * torch.randn(state[name].shape, generator=generator) for name in graph.states]
    for name in ("measured", "has_audio", "state.known", "state.tick"):
        if name in graph.inputs:
            index = graph.inputs.index(name)
            values[index] = torch.ones_like(values[index])
            if name == "measured":
                values[index][:, ::3] = 0.0
    return values


def write_graph(graph: Graph, path: Path, about: dict) -> None:
    """Exports ``graph`` and checks it against torch at other sizes than it was traced with."""
    graph.eval()
    traced = examples(graph.model, graph, 2)
    with torch.no_grad():
        graph(*traced)
    rows = {0: "batch"} if graph.states else {}
    axes = {name: dict(rows) for name in graph.inputs + graph.outputs}
    for name, length in graph.lengths.items():
        axes[name][1] = length
    torch.onnx.export(
        graph,
        tuple(traced),
        path,
        input_names=graph.inputs,
        output_names=graph.outputs,
        dynamic_axes=axes,
        opset_version=OPSET,
        custom_opsets={DOMAIN: 1} if "mel" in graph.plain else None,  # where something recurs
        dynamo=False,
    )
    stamp(path, about)
    streamed = ((2, 1),) if graph.states else ()
    for batch, ticks in ((1, 73), (3, 24), *streamed):
        check(path, graph, examples(graph.model, graph, batch, ticks, seed=batch))


def stamp(path: Path, about: dict) -> None:
    """Stores ``about`` in the file's metadata, and drops the exporter's notes of where the code stood."""
    proto = onnx.load(path)
    spell_out(proto)
    fold_sizes(proto)
    for node in proto.graph.node:
        node.ClearField("doc_string")
        node.ClearField("metadata_props")
    onnx.helper.set_model_props(proto, {"mouthpiece": json.dumps(about)})
    onnx.save(proto, path)


def check(path: Path, graph: Graph, inputs: list[Tensor]) -> None:
    """Raises ``RuntimeError`` where ONNX Runtime and torch differ by more than ``TOLERANCE``."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    got = session.run(None, {name: x.numpy() for name, x in zip(graph.inputs, inputs, strict=True)})
    with torch.no_grad():
        expected = graph(*inputs)
    worst = max(float(np.abs(a - b.numpy()).max()) for a, b in zip(got, expected, strict=True))
    if not worst <= TOLERANCE:
        raise RuntimeError(f"{path}: ONNX Runtime and torch differ by {worst:.1e} (allowed {TOLERANCE:.0e})")


def write_checksums(folder: Path) -> None:
    """Lists the models' SHA-256 in ``SHA256SUMS``, in the format of ``sha256sum``."""
    lines = [
        f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in sorted(folder.glob("*.onnx"))
    ]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="ascii")


def export(model: Mouthpiece, folder: Path, version: str, usual: dict) -> None:
    """Writes the graphs and the checksums into ``folder``; ``usual`` is how mouths move (``usual_mouth``)."""
    folder.mkdir(parents=True, exist_ok=True)
    model = model.eval()
    size = model.config
    about = {
        "interface": INTERFACE,
        "version": version,
        "tick_rate": TICK_RATE,
        "sharpness": float(model.retriever.score_scale().detach()),
        "sizes": {
            "noise": NOISE, "style": size.manner, "value": size.value + size.deviation, "key": size.key,
            "speech": size.speech, "found": TOP, "deviation": size.deviation, "rest": size.rest,
        },
        "articulation": list(FEATURES),
        "events": list(EVENTS),
        "usual": usual,
        "seal": {"reach": float(model.seal.reach), "row": model.seal.row.tolist()},
    }  # fmt: skip
    graphs = {"listen": listen_graph, "ask": ask_graph, "move": move_graph, "remember": remember_graph}
    for name, graph in graphs.items():
        write_graph(graph(model), folder / f"{name}.onnx", about)
    write_checksums(folder)


def export_checkpoint(checkpoint: Path, corpus: Path, folder: Path, version: str = VERSION) -> None:
    """Fits the lip seal and exports a training checkpoint."""
    model = restore(Mouthpiece, checkpoint)
    filmed = for_training(load_corpus(corpus, corpus.parent / "features", FILMED))
    clips = in_time([clip for clip in filmed if clip.performer.startswith("grid_s1/")])
    calibrate_seal(model, clips, LipReadout.load(corpus / "lips.npz"))
    set_temperature(model, TEMPERATURE)
    export(model, folder, version, usual_mouth(filmed))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, default=Path("weights"))
    parser.add_argument("--corpus", type=Path, default=Path("build/corpus"))
    parser.add_argument("--version", default=VERSION)
    options = parser.parse_args()
    export_checkpoint(options.checkpoint, options.corpus, options.out, options.version)


if __name__ == "__main__":
    main()
