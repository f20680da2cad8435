"""How parts that are drawn alike differ: cells by their transistors and the noise of each write, converters by column.

A cell's charge is expanded to first order in its deviations,

    charge(width, voltage; z)  =  charge(width, voltage)  +  sum_p  z_p * sigma_p * sensitivity_p(width, voltage),

z_p a standard normal number of the cell. On a line of cells the sum is again a few matrix products: the sensitivities
of all deviations share their functions of the width (singular value decomposition), and the cell's own numbers go into
the operand that holds its level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pycosim.checks import Array, frozen_array, not_negative, positive
from pycosim.errors import InputError
from pycosim.models.axis import OperandAxis, grid_axis
from pycosim.models.cell import CellModel, LookupCell
from pycosim.models.placed import Held, added, by_tile
from pycosim.namespace import AnyArray, like, transposed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellDeviation:
    """One way in which cells differ.

    Args:
        name: of the deviation, for example "read NMOS threshold".
        sigma: its standard deviation, in the unit of the deviation.
        sensitivity: change of a read's charge per unit of it, C, over pulse width and stored voltage.
        is_written: a write draws it anew, as noise; otherwise the cell keeps it, whatever is written to it.
    """

    name: str
    sigma: float
    sensitivity: CellModel
    is_written: bool = False

    def __post_init__(self) -> None:
        not_negative(f"sigma of {self.name}", self.sigma)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConverterSpread:
    """How the converters of one kind differ, and how noisy each is: standard deviations.

    A column converts charge * (1 + gain z_1) + (offset z_2 + noise z_3) * charge_per_second + charge_noise z_4; z_1 and
    z_2 are the column's own, z_3 and z_4 are drawn for every conversion. All act before the pulse is limited to its
    window, as in the circuit.

    Args:
        charge_per_second: charge that widens the pulse by one second, A: what converts widths to charges.
        offset: of the pulse width, s.
        gain: of the slope, relative.
        noise: of the pulse width, of the converter itself, s.
        charge_noise: of the charge that the cells of a line deliver, C.
    """

    charge_per_second: float
    offset: float = 0.0
    gain: float = 0.0
    noise: float = 0.0
    charge_noise: float = 0.0

    def __post_init__(self) -> None:
        positive("charge_per_second", self.charge_per_second, "A")
        not_negative("offset", self.offset, "s")
        not_negative("gain", self.gain)
        not_negative("noise", self.noise, "s")
        not_negative("charge_noise", self.charge_noise, "C")

    @property
    def offset_charge(self) -> float:
        """Standard deviation of a column's offset, as charge, C."""
        return self.offset * self.charge_per_second

    @property
    def total_charge_noise(self) -> float:
        """Standard deviation of one conversion's noise, as charge, C."""
        return float(np.hypot(self.noise * self.charge_per_second, self.charge_noise))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpreadRead:
    """What the deviations of its cells add to the charge of a line, to first order.

    Args:
        input_axis: what the input operands mean.
        level_axis: what the stored operands mean.
        input_basis: (J, n_inputs).
        level_basis: (J, P, n_levels) C at one standard deviation of each of P deviations.
        max_error: largest deviation of this form from the sensitivities, C per cell at one standard deviation.
    """

    input_axis: OperandAxis
    level_axis: OperandAxis
    input_basis: Array
    level_basis: Array
    max_error: float

    def on(self, reference: AnyArray) -> PlacedSpread:
        """Return the reads for arrays like the reference."""
        return PlacedSpread(
            input_axis=self.input_axis,
            level_axis=self.level_axis,
            input_rows=tuple(like(row, reference) for row in self.input_basis),
            levels=tuple(tuple(like(level, reference) for level in term) for term in self.level_basis),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlacedSpread:
    """The tables of a `SpreadRead` on the library, device and floating type of the operands.

    Args:
        input_axis: what the input operands mean.
        level_axis: what the stored operands mean.
        input_rows: J functions of the input, each (n_inputs,).
        levels: J x P functions of the stored voltage, each (n_levels,).
    """

    input_axis: OperandAxis
    level_axis: OperandAxis
    input_rows: tuple[AnyArray, ...]
    levels: tuple[tuple[AnyArray, ...], ...]

    def hold(self, stored: AnyArray, numbers: Sequence[AnyArray]) -> Held:
        """Return what the cells' own numbers make of their levels, J arrays (..., tau, d).

        Args:
            stored: operands of the stored axis (..., tau, d).
            numbers: standard normal, one array per deviation, (tau, d) with or without leading axes.
        """
        if len(numbers) != len(self.levels[0]):
            raise InputError(f"numbers must be given for {len(self.levels[0])} deviations, found {len(numbers)}")
        held = []
        for term in self.levels:
            total = None
            for level, number in zip(self.level_axis.sample(term, stored), numbers, strict=True):
                total = added(total, level * number)
            held.append(total)
        return held

    def column_charges(self, inputs: AnyArray, held: Held, mask: AnyArray) -> AnyArray:
        """First array, summed over features: (..., t, d) on what is held -> (..., t, tau) C, 0 where the mask is."""
        total = None
        for drive, level in zip(self.input_axis.sample(self.input_rows, inputs), held, strict=True):
            total = added(total, drive @ transposed(level))
        total *= mask
        return total

    def row_charges(self, inputs: AnyArray, held: Held, mask: AnyArray, tile: int | None = None) -> AnyArray:
        """Second array, summed over the tokens of each tile: (..., t, tau) -> (..., tile, t, d) C; see `PlacedRead`."""
        total = None
        for drive, level in zip(self.input_axis.sample(self.input_rows, inputs), held, strict=True):
            total = added(total, by_tile(drive * mask, -1, tile) @ by_tile(level, -2, tile))
        return total


def spread_read(
    deviations: Sequence[CellDeviation], inputs: OperandAxis, levels: OperandAxis, *, tolerance: float = 2e-3
) -> SpreadRead:
    """Return the read of the deviations; evaluates every sensitivity once for every pair of operands.

    Sensitivities are taken at the level as written: how they change while the level drifts is of second order.

    Args:
        deviations: at least one.
        inputs: what input operands can be.
        levels: what stored operands can be.
        tolerance: largest error of a cell's deviation over the largest such deviation.

    Raises:
        DomainError: where an operand can take values outside a sensitivity's domain.
        InputError: no deviation, or none that changes a charge.
    """
    positive("tolerance", tolerance)

    def stack(widths: Array, voltages: Array) -> Array:
        tables = [d.sigma * d.sensitivity.charge(widths[:, None], voltages) for d in deviations]
        return np.stack(tables, axis=1)  # (n_widths, P, n_voltages)

    if not deviations or not np.abs(stack(inputs.nodes, levels.nodes)).max() > 0:
        raise InputError(f"at least one deviation must change a charge, found {len(deviations)} deviations")
    if not levels.is_coded:
        probes = np.linspace(inputs.nodes[0], inputs.nodes[-1], 16)
        levels = grid_axis(lambda v: np.moveaxis(stack(probes, v), 2, 0), levels, tolerance / 4)
    if not inputs.is_coded:
        inputs = grid_axis(lambda w: stack(w, levels.nodes), inputs, tolerance / 4)
    table = stack(inputs.nodes, levels.nodes)
    left, sizes, right = np.linalg.svd(table.reshape(inputs.nodes.size, -1), full_matrices=False)
    allowed = tolerance / 2 * float(np.abs(table).max())
    for n_terms in range(1, sizes.size + 1):
        terms = sizes[:n_terms, None] * right[:n_terms]  # (J, P * n_levels)
        error = float(np.abs(left[:, :n_terms] @ terms - table.reshape(inputs.nodes.size, -1)).max())
        if error <= allowed:
            break
    return SpreadRead(
        input_axis=inputs,
        level_axis=levels,
        input_basis=np.ascontiguousarray(left[:, :n_terms].T),
        level_basis=terms.reshape(n_terms, len(deviations), -1),
        max_error=error + (0.0 if inputs.is_coded and levels.is_coded else allowed),
    )


def voltage_sensitivity(cell: CellModel, pulse_widths: Array, stored_voltages: Array, *, step: float) -> LookupCell:
    """Return how the charge of a cell moves with its stored voltage, C/V, from the cell's own model.

    Central differences; one-sided at the ends of the cell's range.

    Args:
        cell: any.
        pulse_widths: where to tabulate, s, increasing.
        stored_voltages: where to tabulate, V, increasing.
        step: of the difference, V.
    """
    positive("step", step, "V")
    low, high = cell.domain[1].low, cell.domain[1].high
    voltages = frozen_array("stored_voltages", stored_voltages, ndim=1)
    above, below = np.minimum(voltages + step, high), np.maximum(voltages - step, low)
    widths = frozen_array("pulse_widths", pulse_widths, ndim=1)[:, None]
    return LookupCell(
        pulse_widths=pulse_widths,
        stored_voltages=voltages,
        charges=(cell.charge(widths, above) - cell.charge(widths, below)) / (above - below),
    )
