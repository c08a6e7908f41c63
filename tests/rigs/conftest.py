"""Makes the faces that several tests of this room measure on importable."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _module(name: str, file: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(file))
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


faces = _module("rig_faces", "faces.py")
_module("rig_flame", "flame_head.py")


@pytest.fixture(params=["demo", "ict"])
def face(request: pytest.FixtureRequest) -> object:
    """Each face in turn."""
    if request.param == "ict" and not faces.ICT.is_file():
        pytest.skip("needs ../shared/data/rigs/ict_face.npz")
    return getattr(faces, request.param)()
