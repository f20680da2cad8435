import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosim.errors import DomainError, InputError
from pycosim.models import ConverterModel, HardSigmoid, PulseTable, Quantizer, SignedPulse

T_MAX = 15e-9
CHARGE = st.floats(-5e-12, 5e-12)
HARD = HardSigmoid(saturation_charge=1.2e-12, max_pulse_width=T_MAX, offset=2e-14, gain=0.98)
SIGNED = SignedPulse(saturation_charge=0.6e-12, max_pulse_width=T_MAX)
POINTS = np.linspace(-2e-12, 2e-12, 41)
TABLE = PulseTable(charges=POINTS, pulse_widths=HARD.pulse_width(POINTS))


@pytest.mark.parametrize("converter", [HARD, SIGNED, TABLE])
@given(charges=st.tuples(st.floats(-2e-12, 2e-12), st.floats(-2e-12, 2e-12)))
def test_more_charge_never_gives_a_shorter_pulse(converter: ConverterModel, charges: tuple[float, float]) -> None:
    low, high = converter.pulse_width(sorted(charges))
    assert low <= high + 1e-24


@given(charge=CHARGE)
def test_hard_sigmoid_stays_between_nothing_and_the_longest_pulse(charge: float) -> None:
    assert 0 <= HARD.pulse_width(charge) <= T_MAX


@given(charge=CHARGE)
def test_signed_pulse_is_odd(charge: float) -> None:
    assert SIGNED.pulse_width(-charge) == -SIGNED.pulse_width(charge)


def test_hard_sigmoid_starts_at_its_offset_and_saturates_at_its_charge() -> None:
    ideal = HardSigmoid(saturation_charge=1.2e-12, max_pulse_width=T_MAX)
    found = ideal.pulse_width([-1e-12, 0, 0.6e-12, 1.2e-12, 3e-12])
    assert np.allclose(found, [0, 0, 7.5e-9, 15e-9, 15e-9], rtol=1e-14, atol=0)
    assert HARD.pulse_width(2e-14) == 0
    assert HARD.pulse_width(0.62e-12) == pytest.approx(0.98 * 0.5 * T_MAX)


def test_signed_pulse_has_a_gain_for_each_sign() -> None:
    uneven = SignedPulse(
        saturation_charge=0.6e-12, max_pulse_width=T_MAX, positive_gain=1.1, negative_gain=0.9, offset=1e-14
    )
    found = uneven.pulse_width(np.array([0.31e-12, 1e-14, -0.29e-12]))
    assert np.allclose(found, [0.55 * T_MAX, 0, -0.45 * T_MAX], rtol=1e-12, atol=1e-24)


def test_a_converter_keeps_the_shape_and_not_the_memory_of_its_input() -> None:
    charge = np.full((2, 3), 5e-12)
    assert HARD.pulse_width(charge).shape == (2, 3)
    assert (charge == 5e-12).all()
    assert HARD.pulse_width(1e-13).shape == ()


def test_a_table_returns_its_own_points_and_nothing_beyond() -> None:
    assert np.allclose(TABLE.pulse_width(POINTS), TABLE.pulse_widths, atol=1e-24)
    with pytest.raises(DomainError, match=r"charge -2 pC .. 2 pC"):
        TABLE.pulse_width(2.1e-12)


def test_a_clipping_table_counts() -> None:
    table = PulseTable(charges=POINTS, pulse_widths=TABLE.pulse_widths, outside="clip")
    assert np.array_equal(table.pulse_width([-9e-12, 9e-12]), table.pulse_widths[[0, -1]])
    assert table.clips.fraction == 1


@given(
    value=st.floats(-3, 3),
    n_levels=st.integers(2, 300),
    low=st.floats(-1, 0.4),
    width=st.floats(0.1, 2),
)
def test_quantizing_twice_changes_nothing_more(value: float, n_levels: int, low: float, width: float) -> None:
    quantize = Quantizer(n_levels=n_levels, low=low, high=low + width)
    once = quantize(value)
    assert quantize(once) == once
    assert low <= once <= low + width * (1 + 1e-12)
    inside = np.clip(value, low, low + width)
    assert abs(once - inside) <= width / (n_levels - 1) / 2 * (1 + 1e-9)


def test_eight_levels_of_the_stored_voltage_do_not_include_zero_weight() -> None:
    levels = Quantizer(n_levels=8, low=0.0, high=0.9)
    assert np.allclose(levels.levels, np.arange(8) * 0.9 / 7)
    assert abs(levels(0.449) - 0.45) == pytest.approx(0.9 / 14)
    assert levels.codes([-1.0, 0.0, 0.13, 2.0]).tolist() == [0, 0, 1, 7]


def test_impossible_converters_are_refused() -> None:
    with pytest.raises(InputError, match="saturation_charge must be finite and greater than 0, found 0 C"):
        HardSigmoid(saturation_charge=0.0, max_pulse_width=T_MAX)
    with pytest.raises(InputError, match="one per charge, 41, found 3"):
        PulseTable(charges=POINTS, pulse_widths=[0, 1, 2])
    with pytest.raises(InputError, match="raise"):
        PulseTable(charges=POINTS, pulse_widths=POINTS, outside="extrapolate")
    with pytest.raises(InputError, match="n_levels"):
        Quantizer(n_levels=1, low=0.0, high=1.0)
