"""What is installed: version, model, hashes, devices and the model card."""

from __future__ import annotations

import platform
import tomllib
from pathlib import Path

import numpy as np

from .model import WEIGHTS, Model
from .runtime import DEVICES, obstacle, remedy, resolve

MANIFEST = WEIGHTS.parent / "blender_manifest.toml"


def describe(weights: Path = WEIGHTS) -> str:
    """Some lines for a person. Raises WeightsError for damaged weights, DeviceError without ONNX Runtime."""
    import onnxruntime

    model = Model.load(weights)
    lines = [
        f"Mouthpiece {tomllib.loads(MANIFEST.read_text(encoding='utf-8'))['version']}",
        f"model {model.about['version']} (interface {model.about['interface']}) in {weights}",
        *(
            f"  {name}  {(weights / name).stat().st_size / 1e6:.1f} MB  sha256 {digest}"
            for name, digest in model.hashes.items()
        ),
        f"Python {platform.python_version()}, numpy {np.__version__}, ONNX Runtime {onnxruntime.__version__}",
    ]
    lines += ["", *device_table()]
    card = weights / "MODEL_CARD.md"
    if card.is_file():
        lines += ["", card.read_text(encoding="utf-8").strip()]
    return "\n".join(lines)


def device_table() -> list[str]:
    """A line for each choice of ``--device``: whether it is here, and if not, why and what would help."""
    rows = [("device", "here", ""), ("auto", "yes", f"the same as {resolve('auto')}")]
    for device in DEVICES[1:]:
        reason = obstacle(device)
        rows.append((device, "no" if reason else "yes", f"{reason}: {remedy(device)}" if reason else ""))
    width = max(len(device) for device, *_ in rows)
    return [f"{device.ljust(width)}  {here.ljust(4)}  {note}".rstrip() for device, here, note in rows]
