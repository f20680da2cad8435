"""A matrix product on cell arrays: weights written once, inputs as pulses, outputs as counts.

    y  =  x @ W,   x (batch, n_in), W (n_in, n_out)

A weight is the charge that its cell sinks from the bit line during the longest pulse; the cell is written with the
stored voltage that gives it, or with the level that comes closest. An input is the code of a pulse width. A column's
charge is converted to a signed count, and tiles of rows are added as counts. The offset of the inputs and the unit of
the result are digital:

    y  =  low * sum_i W_i  +  (high - low) * full_charge / unit * counts / n_counts.

What the cells do to every code is a sum of a few terms (`product_cells`), so that a batch takes that many matrix
products in float32. The noise of every conversion is drawn anew (`normal_stream`).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pycosim.checks import Array, at_least, finite_array, ordered, positive
from pycosim.errors import InputError
from pycosim.models.column_count import ColumnCount, column_count
from pycosim.models.normal_stream import NormalStream
from pycosim.models.product_cells import ProductCells, write_cells
from pycosim.models.product_hardware import ProductHardware

Single = NDArray[np.float32]

_CELLS, _COLUMNS, _NOISE = range(3)  # what a random stream is for: the second word of its seed
_LANES = 8  # streams of noise; a block's lane follows from its place, so that results do not depend on threads
_BLOCK = 262_144  # outputs of one matrix product: they stay in a core's cache
_CONVERSIONS = 65_536  # outputs that are converted together, for the same reason


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnalogProduct:
    """A written matrix. Its streams of noise move on with every product; nothing else changes.

    Args:
        hardware: what it is computed with.
        cells: what has been written.
        input_range: values of the lowest and of the highest input code.
        offset: (n_out,) what the lowest code contributes to every result, digital.
        columns: (n_tiles, 2, n_out) standard normal numbers of the converters' gain and offset.
        counts: how the charges of each tile become counts.
        basis: (J, n_codes + 1) float32; the last column is of the row that is always on.
        matrices: (J, rows + 1, n_out) float32 of each tile, in the unit of `counts`; the last row is their offset.
        streams: of noise.
    """

    hardware: ProductHardware
    cells: ProductCells
    input_range: tuple[float, float]
    offset: Single
    columns: Array
    counts: tuple[ColumnCount, ...]
    basis: Single = field(repr=False)
    matrices: tuple[Single, ...] = field(repr=False)
    streams: tuple[NormalStream, ...] = field(repr=False)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of inputs and of outputs."""
        n_in, n_out = self.cells.stored.shape
        return n_in, n_out

    @property
    def rank(self) -> int:
        """Number of matrix products that a product takes."""
        return len(self.basis)

    @property
    def max_error(self) -> float:
        """Largest error of one cell's charge in this form, C; rounding of float32 apart."""
        return self.cells.max_error

    @property
    def output_unit(self) -> float:
        """What one count adds to a result, in the unit of the product."""
        low, high = self.input_range
        n_counts = self.hardware.n_output_counts or 1
        return (high - low) * self.hardware.full_charge / self.cells.unit / n_counts

    def codes(self, inputs: ArrayLike) -> NDArray[np.intp]:
        """Return the codes of inputs, of their shape; outside the range, the end code.

        Raises:
            InputError: for inputs that are no finite numbers (batch, n_in) or (n_in,).
        """
        return self._steps(self._checked(inputs)).astype(np.intp)

    def charges(self, codes: NDArray[np.intp]) -> Array:
        """Return the charges of all columns by evaluating every cell: the slow reference.

        Args:
            codes: (batch, n_in).

        Returns:
            (n_tiles, batch, n_out) C, without the converters' own deviations and without noise.
        """
        hardware = self.hardware
        voltages = hardware.level_axis.values(self.cells.stored)
        charges = np.zeros((len(self.counts), len(codes), self.shape[1]))
        for row, widths in enumerate(hardware.input_axis.values(codes)):
            charge = hardware.cell.charge(widths[:, None], voltages)
            for deviation, numbers in zip(hardware.deviations, self.cells.numbers, strict=True):
                charge = charge + numbers * deviation.sigma * deviation.sensitivity.charge(widths[:, None], voltages)
            charges[:, row] = np.add.reduceat(charge, np.arange(0, self.shape[0], hardware.tile_rows))
        return charges

    def product(self, inputs: ArrayLike, *, n_threads: int = 1) -> Single:
        """Return x @ W as the hardware computes it.

        Args:
            inputs: (batch, n_in) or (n_in,), in the unit of the input range; outside it, the end code.
            n_threads: how many threads share the batch; the results are the same.

        Returns:
            (batch, n_out) or (n_out,), in the unit of inputs times weights.

        Raises:
            InputError: for inputs that are no finite numbers of that shape, or fewer than one thread.
        """
        at_least("n_threads", n_threads, 1)
        values = self._checked(inputs)
        rows = np.atleast_2d(values)
        results = np.empty((len(rows), self.shape[1]), dtype=np.float32)
        step = max(1, _BLOCK // self.shape[1])
        blocks = [slice(start, start + step) for start in range(0, len(rows), step)]

        def work(lane: int) -> None:
            for block in blocks[lane::_LANES]:
                self._block(rows[block], results[block], self.streams[lane])

        lanes = range(min(_LANES, len(blocks)))
        if n_threads == 1 or len(lanes) == 1:
            for lane in lanes:
                work(lane)
        else:
            with ThreadPoolExecutor(n_threads) as threads:
                list(threads.map(work, lanes))
        return results.reshape(*values.shape[:-1], -1)

    def _checked(self, inputs: ArrayLike) -> Single:
        values = np.asarray(inputs, dtype=np.float32)
        if values.ndim not in (1, 2) or values.shape[-1] != self.shape[0] or not np.isfinite(values).all():
            raise InputError(
                f"inputs must be finite and (batch, {self.shape[0]}) or ({self.shape[0]},), found shape "
                f"{values.shape} with {int(np.count_nonzero(~np.isfinite(values)))} NaN or infinite"
            )
        return values

    def _steps(self, values: Single) -> Single:
        """Return codes as float32."""
        low, high = self.input_range
        most = self.hardware.n_input_levels - 1
        steps = values * np.float32(most / (high - low))
        steps -= np.float32(low * most / (high - low))
        np.rint(steps, out=steps)
        np.clip(steps, 0, most, out=steps)
        return steps

    def _block(self, values: Single, out: Single, noise: NormalStream) -> None:
        """Compute the results of some rows of the batch."""
        steps = self._steps(values)
        part = max(1, _CONVERSIONS // self.shape[1])
        scratch = np.empty((min(part, len(out)), self.shape[1]), dtype=np.float32)
        for tile, (matrix, counts) in enumerate(zip(self.matrices, self.counts, strict=True)):
            first = tile * self.hardware.tile_rows
            codes = np.full((len(values), matrix.shape[1]), self.hardware.n_input_levels)  # the last row is always on
            codes[:, :-1] = steps[:, first : first + self.hardware.tile_rows]
            drive = self.basis.take(codes, axis=1, mode="clip")  # (J, batch, rows)
            total = np.matmul(drive[0], matrix[0], out=None if tile else out)
            for term, factor in zip(drive[1:], matrix[1:], strict=True):
                total += term @ factor
            for start in range(0, len(out), part):
                converted = total[start : start + part]
                counts.convert(converted, noise, scratch[: len(converted)])
            if tile:
                out += total
        out *= np.float32(self.output_unit)
        if self.offset.any():
            out += self.offset


def write_weights(
    weights: ArrayLike,
    hardware: ProductHardware,
    *,
    seed: int,
    input_range: tuple[float, float] = (0.0, 1.0),
    tolerance: float = 1e-4,
) -> AnalogProduct:
    """Write a matrix to cells.

    Args:
        weights: (n_in, n_out); the largest magnitude takes the whole range of the cell.
        hardware: what it is computed with.
        seed: of all deviations and noise; not negative.
        input_range: values of the lowest and of the highest input code.
        tolerance: largest error of one cell's charge over the largest charge of a cell.

    Raises:
        InputError: for weights that are no finite matrix or all 0, or a cell that cannot hold both signs.
        DomainError: where an operand can take values outside the models' domains.
    """
    matrix = finite_array("weights", weights, ndim=2)
    if not matrix.size:
        raise InputError(f"weights must have at least one row and column, found shape {matrix.shape}")
    at_least("seed", seed, 0)
    positive("tolerance", tolerance)
    low, high = ordered("input_range", *input_range)
    if not np.isfinite([low, high]).all():
        raise InputError(f"input_range must be finite, found {low:g} .. {high:g}")
    cells = write_cells(hardware, matrix, generator=np.random.default_rng((seed, _CELLS)), tolerance=tolerance)
    n_in, n_out = matrix.shape
    n_tiles = -(-n_in // hardware.tile_rows)
    columns = np.random.default_rng((seed, _COLUMNS)).standard_normal((n_tiles, 2, n_out))
    counts = tuple(column_count(hardware, own) for own in columns)
    basis = np.pad(cells.basis, ((0, 0), (0, 1)))
    basis[0, -1] = 1.0
    matrices = []
    for tile, own in enumerate(counts):
        rows = cells.matrix[:, tile * hardware.tile_rows : (tile + 1) * hardware.tile_rows]
        scaled = np.pad(rows * own.charge_scale, ((0, 0), (0, 1), (0, 0)))
        scaled[0, -1] = own.offset
        matrices.append(np.asarray(scaled, dtype=np.float32))
    return AnalogProduct(
        hardware=hardware,
        cells=cells,
        input_range=(low, high),
        offset=np.asarray(low * matrix.sum(axis=0), dtype=np.float32),
        columns=columns,
        counts=counts,
        basis=np.asarray(basis, dtype=np.float32),
        matrices=tuple(matrices),
        streams=tuple(NormalStream((seed, _NOISE, lane)) for lane in range(_LANES)),
    )
