"""What is installed: version, model, hashes, devices and the model card."""

from __future__ import annotations

import platform
import tomllib
from pathlib import Path

import numpy as np

from .model import WEIGHTS, Model
from .runtime import available

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
        f"devices {', '.join(available())} (auto is {model.device})",
        f"Python {platform.python_version()}, numpy {np.__version__}, ONNX Runtime {onnxruntime.__version__}",
    ]
    card = weights / "MODEL_CARD.md"
    if card.is_file():
        lines += ["", card.read_text(encoding="utf-8").strip()]
    return "\n".join(lines)
