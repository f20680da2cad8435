"""The analog matrix product against every cell evaluated, against the plain product, and against its statistics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pycosim.attention.published import published_cell
from pycosim.errors import InputError
from pycosim.models.analog_product import AnalogProduct, write_weights
from pycosim.models.cell import LookupCell, PolynomialCell
from pycosim.models.converter import PulseTable, SignedPulse
from pycosim.models.product_hardware import ProductHardware
from pycosim.models.spread import CellDeviation, ConverterSpread, voltage_sensitivity

LONGEST = 15e-9
FULL = 4e-13


def line(**options: float) -> SignedPulse:
    return SignedPulse(saturation_charge=FULL, max_pulse_width=LONGEST, **options)


def bent_cell() -> LookupCell:
    """A cell whose charge is no product of a function of the width and one of the voltage."""
    widths, voltages = np.linspace(0, LONGEST, 16), np.linspace(0, 0.9, 13)
    level = voltages - 0.42 + 0.3 * (voltages - 0.42) ** 3
    charges = 20e-6 * widths[:, None] * level + 2e-15 * np.sin(widths[:, None] / 4e-9 + 2 * voltages)
    return LookupCell(pulse_widths=widths, stored_voltages=voltages, charges=charges - charges[:1])


def deviation() -> CellDeviation:
    widths, voltages = np.linspace(0, LONGEST, 4), np.linspace(0, 0.9, 31)
    sensitivity = voltage_sensitivity(published_cell(), widths, voltages, step=1e-3)
    return CellDeviation(name="stored voltage", sigma=5e-3, sensitivity=sensitivity)


def hardware(**options: object) -> ProductHardware:
    base = ProductHardware(cell=published_cell(), converter=line(), full_charge=FULL)
    return replace(base, **options)


def counts_of(product: AnalogProduct, codes: NDArray[np.intp]) -> NDArray[np.float64]:
    """Counts from every cell and the converter's own model; (n_tiles, batch, n_out), not rounded."""
    hw = product.hardware
    charges = product.charges(codes)
    if hw.spread is not None:
        gain, offset = product.columns[:, 0, None], product.columns[:, 1, None]
        charges = charges * (1 + hw.spread.gain * gain) + hw.spread.offset_charge * offset
    return hw.converter.pulse_width(charges) * ((hw.n_output_counts or 1) / hw.max_pulse_width)


def test_ideal_parts_give_the_plain_product() -> None:
    rng = np.random.default_rng(0)
    weights, codes = rng.normal(size=(70, 33)), rng.integers(0, 16, (9, 70))
    ideal = hardware(
        cell=PolynomialCell.linear(19.3e-6),
        converter=SignedPulse(saturation_charge=1e-9, max_pulse_width=LONGEST),
        full_charge=1e-9,
        n_stored_levels=None,
        n_output_counts=None,
    )
    for low, high in ((0.0, 1.0), (-2.0, 3.0)):
        x = low + (high - low) * codes / 15
        product = write_weights(weights, ideal, seed=0, input_range=(low, high))
        # float32: 71 products, each rounded to 6e-8 of the largest
        assert product.product(x) == pytest.approx(x @ weights, abs=71 * 6e-8 * 3 * np.abs(weights).max() * 3)
        assert product.product(x[0]) == pytest.approx(x[0] @ weights, abs=1e-3)
        assert product.rank == 1
        assert product.product(x).dtype == np.float32


@pytest.mark.parametrize("cell", [published_cell(), bent_cell()])
@pytest.mark.parametrize("n_levels", [8, None])
@pytest.mark.parametrize("converter", [line(), line(offset=2e-15, positive_gain=1.02, negative_gain=0.97)])
def test_counts_are_those_of_every_cell_evaluated(
    cell: PolynomialCell | LookupCell, n_levels: int | None, converter: SignedPulse
) -> None:
    rng = np.random.default_rng(1)
    weights, codes = rng.normal(size=(150, 21)), rng.integers(0, 16, (12, 150))
    hw = hardware(
        cell=cell,
        converter=converter,
        n_stored_levels=n_levels,
        n_output_counts=None,
        deviations=(deviation(),),
        spread=ConverterSpread(charge_per_second=FULL / LONGEST, offset=1e-10, gain=0.02),
    )
    product = write_weights(weights, hw, seed=4)
    x = (codes / 15).astype(np.float32)
    assert np.array_equal(product.codes(x), codes)
    wanted = counts_of(product, codes).sum(axis=0) * product.output_unit
    # 64 cells of a tile, each within the stated error, in 3 tiles; and rounding of float32, 1e-6 of the longest pulse
    allowed = 3 * (64 * product.max_error * 1.1 / FULL + 1e-6) * product.output_unit
    assert np.abs(product.product(x) - wanted).max() < allowed
    assert product.max_error < 1e-4 * 1.5e-13 * 1.5
    assert np.abs(wanted - x @ weights).max() > 20 * allowed  # and the hardware is not ideal


def test_rounded_counts_are_whole_and_saturate() -> None:
    rng = np.random.default_rng(2)
    weights, codes = rng.normal(size=(64, 40)), rng.integers(0, 16, (50, 64))
    product = write_weights(weights, hardware(), seed=4)
    counts = product.product(codes / 15) / product.output_unit
    assert counts == pytest.approx(np.rint(counts), abs=1e-4)
    assert np.abs(counts).max() == pytest.approx(15)
    exact = counts_of(product, codes)[0]
    clear = np.abs(exact - np.floor(exact) - 0.5) > 0.01  # away from the edge between two counts
    assert np.rint(counts)[clear] == pytest.approx(np.rint(exact)[clear])
    assert clear.mean() > 0.9


