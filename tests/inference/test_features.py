"""Log-mel: librosa's numbers, nothing from the future, the same bits however the sound arrives."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from mouthpiece.inference.features import HOPS, MELS, TAIL, finite, log_mel, mel_basis, whole_mel
from mouthpiece.inference.types import SAMPLE_RATE, TICK_SAMPLES


def sounds() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    time = np.arange(2 * SAMPLE_RATE - 77) / SAMPLE_RATE
    buzz = 2 * ((130 * time) % 1) - 1
    speech = buzz * np.clip(np.sin(2 * np.pi * 4 * time), 0, 1) + 0.01 * rng.standard_normal(len(time))
    return {
        "random": rng.uniform(-1, 1, len(time)),
        "speech-like": 0.3 * speech,
        "tone": np.sin(2 * np.pi * 440 * time),
        "silence": np.zeros(len(time)),
        "clipped": np.clip(30 * speech, -1, 1),
        "faint": 1e-4 * speech,
        "one sample": np.ones(1),
    }


@pytest.fixture(scope="module")
def librosa():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("librosa")


@pytest.mark.parametrize("name", sounds())
def test_equals_librosa(librosa, name: str) -> None:
    samples = sounds()[name].astype(np.float32)
    whole = np.pad(samples, (0, -len(samples) % TICK_SAMPLES))
    expected = librosa.feature.melspectrogram(
        y=np.pad(whole, (TAIL, 0)), sr=SAMPLE_RATE, n_fft=400, hop_length=160, center=False, n_mels=MELS
    )
    np.testing.assert_allclose(log_mel(samples), np.log(expected + 1e-8).T, atol=1e-4, rtol=0)


def test_mel_basis_equals_librosa(librosa) -> None:
    expected = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=400, n_mels=MELS, dtype=np.float64)
    np.testing.assert_allclose(mel_basis().T, expected, atol=1e-12)


@pytest.mark.parametrize("future", [0.0, 1.0, np.nan, np.inf, "noise"])
def test_never_looks_ahead(speech: np.ndarray, future) -> None:
    tick = 30
    changed = speech.copy()
    after = changed[(tick + 1) * TICK_SAMPLES :]
    after[:] = np.random.default_rng(2).uniform(-1, 1, len(after)) if future == "noise" else future
    hops = (tick + 1) * HOPS
    assert np.array_equal(log_mel(changed)[:hops], log_mel(speech)[:hops])
    assert not np.array_equal(log_mel(changed)[hops], log_mel(speech)[hops])


@pytest.mark.parametrize("size", [1, 7, 64, 65])
def test_any_pieces_have_the_bits_of_the_whole(speech: np.ndarray, size: int) -> None:
    whole = np.resize(speech, 200 * TICK_SAMPLES)
    padded = np.pad(whole, (TAIL, 0))
    step = size * TICK_SAMPLES
    pieces = [whole_mel(padded[start : start + step + TAIL]) for start in range(0, len(whole), step)]
    assert np.array_equal(np.concatenate(pieces), log_mel(whole))


@pytest.mark.parametrize(("samples", "hops"), [(0, 0), (1, 4), (640, 4), (641, 8)])
def test_hops_of_whole_ticks(samples: int, hops: int) -> None:
    assert log_mel(np.zeros(samples, np.float32)).shape == (hops, MELS)


def test_samples_that_are_no_numbers_are_silence() -> None:
    assert finite(np.array([1, np.nan, -np.inf, np.inf])).tolist() == [1, 0, 0, 0]
    broken, silent = np.full((2, 2000), np.nan, np.float32)
    silent[:] = 0
    assert np.array_equal(log_mel(broken), log_mel(silent))


def test_another_shape_is_refused() -> None:
    for samples in (0, TAIL - 1, TICK_SAMPLES):
        with pytest.raises(ValueError, match=f"not {samples}"):
            whole_mel(np.zeros(samples))
