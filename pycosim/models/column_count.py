"""The converters of a row of columns: charge, with what each column and each conversion adds, to a signed count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pycosim.checks import Array
from pycosim.models.converter import ConverterModel, SignedPulse
from pycosim.models.domain import EVERYWHERE
from pycosim.models.normal_stream import NormalStream
from pycosim.models.product_hardware import ProductHardware


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ColumnCount:
    """How charges become counts, in place.

    Where the converter is a line that saturates, its slope is in ``charge_scale`` and the matrix gives counts at once.
    Any other converter is asked for the pulse width of every charge.

    Args:
        charge_scale: (n_out,) what a column's charge is multiplied by before `convert`: counts per C, or 1 for any
            other converter; with the column's own gain.
        offset: (n_out,) what a column adds to the scaled charges before `convert`.
        noise: standard deviation of one conversion, in that unit.
        limit: largest magnitude of a result, before rounding.
        is_rounded: results are whole counts.
        below: slope for negative charges over that for positive ones.
        converter: the other converter; None for the line.
        counts_per_second: of the pulse of the other converter.
    """

    charge_scale: Array
    offset: Array
    noise: float
    limit: float
    is_rounded: bool
    below: float
    converter: ConverterModel | None
    counts_per_second: float

    def convert(self, charge: NDArray[np.float32], noise: NormalStream, scratch: NDArray[np.float32]) -> None:
        """Overwrite scaled charges (batch, n_out) with counts.

        Args:
            charge: sum of the cells' charges, each times ``charge_scale``, and ``offset``.
            noise: of the conversions.
            scratch: of the same shape, is overwritten.
        """
        if self.noise:
            noise.fill(scratch, self.noise)
            charge += scratch
        if self.converter is not None:
            charge[...] = self.converter.pulse_width(charge) * self.counts_per_second
        elif self.below != 1.0:
            np.minimum(charge, 0.0, out=scratch)
            scratch *= np.float32(self.below - 1.0)
            charge += scratch
        np.clip(charge, -self.limit, self.limit, out=charge)
        if self.is_rounded:
            np.rint(charge, out=charge)


def column_count(hardware: ProductHardware, numbers: Array) -> ColumnCount:
    """Return the converters of one tile.

    Args:
        hardware: converter, counts and spread.
        numbers: (2, n_out) standard normal: of the columns' gains and offsets.
    """
    n_counts = float(hardware.n_output_counts or 1)
    gain, offset = np.ones_like(numbers[0]), np.zeros_like(numbers[1])
    if hardware.spread is not None:
        gain = 1.0 + hardware.spread.gain * numbers[0]
        offset = hardware.spread.offset_charge * numbers[1]
    scale, below, other = 1.0, 1.0, None
    converter = hardware.converter
    if isinstance(converter, SignedPulse) and converter.charge_range == EVERYWHERE:
        longest = n_counts * converter.max_pulse_width / hardware.max_pulse_width  # in counts
        scale = longest * converter.positive_gain / converter.saturation_charge
        below = converter.negative_gain / converter.positive_gain
        offset = (offset - converter.offset) * scale
    else:
        longest, other = n_counts, converter
    return ColumnCount(
        charge_scale=gain * scale,
        offset=offset,
        noise=hardware.charge_noise * scale,
        limit=min(longest, n_counts),
        is_rounded=hardware.n_output_counts is not None,
        below=below,
        converter=other,
        counts_per_second=n_counts / hardware.max_pulse_width,
    )
