"""Makes the faces that several tests of this room measure on importable."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("rig_faces", Path(__file__).with_name("faces.py"))
faces = importlib.util.module_from_spec(_spec)
sys.modules["rig_faces"] = faces
_spec.loader.exec_module(faces)


@pytest.fixture(params=["demo", "ict"])
def face(request: pytest.FixtureRequest) -> object:
    """Each face in turn."""
    if request.param == "ict" and not faces.ICT.is_file():
        pytest.skip("needs ../shared/data/rigs/ict_face.npz")
    return getattr(faces, request.param)()
