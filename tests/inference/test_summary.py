"""What a manner looks like in numbers: each measure follows the motion that it names, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mouthpiece.inference.livelink import read_take
from mouthpiece.inference.summary import MEASURES, Summary, blink_count, concern, sparkline, summarise
from mouthpiece.inference.types import INDEX, C, Take

TAKES = Path(__file__).resolve().parents[3] / "shared" / "data" / "takes_arkit"
RATE = 50.0


def take(seconds: float = 6.0, rate: float = RATE, **channels: np.ndarray | float) -> Take:
    """Two syllables a second, with other channels on top."""
    times = (np.arange(int(seconds * rate)) + 0.5) / rate
    motion = np.zeros((len(times), C), np.float32)
    motion[:, INDEX["jawOpen"]] = 0.25 - 0.25 * np.cos(2 * np.pi * 2 * times)
    for name, values in channels.items():
        motion[:, INDEX[name]] = values
    return Take(motion, rate, "take")


def blinks(times: np.ndarray, every: float) -> np.ndarray:
    """A blink of 0.2 s every so many seconds."""
    return np.clip(1.0 - np.abs((times % every) - every / 2) / 0.1, 0.0, 1.0)


def changed(measure: str, **channels: np.ndarray | float) -> float:
    """How much a measure grows with added motion."""
    return getattr(summarise(take(**channels)), measure) - getattr(summarise(take()), measure)


def test_openness_is_that_of_the_open_moments() -> None:
    assert summarise(take()).openness == pytest.approx(0.5, abs=0.02)
    half = take()
    assert summarise(replace(half, channels=half.channels / 2)).openness == pytest.approx(0.25, abs=0.01)


def test_width_tells_spread_from_rounded() -> None:
    assert summarise(take()).width == 0.5
    spread = {"mouthSmileLeft": 0.4, "mouthSmileRight": 0.4}
    assert summarise(take(**spread)).width == pytest.approx(1.0)
    assert summarise(take(mouthPucker=0.4)).width == pytest.approx(0.0)
    assert summarise(take(mouthPucker=0.4, **spread)).width == pytest.approx(0.5, abs=0.01)


def test_asymmetry_is_motion_of_one_side_alone() -> None:
    both = {"mouthSmileLeft": 0.4, "mouthSmileRight": 0.4}
    assert summarise(take(**both)).asymmetry == 0.0
    one, slight = ({**both, "mouthSmileRight": value} for value in (0.0, 0.35))
    assert summarise(take(**one)).asymmetry == 1.0
    assert 0.1 < summarise(take(**slight)).asymmetry < 0.5


def test_brows_travel_rather_than_stand() -> None:
    times = np.arange(300) / RATE
    assert changed("brows", browInnerUp=0.8) == 0.0
    assert changed("brows", browInnerUp=0.4 + 0.4 * np.sin(2 * times)) > 0.6


@pytest.mark.parametrize("every", [1.0, 2.0, 3.0])
def test_blinks_are_counted_once_each(every: float) -> None:
    values = blinks((np.arange(300) + 0.5) / RATE, every)
    seen = take(eyeBlinkLeft=values, eyeBlinkRight=values)
    assert blink_count(seen) == 6 / every
    assert summarise(seen).blinks == pytest.approx(min(60 / every / 40, 1.0))
    assert blink_count(take(eyeBlinkLeft=values)) == 0  # a wink


def test_closures_grow_with_the_speed_of_the_lips_and_not_with_the_frame_rate() -> None:
    def speech(sharpness: float, rate: float) -> Take:
        times = (np.arange(int(6 * rate)) + 0.5) / rate
        wave = 0.5 + 0.5 * np.tanh(sharpness * np.sin(2 * np.pi * 2 * times)) / np.tanh(sharpness)
        return take(rate=rate, jawOpen=0.5 * wave)

    soft, crisp = (summarise(speech(sharpness, 60.0)).closures for sharpness in (0.5, 3.0))
    assert 0.3 < soft < crisp <= 1.0
    assert summarise(speech(0.5, 25.0)).closures == pytest.approx(soft, abs=0.05)


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_of_nothing(measure: str) -> None:
    for still in (
        Take(np.zeros((100, C), np.float32), 25.0, "still"),
        Take(np.zeros((0, C), np.float32), 25.0, "none"),
    ):
        assert getattr(summarise(still), measure) == (0.5 if measure == "width" else 0.0)


def test_unusable_takes_are_told_with_a_remedy() -> None:
    good = take()
    assert concern(good) == ""
    assert "Nothing moves" in concern(replace(good, channels=np.zeros_like(good.channels)))
    assert "Only 1.0 s" in concern(take(seconds=1.0))
    assert "mouth does not move" in concern(take(jawOpen=0.0, browInnerUp=np.linspace(0, 1, 300)))
    assert "No channel of the mouth" in concern(replace(good, measured=np.zeros(C, bool)))
    full = np.ones_like(good.channels)
    full[:, INDEX["jawOpen"]] = good.channels[:, INDEX["jawOpen"]]
    assert "maximum" in concern(replace(good, channels=full))


def test_sparkline_has_a_letter_for_every_value() -> None:
    assert sparkline([0.0, 0.5, 1.0, 7.0, -1.0]) == "▁▅██▁"
    heights = [sparkline([value]) for value in np.linspace(0, 1, 30)]
    assert heights == sorted(heights) and len(set(heights)) == 8


def test_captured_performers_differ_visibly() -> None:
    if not TAKES.is_dir():
        pytest.skip(f"needs the captured takes in {TAKES}")
    found = {name: summarise(read_take(TAKES / f"{name}.csv")) for name in ("S07-001", "alex_rom_3", "apfel")}
    assert all(isinstance(one, Summary) and all(0 <= v <= 1 for v in one.values()) for one in found.values())
    assert found["alex_rom_3"].brows > found["S07-001"].brows + 0.3
    assert found["apfel"].closures > found["S07-001"].closures + 0.2
