"""Log-mel: librosa's numbers, nothing from the future, the same bits however the sound arrives."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from mouthpiece.inference.features import HOPS, MELS, TAIL, finite, log_mel, log_mel_fast, mel_basis, tick_mel
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


def test_a_tick_alone_has_the_bits_of_the_whole(speech: np.ndarray) -> None:
    padded = np.pad(speech, (TAIL, -len(speech) % TICK_SAMPLES))
    ticks = [
        tick_mel(padded[s : s + TAIL + TICK_SAMPLES]) for s in range(0, len(padded) - TAIL, TICK_SAMPLES)
    ]
    assert np.array_equal(np.concatenate(ticks), log_mel(speech))


@pytest.mark.parametrize("block", [1, 7, 256])
def test_fast_variant_agrees(speech: np.ndarray, block: int) -> None:
    np.testing.assert_allclose(log_mel_fast(speech, block), log_mel(speech), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("samples", "hops"), [(0, 0), (1, 4), (640, 4), (641, 8)])
def test_hops_of_whole_ticks(samples: int, hops: int) -> None:
    assert log_mel(np.zeros(samples, np.float32)).shape == (hops, MELS)
    assert log_mel_fast(np.zeros(samples, np.float32)).shape == (hops, MELS)


def test_samples_that_are_no_numbers_are_silence() -> None:
    assert finite(np.array([1, np.nan, -np.inf, np.inf])).tolist() == [1, 0, 0, 0]
    broken, silent = np.full((2, 2000), np.nan, np.float32)
    silent[:] = 0
    assert np.array_equal(log_mel(broken), log_mel(silent))


def test_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="880 samples"):
        tick_mel(np.zeros(640))
