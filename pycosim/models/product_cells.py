"""The cells of an analog matrix product: which voltage a weight becomes, and what each cell does to every input code.

A cell's charge over the input codes is a vector. All cells' vectors, with the deviations of each, lie close to a space
of a few dimensions, so that

    charge(code, row, column)  =  sum_j  basis_j(code) * matrix_j(row, column)

with as few terms as the tolerance allows: one where charge is proportional to the width of the pulse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pycosim.checks import Array
from pycosim.errors import InputError
from pycosim.models.decay import NoDecay
from pycosim.models.product_hardware import ProductHardware
from pycosim.models.separate import DenseRead, factor_read
from pycosim.models.spread import spread_read

_GRID = 4097  # voltages at which the charge of a cell is inverted, where it has no levels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProductCells:
    """Written cells.

    Args:
        unit: charge of the longest pulse on a cell with weight 1, C.
        stored: (n_in, n_out) codes of the levels, or voltages in V where there are none.
        numbers: standard normal, one array (n_in, n_out) per deviation.
        basis: (J, n_codes).
        matrix: (J, n_in, n_out) C.
        max_error: largest deviation of this form from the models, C per cell.
    """

    unit: float
    stored: NDArray[Any]
    numbers: tuple[Array, ...]
    basis: Array
    matrix: Array
    max_error: float


def write_cells(
    hardware: ProductHardware, weights: Array, *, generator: np.random.Generator, tolerance: float
) -> ProductCells:
    """Write weights; evaluates the models once for every pair of operands.

    Args:
        hardware: cells and levels.
        weights: (n_in, n_out), of any unit; the largest magnitude takes the whole range of the cell.
        generator: of the cells' own numbers.
        tolerance: largest error of a cell's charge over the largest charge of a cell.

    Raises:
        InputError: for a cell that does not both sink and source, or whose charge does not rise with the voltage.
        DomainError: where an operand can take values outside the models' domains.
    """
    unit, stored = _stored(hardware, weights)
    inputs, levels = hardware.input_axis, hardware.level_axis
    dense = DenseRead(cell=hardware.cell, decay=NoDecay(), input_axis=inputs, level_axis=levels, token_period=0.0)
    read = factor_read(dense, 1, tolerance=tolerance / 2)
    by_level = np.tensordot(read.age_basis[:, 0], read.level_basis, 1)  # (J, n_levels)
    basis, matrix, error = read.input_basis, np.stack(read.level_axis.sample(list(by_level), stored)), read.max_error
    numbers = tuple(generator.standard_normal(weights.shape) for _ in hardware.deviations)
    if numbers:
        spread = spread_read(hardware.deviations, inputs, levels)
        basis = np.concatenate([basis, spread.input_basis])
        matrix = np.concatenate([matrix, spread.on(numbers[0]).hold(stored, numbers)])
        error += spread.max_error * float(np.abs(numbers).sum(axis=0).max())
    basis, matrix, dropped = _compressed(basis, matrix, tolerance / 2 * read.full_scale)
    return ProductCells(
        unit=unit, stored=stored, numbers=numbers, basis=basis, matrix=matrix, max_error=error + dropped
    )


def _stored(hardware: ProductHardware, weights: Array) -> tuple[float, NDArray[Any]]:
    """Return the unit of a weight, C, and the operands whose charges come closest to the weights."""
    axis = hardware.level_axis
    nodes = axis.nodes if axis.is_coded else np.linspace(axis.nodes[0], axis.nodes[-1], _GRID)
    charges = hardware.cell.charge(hardware.max_pulse_width, nodes)
    n_falls = int((np.diff(charges) <= 0).sum())
    if not charges[0] < 0 < charges[-1] or n_falls:
        raise InputError(
            "the cell must source at its lowest stored voltage and sink at its highest, and rise between them, found "
            f"{charges[0]:.3g} C .. {charges[-1]:.3g} C with {n_falls} of {charges.size - 1} "
            "steps that do not rise; narrow the range of the stored voltage"
        )
    largest = float(np.abs(weights).max())
    if not largest > 0:
        raise InputError("at least one weight must differ from 0, found none")
    unit = float(min(-charges[0], charges[-1])) / largest
    if axis.is_coded:
        return unit, np.searchsorted((charges[1:] + charges[:-1]) / 2, weights * unit)
    return unit, np.interp(weights * unit, charges, nodes)


def _compressed(basis: Array, matrix: Array, allowed: float) -> tuple[Array, Array, float]:
    """Return the terms with which no cell's charge changes by more than ``allowed``, and by how much they do."""
    cells = matrix.reshape(len(matrix), -1)
    own = np.linalg.eigh(basis.T @ (cells @ cells.T) @ basis)[1][:, ::-1]  # (n_codes, n_codes), largest term first
    for n_terms in range(1, len(matrix) + 1):
        kept = own[:, :n_terms]
        rest = basis.T - kept @ (kept.T @ basis.T)  # (n_codes, J)
        error = max(float(np.abs(rest @ matrix[:, row]).max()) for row in range(matrix.shape[1]))
        if error <= allowed:
            break
    return kept.T, np.tensordot(kept.T @ basis.T, matrix, 1), error
