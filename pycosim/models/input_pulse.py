"""The input driver: a digital code -> width of the pulse on the read word lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pycosim.checks import Array, at_least, finite_array, positive
from pycosim.errors import InputError
from pycosim.models.domain import Domain


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPulse:
    """width = gain * code * unit_time + offset for codes from 1; code 0 gives no pulse.

    Args:
        n_codes: codes, 0 included.
        unit_time: what a code counts, s.
        gain: 1 is ideal.
        offset: width that every pulse has beyond its code, s.
    """

    n_codes: int = 16
    unit_time: float = 1e-9
    gain: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        at_least("n_codes", self.n_codes, 2)
        positive("unit_time", self.unit_time, "s")
        positive("gain", self.gain)
        finite_array("offset", self.offset, ndim=0)

    @property
    def domain(self) -> tuple[Domain, ...]:
        """The codes."""
        return (Domain(quantity="code", unit="", low=0.0, high=float(self.n_codes - 1)),)

    def pulse_width(self, codes: ArrayLike) -> Array:
        """Return the width (s) of codes of any shape.

        Raises:
            InputError: for codes that are not whole numbers from 0 to n_codes - 1.
        """
        wanted = finite_array("codes", codes)
        if wanted.size and ((np.rint(wanted) != wanted).any() or wanted.min() < 0 or wanted.max() >= self.n_codes):
            raise InputError(
                f"codes must be whole numbers from 0 to {self.n_codes - 1}, found {wanted.min():g} .. {wanted.max():g}"
            )
        return np.where(wanted > 0, np.maximum(self.gain * self.unit_time * wanted + self.offset, 0.0), 0.0)
