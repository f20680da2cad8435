"""A whole array read in a few matrix products.

One cell read is charge F(width, voltage, age). An array adds 64 of them per line, for every pair of tokens,
which is too much to evaluate one by one. On the values that operands can take, F is a three-way table, and a
smooth one: a few terms

    F(width, voltage, age)  =  sum_jm  input_j(width) * age_m(age) * level_jm(voltage)

reproduce it to a stated bound (higher-order singular value decomposition [2000 De Lathauwer, sec. 3,
truncated]). Each term is a matrix product. `DenseRead` evaluates every cell and is what `FactoredRead` is
tested against.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pycosim.checks import Array, positive
from pycosim.errors import InputError
from pycosim.models.axis import OperandAxis, grid_axis
from pycosim.models.cell import CellModel
from pycosim.models.decay import DecayModel
from pycosim.models.placed import Ages, Held, PlacedRead, Term
from pycosim.namespace import AnyArray, is_numpy, like, namespace_of

MAX_ENTRIES = 50_000_000  # of a table: 400 MB


class Reader(Protocol):
    """Charges on the lines of a cell array, for arrays of one library, device and floating type.

    Operands are codes where the axis has levels, values in SI units elsewhere. What is stored is prepared once
    (`hold`), and read many times. Ages are whole tokens, (t, tau); a negative age marks a cell that is not read.
    """

    def hold(self, stored: AnyArray, shares: AnyArray | None = None) -> Held:
        """Prepare what is stored, (..., tau, d); shares scale the charge of single cells, None for none."""
        ...

    def aged(self, ages: Ages) -> AnyArray:
        """Prepare ages: (t, tau) -> (M, t, tau)."""
        ...

    def column_charges(self, inputs: AnyArray, held: Held, aged: AnyArray) -> AnyArray:
        """First array, summed over features: (..., t, d) -> (..., t, tau) C."""
        ...

    def row_charges(self, inputs: AnyArray, held: Held, aged: AnyArray, tile: int | None = None) -> AnyArray:
        """Second array, summed over the tokens of each tile: (..., t, tau) -> (..., tile, t, d) C; see `PlacedRead`."""
        ...


class ArrayRead(Protocol):
    """A cell array that can be read with operands of any library."""

    def on(self, reference: AnyArray) -> Reader:
        """Return its reads for arrays like the reference, which is of floating type."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DenseRead:
    """Evaluates every cell of every read; slow and exact.

    Args:
        cell: charge of one fresh cell.
        decay: how it ages.
        input_axis: what the input operands mean.
        level_axis: what the stored operands mean.
        token_period: age of a token per step, s.
    """

    cell: CellModel
    decay: DecayModel
    input_axis: OperandAxis
    level_axis: OperandAxis
    token_period: float

    def on(self, reference: AnyArray) -> DenseRead:
        """Return itself.

        Raises:
            InputError: for arrays that are not NumPy's.
        """
        if not is_numpy(namespace_of(reference)):
            raise InputError(f"dense reads need NumPy arrays, found {type(reference).__name__}; use factored_arrays")
        return self

    def hold(self, stored: NDArray[Any], shares: Array | None = None) -> Held:
        """Return the voltages and the shares, each (..., tau, d)."""
        voltages = self.level_axis.values(stored)
        return [voltages, np.broadcast_to(1.0 if shares is None else shares, voltages.shape)]

    def aged(self, ages: Ages) -> NDArray[Any]:
        """Return the ages, (1, t, tau)."""
        return ages[None]

    def column_charges(self, inputs: NDArray[Any], held: Held, aged: NDArray[Any]) -> Array:
        """First array, summed over features: (..., t, d) -> (..., t, tau) C."""
        voltages, shares = held
        rows = [
            (self._charges(inputs[..., t, None, :], voltages, age[:, None]) * shares).sum(-1)
            for t, age in enumerate(aged[0])
        ]  # each (..., tau)
        return np.stack(rows, axis=-2)

    def row_charges(self, inputs: NDArray[Any], held: Held, aged: NDArray[Any], tile: int | None = None) -> Array:
        """Second array, summed over the tokens of each tile: (..., t, tau) -> (..., tile, t, d) C."""
        if tile is not None:
            starts = range(0, inputs.shape[-1], tile)
            parts = [slice(start, start + tile) for start in starts]
            sums = [
                self.row_charges(inputs[..., part], [x[..., part, :] for x in held], aged[..., part]) for part in parts
            ]
            return np.stack(sums, axis=-3)
        voltages, shares = held
        rows = [
            (self._charges(inputs[..., t, :, None], voltages, age[:, None]) * shares).sum(-2)
            for t, age in enumerate(aged[0])
        ]  # each (..., d)
        return np.stack(rows, axis=-2)

    def _charges(self, inputs: NDArray[Any], voltages: Array, ages: NDArray[Any]) -> Array:
        width = self.input_axis.values(inputs)
        charge = self.decay.read(self.cell, width, voltages, np.maximum(ages, 0) * self.token_period)
        return np.where(ages >= 0, charge, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FactoredRead:
    """The sum of products of `factor_read`.

    Args:
        input_axis: what the input operands mean.
        level_axis: what the stored operands mean.
        input_basis: (J, n_inputs).
        age_basis: (M, n_ages), one column per token of age.
        level_basis: (M, J, n_levels) C.
        max_error: largest deviation from the table, C per cell.
        full_scale: largest magnitude of the table, C per cell.
    """

    input_axis: OperandAxis
    level_axis: OperandAxis
    input_basis: Array
    age_basis: Array
    level_basis: Array
    max_error: float
    full_scale: float

    @property
    def rank(self) -> tuple[int, int]:
        """Number of input terms J and of age terms M."""
        return self.input_basis.shape[0], self.age_basis.shape[0]

    def on(self, reference: AnyArray) -> PlacedRead:
        """Return the reads for arrays like the reference."""
        terms = []
        for ages, basis in zip(self.age_basis, self.level_basis, strict=True):
            used = np.flatnonzero(basis.any(axis=1))  # terms that `factor_read` left out are zero
            if used.size:
                levels = tuple(like(basis[j], reference) for j in used)
                terms.append(Term(ages=ages, inputs=tuple(map(int, used)), levels=levels))
        return PlacedRead(
            input_axis=self.input_axis,
            level_axis=self.level_axis,
            input_rows=tuple(like(row, reference) for row in self.input_basis),
            terms=tuple(terms),
        )


def factor_read(dense: DenseRead, n_ages: int, *, tolerance: float = 1e-7) -> FactoredRead:
    """Factor the reads of an array; evaluates the models once for every combination of operands.

    Args:
        dense: the cell, its decay and what the operands mean.
        n_ages: ages 0 .. n_ages - 1 tokens will be read.
        tolerance: largest error of one cell's charge over the largest charge of a cell. Half of it may come
            from the terms that are left out, which is checked on the whole table, and half from interpolation on
            axes without levels, which is checked between the nodes at some of the ages.

    Raises:
        DomainError: where an operand can take values outside the models' domains.
        InputError: where an axis needs too many points for the tolerance.
    """
    positive("tolerance", tolerance)
    some_ages = np.unique(np.linspace(0, n_ages - 1, min(n_ages, 9)).astype(np.intp))
    inputs, levels = _refined(dense, some_ages, tolerance / 4)
    n_entries = inputs.nodes.size * levels.nodes.size * n_ages
    if n_entries > MAX_ENTRIES:
        raise InputError(
            f"{inputs.nodes.size} inputs x {levels.nodes.size} levels x {n_ages} ages are more than "
            f"{MAX_ENTRIES:.0e} table entries; ask for fewer levels or for none, or raise the tolerance"
        )
    table = _table(dense, inputs, levels, np.arange(n_ages))  # (n_inputs, n_levels, n_ages)
    full_scale = float(np.abs(table).max())
    if not full_scale > 0:
        raise InputError("the cell model gives no charge for any operand, found a table of zeros")
    return _truncate(table, inputs, levels, full_scale, tolerance)


def _table(dense: DenseRead, inputs: OperandAxis, levels: OperandAxis, ages: NDArray[Any]) -> Array:
    width, voltage = inputs.nodes[:, None, None], levels.nodes[:, None]
    charge = dense.decay.read(dense.cell, width, voltage, ages * dense.token_period)
    return np.broadcast_to(charge, (inputs.nodes.size, levels.nodes.size, ages.size))


def _refined(dense: DenseRead, ages: Ages, tolerance: float) -> tuple[OperandAxis, OperandAxis]:
    """Give axes without levels the nodes that interpolation needs."""
    inputs, levels = dense.input_axis, dense.level_axis
    if not levels.is_coded:
        low, high = inputs.nodes[[0, -1]]
        spread = replace(inputs, nodes=np.linspace(low, high, 16))
        probes = inputs if inputs.is_coded else spread

        def by_voltage(nodes: Array) -> Array:
            return np.moveaxis(_table(dense, probes, replace(levels, nodes=nodes), ages), 1, 0)

        levels = grid_axis(by_voltage, levels, tolerance)
    if not inputs.is_coded:

        def by_width(nodes: Array) -> Array:
            return _table(dense, replace(inputs, nodes=nodes), levels, ages)

        inputs = grid_axis(by_width, inputs, tolerance)
    return inputs, levels


def _truncate(
    table: Array, inputs: OperandAxis, levels: OperandAxis, full_scale: float, tolerance: float
) -> FactoredRead:
    n_inputs, _, n_ages = table.shape
    allowed = tolerance / 2 * full_scale
    left = _principal(table.reshape(n_inputs, -1))
    for n_terms in range(1, left.shape[1] + 1):
        compressed = np.tensordot(left[:, :n_terms].T, table, 1)  # (J, n_levels, n_ages)
        if _error(left[:, :n_terms], compressed, table) <= allowed / 2:
            break
    right = _principal(compressed.reshape(-1, n_ages).T)
    for n_factors in range(1, right.shape[1] + 1):
        core = compressed @ right[:, :n_factors]  # (J, n_levels, M)
        error = _error(left[:, :n_terms], core @ right[:, :n_factors].T, table)
        if error <= allowed:
            break
    terms = np.moveaxis(core, (0, 1, 2), (1, 2, 0))  # (M, J, n_levels)
    input_basis, age_basis = left[:, :n_terms].T, right[:, :n_factors].T
    terms, dropped = _without_small_terms(terms, input_basis, age_basis, allowed - error)
    inputs, input_basis = inputs.evenly(input_basis)
    interpolated = 0.0 if inputs.is_coded and levels.is_coded else tolerance / 2 * full_scale
    return FactoredRead(
        input_axis=inputs,
        level_axis=levels,
        input_basis=np.ascontiguousarray(input_basis),
        age_basis=np.ascontiguousarray(age_basis),
        level_basis=terms,
        max_error=error + dropped + interpolated,
        full_scale=full_scale,
    )


def _without_small_terms(terms: Array, input_basis: Array, age_basis: Array, allowed: float) -> tuple[Array, float]:
    """Return the terms with the smallest set to zero, and how much that may change, at most ``allowed``."""
    sizes = (
        np.abs(terms).max(axis=2) * np.abs(age_basis).max(axis=1)[:, None] * np.abs(input_basis).max(axis=1)
    )  # (M, J)
    order = np.argsort(sizes, axis=None)
    total = np.cumsum(sizes.ravel()[order])
    n_small = int(np.searchsorted(total, allowed, "right"))
    kept = terms.copy()
    kept.reshape(-1, terms.shape[2])[order[:n_small]] = 0.0
    return kept, float(total[n_small - 1]) if n_small else 0.0


def _principal(unfolded: Array) -> Array:
    """Return orthonormal columns that span the columns of (n, m), most important first.

    From the smaller Gram matrix where it is (n, n): as accurate as a singular value decomposition for all
    terms above 1e-8 of the largest, and the columns below span the rest.
    """
    if unfolded.shape[0] > unfolded.shape[1]:
        return np.asarray(np.linalg.svd(unfolded, full_matrices=False)[0])
    return np.asarray(np.linalg.eigh(unfolded @ unfolded.T)[1][:, ::-1])


def _error(left: Array, compressed: Array, table: Array) -> float:
    return float(np.abs(np.tensordot(left, compressed, 1) - table).max())
