import dataclasses

import numpy as np
import pytest

from pycosim.checks import Array
from pycosim.errors import InputError
from pycosim.models import (
    CellDeviation,
    ConverterSpread,
    LookupCell,
    OperandAxis,
    PolynomialCell,
    SpreadRead,
    spread_read,
    voltage_sensitivity,
)

T_MAX = 15e-9
WIDTHS, LEVELS = np.arange(16) * 1e-9, np.linspace(0, 0.9, 8)
INPUTS = OperandAxis(nodes=WIDTHS, is_coded=True)
STORED = OperandAxis(nodes=LEVELS, is_coded=True)


def table(function: object) -> LookupCell:
    return LookupCell(pulse_widths=WIDTHS, stored_voltages=LEVELS, charges=function(WIDTHS[:, None], LEVELS))


NMOS = CellDeviation(
    name="threshold", sigma=12e-3, sensitivity=table(lambda w, v: -w * 40e-6 * v + 2e-16 * (w > 0) * v**2)
)
PMOS = CellDeviation(name="factor", sigma=0.05, sensitivity=table(lambda w, v: w * 9e-6 * (v - 0.9) ** 2))


def dense(deviations: tuple[CellDeviation, ...], widths: Array, volts: Array, numbers: list[Array]) -> Array:
    """Charge of every cell by itself, widths (..., 1) against volts (...)."""
    return sum(d.sigma * z * d.sensitivity.charge(widths, volts) for d, z in zip(deviations, numbers, strict=True))


@pytest.mark.parametrize("is_coded", [True, False])
def test_the_factored_spread_is_the_sum_over_cells(is_coded: bool) -> None:
    rng = np.random.default_rng(0)
    inputs, stored = (
        (INPUTS, STORED)
        if is_coded
        else (
            OperandAxis(nodes=WIDTHS[[0, -1]], is_coded=False),
            OperandAxis(nodes=LEVELS[[0, -1]], is_coded=False, is_smooth=True),
        )
    )
    read = spread_read((NMOS, PMOS), inputs, stored)
    q, k = (
        rng.integers(0, n, (2, 5, 6)) if is_coded else rng.uniform(0, top, (2, 5, 6))
        for n, top in ((16, T_MAX), (8, 0.9))
    )
    numbers = [rng.standard_normal((5, 6)), rng.standard_normal((2, 5, 6))]
    ages = np.arange(5)[:, None] - np.arange(5)
    widths, volts = inputs.values(q), stored.values(k)
    charges = dense((NMOS, PMOS), widths[:, :, None, :], volts[:, None], [z[..., None, :, :] for z in numbers])
    bound = 6 * 3 * 2 * read.max_error  # six cells on a line, two deviations, numbers below three
    reads, mask = read.on(widths), np.asarray(ages >= 0, dtype=float)
    cells = reads.hold(k, numbers)
    found = reads.column_charges(q, cells, mask)
    assert np.abs(found - np.where(ages >= 0, charges.sum(-1), 0)).max() <= bound
    weights = rng.integers(0, 16, (2, 5, 5)) if is_coded else rng.uniform(0, T_MAX, (2, 5, 5))
    held = np.where(
        ages[..., None] >= 0,
        dense((NMOS, PMOS), inputs.values(weights)[..., None], volts[:, None], [z[..., None, :, :] for z in numbers]),
        0,
    ).sum(-2)
    assert np.abs(reads.row_charges(weights, cells, mask) - held).max() <= bound


def test_the_standard_deviation_of_a_line_is_the_root_of_the_sum_of_squares() -> None:
    rng = np.random.default_rng(1)
    read = spread_read((NMOS, PMOS), INPUTS, STORED)
    q, k = rng.integers(0, 16, (1, 64)), rng.integers(0, 8, (1, 64))
    n_dies = 4000
    numbers = [rng.standard_normal((n_dies, 1, 64)) for _ in range(2)]
    stored = np.broadcast_to(k, (n_dies, 1, 64))
    inputs = np.broadcast_to(q, (n_dies, 1, 64))
    reads = read.on(numbers[0])
    found = reads.column_charges(inputs, reads.hold(stored, numbers), np.ones((1, 1))).std()
    cells = [d.sigma * d.sensitivity.charge(WIDTHS[q], LEVELS[k]) for d in (NMOS, PMOS)]
    # 4000 dies know a standard deviation to 1.1 %: three of these
    assert found == pytest.approx(np.sqrt(sum(np.square(c).sum() for c in cells)), rel=0.035)


def test_a_deviation_linear_in_the_width_takes_one_matrix_product() -> None:
    read = spread_read((PMOS,), INPUTS, STORED)
    assert read.input_basis.shape[0] == 1
    assert isinstance(read, SpreadRead)


def test_the_slope_over_the_stored_voltage_is_the_derivative() -> None:
    cell = PolynomialCell(coefficients=(1e-6, 20e-6, 5e-6), width_range=(0, T_MAX), voltage_range=(0, 0.9))
    slope = voltage_sensitivity(cell, WIDTHS, LEVELS, step=1e-3)
    exact = WIDTHS[:, None] * (20e-6 + 2 * 5e-6 * (LEVELS - 0.45))
    inner = np.abs(slope.charges - exact)[:, 1:-1]
    assert inner.max() < 1e-24  # central differences of a parabola are exact
    assert np.abs(slope.charges - exact).max() < T_MAX * 5e-6 * 1e-3 * 1.01  # one-sided at the ends: half a step off


def test_noise_of_converter_and_line_add_as_squares() -> None:
    spread = ConverterSpread(charge_per_second=80e-6, offset=1e-9, noise=3e-12, charge_noise=3.2e-16)
    assert spread.offset_charge == pytest.approx(8e-14)
    assert spread.total_charge_noise == pytest.approx(np.hypot(2.4e-16, 3.2e-16))


def test_mistakes_are_named() -> None:
    with pytest.raises(InputError, match="at least one deviation"):
        spread_read((), INPUTS, STORED)
    with pytest.raises(InputError, match="at least one deviation"):
        spread_read((dataclasses.replace(NMOS, sigma=0.0),), INPUTS, STORED)
    with pytest.raises(InputError, match="for 2 deviations, found 1"):
        spread_read((NMOS, PMOS), INPUTS, STORED).on(np.zeros(1)).hold(np.zeros((3, 4), dtype=int), [np.zeros((3, 4))])
    with pytest.raises(InputError, match="sigma of threshold must be finite and at least 0"):
        dataclasses.replace(NMOS, sigma=-1.0)
    with pytest.raises(InputError, match="charge_per_second"):
        ConverterSpread(charge_per_second=0.0)
