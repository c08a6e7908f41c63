"""Makes the root importable as ``mouthpiece``, whatever its folder is called."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

if "mouthpiece" not in sys.modules:
    spec = importlib.util.spec_from_file_location(
        "mouthpiece", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    sys.modules["mouthpiece"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["mouthpiece"])
