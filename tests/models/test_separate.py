import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import ArrayLike

from pycosim.attention import AttentionHardware, dense_arrays, published_models, token_ages
from pycosim.checks import Array
from pycosim.errors import DomainError, InputError
from pycosim.models import ArrayRead, DenseRead, Domain, NoDecay, OperandAxis, PolynomialCell, StorageDecay, factor_read

HARDWARE = AttentionHardware(token_period=1e-6)


def dense(decay_time: float = 1e-3) -> DenseRead:
    models = published_models(decay=StorageDecay(time_constant=decay_time, final_voltage=0.45))
    read = dense_arrays(models, HARDWARE).first
    assert isinstance(read, DenseRead)
    return read


@pytest.mark.parametrize("tolerance", [1e-3, 1e-5, 1e-7, 1e-9, 1e-13])
def test_the_stated_error_holds_for_every_entry_of_the_table(tolerance: float) -> None:
    read = dense()
    factored = factor_read(read, 64, tolerance=tolerance)
    codes, levels, ages = np.arange(16), np.arange(8), np.arange(64)
    wanted = read.decay.read(
        read.cell,
        read.input_axis.nodes[:, None, None],
        read.level_axis.nodes[:, None],
        ages * read.token_period,
    )
    found = np.einsum(
        "ji,ma,mjl->ila",
        factored.input_basis[:, codes],
        factored.age_basis[:, ages],
        factored.level_basis[..., levels],
    )
    assert np.abs(found - wanted).max() <= factored.max_error * (1 + 1e-9) + 1e-14 * factored.full_scale
    assert factored.max_error <= max(tolerance, 1e-14) * factored.full_scale


def test_a_cubic_cell_that_relaxes_needs_one_input_term_and_three_age_terms() -> None:
    """Powers 1 to 3 of the voltage decay at three rates; the constant's decay rate, 0, mixes in below 1e-3."""
    assert factor_read(dense(), 64, tolerance=1e-9).rank[0] == 1
    assert factor_read(dense(), 64, tolerance=1e-9).rank[1] <= 4


def test_small_terms_are_left_out() -> None:
    factored = factor_read(dense(decay_time=20.0), 64, tolerance=1e-3)
    assert factored.rank == (1, 1)


def charges(read: ArrayRead, name: str, inputs: Array, stored: Array, ages: Array) -> Array:
    reader = read.on(np.empty(0))
    return np.asarray(getattr(reader, name)(inputs, reader.hold(stored), reader.aged(ages)))


def test_cells_that_are_not_read_give_no_charge() -> None:
    read = dense()
    factored = factor_read(read, 64)
    rng = np.random.default_rng(0)
    codes, levels = rng.integers(1, 16, (5, 4)), rng.integers(0, 8, (5, 4))
    charge = charges(factored, "column_charges", codes, levels, token_ages(5))
    assert (charge[np.triu_indices(5, 1)] == 0).all()
    weights = rng.integers(1, 16, (5, 5))
    later = levels.copy()
    later[4] = 7 - later[4]
    ages = token_ages(5)
    assert np.array_equal(
        charges(factored, "row_charges", weights, levels, ages)[:4],
        charges(factored, "row_charges", weights, later, ages)[:4],
    )


def test_both_reads_agree_with_every_cell_evaluated() -> None:
    read = dense()
    factored = factor_read(read, 64)
    rng = np.random.default_rng(1)
    codes, levels = rng.integers(0, 16, (3, 9, 6)), rng.integers(0, 8, (3, 9, 6))
    weights, ages = rng.integers(0, 16, (3, 9, 9)), token_ages(9, 5)
    for name, inputs, n_terms in (("column_charges", codes, 6), ("row_charges", weights, 9)):
        error = charges(factored, name, inputs, levels, ages) - charges(read, name, inputs, levels, ages)
        assert np.abs(error).max() <= n_terms * factored.max_error


def test_a_longer_age_than_factored_is_refused() -> None:
    codes = np.zeros((5, 2), dtype=int)
    with pytest.raises(InputError, match="at most 3 tokens, found 4"):
        charges(factor_read(dense(), 4), "column_charges", codes, codes, token_ages(5))


def test_operands_that_the_hardware_can_produce_must_lie_in_the_domain() -> None:
    read = dataclasses.replace(dense(), level_axis=OperandAxis(nodes=np.linspace(0, 1.0, 8), is_coded=True))
    with pytest.raises(DomainError, match="stored_voltage"):
        factor_read(read, 4)


def test_a_cell_without_charge_cannot_be_factored() -> None:
    cell = PolynomialCell(coefficients=(0.0,), width_range=(0, 1e-6), voltage_range=(0, 1))
    with pytest.raises(InputError, match="no charge"):
        factor_read(dataclasses.replace(dense(), cell=cell), 4)


def test_too_many_levels_are_refused_before_memory_is_gone() -> None:
    many = OperandAxis(nodes=np.linspace(0, 0.9, 5000), is_coded=True)
    inputs = OperandAxis(nodes=np.linspace(0, 15e-9, 5000), is_coded=True)
    with pytest.raises(InputError, match="fewer levels"):
        factor_read(dataclasses.replace(dense(), level_axis=many, input_axis=inputs), 64)


ANY_VOLTAGE = OperandAxis(nodes=np.array([0.0, 0.9]), is_coded=False, is_smooth=True)


@dataclasses.dataclass(frozen=True)
class Cell:
    """The charge of a full pulse is any function of the voltage."""

    function: Callable[[Array], Array]
    domain: tuple[Domain, ...] = ()

    def charge(self, pulse_width: ArrayLike, stored_voltage: ArrayLike) -> Array:
        return 1e-15 * np.asarray(pulse_width) / 15e-9 * self.function(np.asarray(stored_voltage))


def test_a_kink_is_followed() -> None:
    cell = Cell(lambda volts: np.abs(volts - 0.4321))
    read = dataclasses.replace(dense(), cell=cell, decay=NoDecay(), level_axis=ANY_VOLTAGE)
    factored = factor_read(read, 4)
    volts, ones = np.linspace(0, 0.9, 1001)[:, None], np.full((1, 1), 15)
    ages = np.zeros((1, 1001), dtype=int)
    found = charges(factored, "column_charges", ones, volts, ages)
    assert np.abs(found - charges(read, "column_charges", ones, volts, ages)).max() < 1e-7 * 0.5e-15
    assert factored.level_axis.nodes.size < 300


def test_what_is_too_rough_to_interpolate_is_refused() -> None:
    rough = dataclasses.replace(
        dense(), cell=Cell(lambda volts: np.sin(1e6 * volts)), decay=NoDecay(), level_axis=ANY_VOLTAGE
    )
    with pytest.raises(InputError, match="needs more than 5000 nodes; raise the tolerance"):
        factor_read(rough, 4)
