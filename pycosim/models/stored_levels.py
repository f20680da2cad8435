"""What a write leaves in a cell: the voltage of every code, as measured or ideal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pycosim.checks import Array, at_least, finite_array, frozen_array, positive
from pycosim.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredLevels:
    """Written code -> stored voltage, after the write gate has closed.

    Args:
        voltages: (n_levels,) V, of the codes 0 to n_levels - 1.
        full_scale: nominal level of the highest code, V; the lowest is 0.
    """

    voltages: Array
    full_scale: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "voltages", frozen_array("voltages", self.voltages, ndim=1))
        at_least("number of stored levels", self.voltages.size, 2)
        positive("full_scale", self.full_scale, "V")

    @classmethod
    def ideal(cls, n_levels: int, full_scale: float) -> StoredLevels:
        """Equally spaced levels without error."""
        return cls(voltages=np.linspace(0.0, full_scale, at_least("n_levels", n_levels, 2)), full_scale=full_scale)

    @property
    def n_levels(self) -> int:
        """Number of codes."""
        return int(self.voltages.size)

    @property
    def nominal(self) -> Array:
        """What the codes mean, (n_levels,) V."""
        return np.linspace(0.0, self.full_scale, self.n_levels)

    @property
    def step(self) -> float:
        """Distance of two nominal levels, V."""
        return self.full_scale / (self.n_levels - 1)

    @property
    def errors(self) -> Array:
        """Stored - nominal, (n_levels,) V."""
        return self.voltages - self.nominal

    @property
    def gain(self) -> float:
        """Slope of the line through stored over nominal, by least squares; 1 is ideal."""
        return float(np.polyfit(self.nominal, self.voltages, 1)[0])

    @property
    def offset(self) -> float:
        """That line at a nominal 0 V, V."""
        return float(np.polyfit(self.nominal, self.voltages, 1)[1])

    @property
    def residuals(self) -> Array:
        """Stored - line, (n_levels,) V: what gain and offset do not explain."""
        return self.voltages - (self.gain * self.nominal + self.offset)

    def stored_voltage(self, codes: ArrayLike) -> Array:
        """Return the stored voltage (V) of codes of any shape.

        Raises:
            InputError: for codes that are not whole numbers from 0 to n_levels - 1.
        """
        wanted = finite_array("codes", codes)
        indices: NDArray[np.intp] = wanted.astype(np.intp)
        if wanted.size and ((indices != wanted).any() or indices.min() < 0 or indices.max() >= self.n_levels):
            raise InputError(
                f"codes must be whole numbers from 0 to {self.n_levels - 1}, found {wanted.min():g} .. {wanted.max():g}"
            )
        return self.voltages[indices]

    def write(self, voltages: ArrayLike) -> Array:
        """Return what is stored (V) where these voltages are wanted: each takes its nearest nominal level."""
        codes = np.rint(finite_array("voltages", voltages) / self.step)
        return self.voltages[np.clip(codes, 0, self.n_levels - 1).astype(np.intp)]
