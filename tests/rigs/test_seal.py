"""Closed is closed on the mesh, also where jawOpen and mouthClose do not fit each other."""

from __future__ import annotations

import numpy as np
import pytest
from rig_faces import Face, closures, speech

from mouthpiece.inference.types import BLENDSHAPES, INDEX, C
from mouthpiece.rigs.build import channel_seal
from mouthpiece.rigs.detect import detect

CLOSE = INDEX["mouthClose"]


def sealed(face: Face, closing: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lip gaps of the face, and of the same with a mouthClose off by a factor, before and after the seal."""
    fields = face.fields.copy()
    fields[CLOSE] *= closing
    mesh = type(face)(face.rest, fields, face.upper, face.lower, face.up, face.width)
    mapping = detect({"Face": BLENDSHAPES}).meshes["Face"]
    seal = channel_seal(mapping, mesh.surface({name: {name: 1.0} for name in BLENDSHAPES}))
    rest = face.rest_opening
    canonical = rest + speech()[:, :52] @ face.channel_openings
    before = rest + speech()[:, :52] @ mesh.channel_openings
    return canonical, before, rest + seal(speech(), speech())[:, :52] @ mesh.channel_openings


def test_on_a_rig_that_fits_lips_follow_and_close(face: Face) -> None:
    canonical, _, after = sealed(face, 1.0)
    found = float(np.corrcoef(np.maximum(after, 0.0), np.maximum(canonical, 0.0))[0, 1])
    print(f"lip gap on the mesh against the canonical one: r = {found:.4f}")
    assert found >= 0.98
    assert len(closures()) >= 10 and np.abs(after[closures()]).max() < 0.015


@pytest.mark.parametrize("closing", [0.4, 0.7, 1.4, 2.0])
def test_conflicts_of_jaw_and_lips_are_solved(face: Face, closing: float) -> None:
    canonical, before, after = sealed(face, closing)
    conflict = np.abs(before[closures()]).max()
    left = np.abs(after[closures()]).max()
    print(f"mouthClose × {closing}: {conflict:.4f} mouth widths at closures, sealed {left:.4f}")
    assert left < max(face.rest_opening, 0.0) + 0.015 and left < 0.6 * conflict
    apart = canonical > 0.25 * face.channel_openings[INDEX["jawOpen"]]
    np.testing.assert_allclose(after[apart], before[apart], atol=0.02)


def test_a_resting_face_is_left_alone(face: Face) -> None:
    mapping = detect({"Face": BLENDSHAPES}).meshes["Face"]
    seal = channel_seal(mapping, face.surface({name: {name: 1.0} for name in BLENDSHAPES}))
    rest = np.zeros((3, C), np.float32)
    np.testing.assert_array_equal(seal(rest, rest), rest)


def test_values_stay_in_range(face: Face) -> None:
    mapping = detect({"Face": BLENDSHAPES}).meshes["Face"]
    seal = channel_seal(mapping, face.surface({name: {name: 1.0} for name in BLENDSHAPES}))
    noise = np.random.default_rng(0).random((500, C)).astype(np.float32)
    out = seal(noise, noise)
    assert out.min() >= 0.0 and out.max() <= 1.0
