"""Lids are measured, on the right side; gaze is the tracker's."""

from __future__ import annotations

import numpy as np

from mouthpiece.inference.types import BLENDSHAPES, INDEX
from mouthpiece.training.corpus.eyes import eye_channels
from mouthpiece.training.corpus.landmarks import LIDS, Track


def blinking(side: str) -> tuple[np.ndarray, tuple[int, ...]]:
    """Fifty frames of two eyes, of which one shuts in frames 20 and 21."""
    ids = tuple(
        v for corners, pairs in LIDS.values() for v in (*corners, *(lid for pair in pairs for lid in pair))
    )
    points = np.zeros((50, len(ids), 3), np.float32)
    for eye, (corners, pairs) in LIDS.items():
        points[:, ids.index(corners[1]), 0] = 0.3
        for upper, _ in pairs:
            points[:, ids.index(upper), 1] = 0.1
            if eye == side:
                points[20:22, ids.index(upper), 1] = 0.01
    return points, ids


def track(guesses: np.ndarray, ids: tuple[int, ...]) -> Track:
    frames = len(guesses)
    return Track(
        "t", np.zeros((frames, len(ids), 3)), ids, guesses, np.zeros((frames, 4, 4)), np.ones(frames), 25.0
    )


def test_a_wink_is_seen_on_its_own_side():
    for side, other in (("Left", "Right"), ("Right", "Left")):
        points, ids = blinking(side)
        channels = eye_channels(points, ids, [track(np.zeros((50, 52), np.float32), ids)])
        assert channels[20:22, INDEX[f"eyeBlink{side}"]].min() > 0.95
        assert channels[:20, INDEX[f"eyeBlink{side}"]].max() == 0
        assert channels[:, INDEX[f"eyeBlink{other}"]].max() == 0


def test_gaze_passes_and_a_constant_squint_is_no_squint():
    points, ids = blinking("Left")
    guesses = np.zeros((50, 52), np.float32)
    guesses[:, INDEX["eyeLookInLeft"]] = np.linspace(0, 1, 50)
    guesses[:, INDEX["eyeSquintLeft"]] = 0.4
    channels = eye_channels(points, ids, [track(guesses, ids)])
    np.testing.assert_array_equal(channels[:, INDEX["eyeLookInLeft"]], guesses[:, INDEX["eyeLookInLeft"]])
    assert not channels[:, INDEX["eyeSquintLeft"]].any()
    assert not channels[:, [i for i, name in enumerate(BLENDSHAPES) if not name.startswith("eye")]].any()
