import numpy as np
import pytest

from pycosim.errors import InputError
from pycosim.waveforms import distortion, harmonics

FREQUENCY = 1e5
TIME = np.linspace(0.0, 2 / FREQUENCY, 513)


def test_a_cubic_makes_the_third_harmonic_that_trigonometry_says() -> None:
    wave = np.sin(2 * np.pi * FREQUENCY * TIME)
    found = harmonics(TIME, wave + 0.04 * wave**3, FREQUENCY)
    # sin^3 = (3 sin - sin 3) / 4; what is missing is the straight lines between 256 points of a period
    assert abs(found[3]) == pytest.approx(0.01, rel=1e-3)
    assert abs(found[1]) == pytest.approx(1.03, rel=1e-3)
    assert distortion(found) == pytest.approx(0.01 / 1.03, rel=1e-3)


def test_the_mean_and_the_phase_are_those_of_the_wave() -> None:
    found = harmonics(TIME, 0.5 + np.cos(2 * np.pi * FREQUENCY * TIME), FREQUENCY, periods=2)
    assert found[0].real == pytest.approx(0.5, abs=1e-4)
    assert found[1] == pytest.approx(1.0, abs=1e-3)


def test_a_wave_shorter_than_its_periods_is_refused() -> None:
    with pytest.raises(InputError, match="simulate longer"):
        harmonics(TIME, np.sin(TIME), FREQUENCY, periods=3)
    with pytest.raises(InputError, match="fundamental"):
        distortion(np.array([1.0, 0.0, 0.0]))
