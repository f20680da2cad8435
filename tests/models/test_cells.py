import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosim.attention import published_cell
from pycosim.errors import DomainError, InputError
from pycosim.models import EVERYWHERE, LookupCell, PolynomialCell

VOLTS = st.floats(0.0, 0.9)
SECONDS = st.floats(0.0, 15e-9)
WIDTHS, LEVELS = np.arange(16) * 1e-9, np.linspace(0, 0.9, 8)


def lookup() -> LookupCell:
    charges = published_cell().charge(WIDTHS[:, None], LEVELS)
    return LookupCell(pulse_widths=WIDTHS, stored_voltages=LEVELS, charges=charges)


def test_the_published_cell_is_near_the_authors_table() -> None:
    """Full-input column of their simulated currents; the polynomial's rms error is 0.13 uA."""
    volts = [0.0, 0.092, 0.184, 0.257, 0.367, 0.441, 0.551, 0.643, 0.735, 0.827, 0.9]
    currents = [-10.149, -6.936, -4.174, -2.416, -0.538, 0.371, 1.731, 3.315, 5.403, 7.870, 9.973]
    error = published_cell().current(volts) * 1e6 - currents
    assert np.sqrt(np.mean(error**2)) < 0.2


def test_linear_cell_is_transconductance_times_voltage_times_width() -> None:
    cell = PolynomialCell.linear(19.3e-6)
    assert cell.charge(10e-9, 0.65) == pytest.approx(19.3e-6 * 0.2 * 10e-9, rel=1e-14)
    assert cell.charge(5e-9, 0.45) == 0


@given(width=SECONDS, volts=VOLTS, other=SECONDS)
def test_polynomial_charge_is_linear_in_width(width: float, volts: float, other: float) -> None:
    cell = published_cell()
    total = cell.charge(width / 2, volts) + cell.charge(other / 2, volts)
    assert cell.charge((width + other) / 2, volts) == pytest.approx(total, rel=1e-12, abs=1e-30)


def test_pulse_offset_shortens_every_pulse() -> None:
    short = PolynomialCell(coefficients=(1e-6,), width_range=(0, 15e-9), voltage_range=(0, 1), pulse_offset=1e-9)
    assert np.allclose(short.charge([0.0, 0.5e-9, 1e-9, 3e-9], 0.5), [0, 0, 0, 2e-15], rtol=1e-12)


@given(width=SECONDS, volts=VOLTS)
def test_lookup_stays_between_the_levels_beside_it(width: float, volts: float) -> None:
    cell = lookup()
    index = min(int(np.searchsorted(LEVELS, volts, "right")) - 1, LEVELS.size - 2)
    beside = cell.charge(width, LEVELS[index : index + 2])
    assert beside.min() - 1e-27 <= cell.charge(width, volts) <= beside.max() + 1e-27


def test_lookup_returns_its_own_points() -> None:
    cell = lookup()
    assert np.allclose(cell.charge(WIDTHS[:, None], LEVELS), cell.charges, rtol=1e-12, atol=1e-30)


def test_lookup_broadcasts_like_a_formula() -> None:
    rng = np.random.default_rng(0)
    width, volts = rng.uniform(0, 15e-9, (3, 1, 5)), rng.uniform(0, 0.9, (4, 1))
    charge = lookup().charge(width, volts)
    assert charge.shape == (3, 4, 5)
    assert charge[2, 3, 4] == lookup().charge(width[2, 0, 4], volts[3, 0])


@pytest.mark.parametrize("cell", [published_cell(), lookup()])
@pytest.mark.parametrize(("width", "volts"), [(1e-9, 0.91), (1e-9, -0.01), (16e-9, 0.3), (-1e-9, 0.3), (1e-9, np.nan)])
def test_outside_its_domain_a_cell_raises(cell: PolynomialCell | LookupCell, width: float, volts: float) -> None:
    with pytest.raises(DomainError):
        cell.charge(width, volts)


def test_the_message_says_domain_operands_and_remedy() -> None:
    with pytest.raises(DomainError, match=r'stored_voltage 0 V .. 900 mV; 1 of 2 .* 950 mV.*outside="clip"'):
        published_cell().charge(1e-9, [0.5, 0.95])


def test_a_clipping_cell_moves_operands_and_counts_them() -> None:
    cell = LookupCell(pulse_widths=WIDTHS, stored_voltages=LEVELS, charges=lookup().charges, outside="clip")
    assert cell.charge(20e-9, [-0.1, 0.45, 1.2]) == pytest.approx(lookup().charge(15e-9, [0, 0.45, 0.9]))
    assert (cell.clips.clipped, cell.clips.seen) == (3, 4)
    cell.clips.reset()
    assert cell.clips.fraction == 0


def test_rounding_at_the_end_of_the_domain_is_no_extrapolation() -> None:
    assert published_cell().charge(15e-9, 0.3 * 3 + 1e-16) == published_cell().charge(15e-9, 0.9)


def test_ideal_cell_holds_everywhere_but_not_for_nan() -> None:
    cell = PolynomialCell.linear(1e-6)
    assert cell.charge(1.0, -5.0) == pytest.approx(-5.45e-6)
    with pytest.raises(DomainError, match="finite"):
        cell.charge(1e-9, np.inf)


def test_tables_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        lookup().charges[0, 0] = 1.0


def test_contradictory_cells_are_refused() -> None:
    with pytest.raises(InputError, match="n_widths, n_voltages"):
        LookupCell(pulse_widths=WIDTHS, stored_voltages=LEVELS, charges=np.zeros((8, 16)))
    with pytest.raises(InputError, match="increase strictly"):
        LookupCell(pulse_widths=WIDTHS[::-1], stored_voltages=LEVELS, charges=np.zeros((16, 8)))
    with pytest.raises(InputError, match="low below high"):
        PolynomialCell(coefficients=(1.0,), width_range=(1.0, 0.0), voltage_range=EVERYWHERE)
    with pytest.raises(InputError, match="pulse_offset"):
        PolynomialCell(coefficients=(1.0,), width_range=EVERYWHERE, voltage_range=EVERYWHERE, pulse_offset=-1e-9)