def test_any_converter_gives_what_its_line_gives() -> None:
    charges = np.linspace(-3 * FULL, 3 * FULL, 601)
    table = PulseTable(charges=charges, pulse_widths=line().pulse_width(charges), outside="clip")
    rng = np.random.default_rng(3)
    weights, x = rng.normal(size=(64, 20)), rng.random((30, 64))
    own = [
        write_weights(weights, hardware(converter=c, n_output_counts=None), seed=1).product(x) for c in (line(), table)
    ]
    # the table is monotone cubic between points that are FULL / 100 apart: it rounds the corners of the line
    assert own[1] == pytest.approx(own[0], abs=2e-3 * float(np.abs(own[0]).max()))


def test_read_noise_is_that_of_every_conversion_and_differs_between_calls() -> None:
    noise = 60e-12
    hw = hardware(n_output_counts=None, spread=ConverterSpread(charge_per_second=FULL / LONGEST, noise=noise))
    rng = np.random.default_rng(5)
    weights, x = 0.1 * rng.normal(size=(64, 1024)), rng.random((300, 64))
    product, quiet = write_weights(weights, hw, seed=6), write_weights(weights, replace(hw, spread=None), seed=6)
    still = quiet.product(x)
    free = np.abs(still) < 0.9 * quiet.output_unit  # does not saturate
    first, second = ((product.product(x) - still) / (product.output_unit * noise / LONGEST) for _ in range(2))
    n = int(free.sum())
    assert n > 100_000
    for z in (first[free], second[free]):
        assert abs(z.mean()) < 5 / np.sqrt(n)
        assert abs(z.std() - 1) < 5 / np.sqrt(2 * n) + 1e-4
    assert abs(np.corrcoef(first[free], second[free])[0, 1]) < 5 / np.sqrt(n)
    rows = np.corrcoef(first[:, :50].T)[~np.eye(50, dtype=bool)]
    assert np.abs(rows).max() < 5.5 / np.sqrt(len(x))  # of 1225 pairs of columns


def test_a_seed_gives_the_same_results_with_any_number_of_threads() -> None:
    rng = np.random.default_rng(6)
    hw = hardware(spread=ConverterSpread(charge_per_second=FULL / LONGEST, noise=60e-12), deviations=(deviation(),))
    weights, x = rng.normal(size=(64, 1024)), rng.random((700, 64))
    one, two, other = (write_weights(weights, hw, seed=seed) for seed in (1, 1, 2))
    for _ in range(2):
        results = one.product(x)
        assert np.array_equal(results, two.product(x, n_threads=3))
        assert not np.array_equal(results, other.product(x))


def test_weight_error_is_frozen_when_the_weights_are_written() -> None:
    rng = np.random.default_rng(7)
    weights, x = rng.normal(size=(64, 30)), rng.integers(0, 16, (20, 64)) / 15
    hw = hardware(n_output_counts=None, deviations=(deviation(),))
    product = write_weights(weights, hw, seed=1)
    assert np.array_equal(product.product(x), product.product(x))
    assert not np.allclose(product.product(x), write_weights(weights, hw, seed=2).product(x))
    assert len(product.cells.numbers) == 1
    assert product.rank == 1  # the deviation is proportional to the width, as the charge is


def test_levels_take_the_weight_with_the_nearest_charge() -> None:
    product = write_weights(np.linspace(-1, 1, 64)[:, None], hardware(), seed=0)
    charges = published_cell().charge(LONGEST, np.linspace(0, 0.9, 8))
    wanted = np.linspace(-1, 1, 64) * product.cells.unit
    nearest = np.abs(charges - wanted[:, None]).argmin(axis=1)
    assert np.array_equal(product.cells.stored[:, 0], nearest)


def test_inputs_outside_their_range_take_the_end_codes() -> None:
    product = write_weights(np.ones((3, 1)), hardware(), seed=0, input_range=(-1.0, 1.0))
    assert product.codes([-7.0, 0.99, 4.0]).tolist() == [0, 15, 15]


@pytest.mark.parametrize(
    ("inputs", "found"),
    [(np.ones((2, 4)), r"\(2, 4\)"), ([1.0, np.nan, 0.0], "1 NaN"), (np.ones((1, 1, 3)), "1, 1, 3")],
)
def test_inputs_of_another_shape_are_refused(inputs: object, found: str) -> None:
    product = write_weights(np.ones((3, 1)), hardware(), seed=0)
    with pytest.raises(InputError, match=found):
        product.product(inputs)  # type: ignore[arg-type]


def test_what_cannot_be_written_is_refused() -> None:
    for weights, message in (
        (np.zeros((2, 2)), "differ from 0"),
        (np.ones(3), "2 axes"),
        (np.ones((0, 2)), "at least"),
    ):
        with pytest.raises(InputError, match=message):
            write_weights(weights, hardware(), seed=0)
    with pytest.raises(InputError, match="must be finite"):
        write_weights([[1.0, np.inf]], hardware(), seed=0)
    with pytest.raises(InputError, match="input_range"):
        write_weights(np.ones((2, 2)), hardware(), seed=0, input_range=(1.0, 0.0))
    with pytest.raises(InputError, match="input_range must be finite"):
        write_weights(np.ones((2, 2)), hardware(), seed=0, input_range=(0.0, np.inf))
    with pytest.raises(InputError, match="source at its lowest"):
        write_weights(np.ones((2, 2)), hardware(stored_low=0.5), seed=0)
    for options in ({"full_charge": 0.0}, {"n_input_levels": 1}, {"tile_rows": 0}, {"n_output_counts": 0}):
        with pytest.raises(InputError):
            hardware(**options)
    with pytest.raises(InputError, match="n_threads"):
        write_weights(np.ones((3, 1)), hardware(), seed=0).product(np.ones(3), n_threads=0)
