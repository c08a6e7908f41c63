"""What is installed: version, model, hashes, devices and the model card."""

from __future__ import annotations

import platform
import tomllib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .model import WEIGHTS, Model, read_checked
from .runtime import DEVICES, fault, remedy, resolve

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
    lines += ["", *device_table({name: read_checked(weights, name)[0] for name in model.hashes})]
    card = weights / "MODEL_CARD.md"
    if card.is_file():
        lines += ["", card.read_text(encoding="utf-8").strip()]
    return "\n".join(lines)


def device_table(contents: Mapping[str, bytes]) -> list[str]:
    """A line for each choice of ``--device``: whether ``contents`` start on it, why not, and what helps."""
    rows = [("device", "runs", ""), ("auto", "yes", f"the same as {resolve('auto')}")]
    for device in DEVICES[1:]:
        reason = fault(contents, device)
        rows.append((device, "no" if reason else "yes", f"{reason}: {remedy(device)}" if reason else ""))
    width = max(len(device) for device, *_ in rows)
    return [f"{device.ljust(width)}  {here.ljust(4)}  {note}".rstrip() for device, here, note in rows]
