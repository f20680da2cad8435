"""Multipliers of two voltages: the square-law Gilbert cell, a polynomial for any cell, and the sums they make.

A layer needs the product of every input with every weight. A surface that is a short sum of products of functions of
one voltage each, I(x, w) = sum_r g_r(x) h_r(w), makes that a few matrix products (`pycosim.models.product_factors`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike

from pycosim.checks import Array, finite_array, frozen_array, positive
from pycosim.errors import InputError
from pycosim.models.domain import ClipCounter, Domain, Outside, check_outside


class ProductModel(Protocol):
    """What a multiplier does with two voltages."""

    @property
    def domain(self) -> tuple[Domain, ...]:
        """Ranges of the upper and of the lower port."""
        ...

    def current(self, upper: ArrayLike, lower: ArrayLike) -> Array:
        """Return the output current in ampere for voltages in volt, which broadcast."""
        ...


def _ports(upper_range: float, lower_range: float) -> tuple[Domain, Domain]:
    return (
        Domain(quantity="upper_voltage", unit="V", low=-upper_range, high=upper_range),
        Domain(quantity="lower_voltage", unit="V", low=-lower_range, high=lower_range),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GilbertLaw:
    """The square-law Gilbert cell with offsets.

    With u = (V_u - offset) / V_ov,u, l = (V_l - offset) / V_ov,l and s = l sqrt(1 - l^2 / 4):
    I = k V_ov,u V_ov,l u (sqrt(1 + s - u^2 / 4) - sqrt(1 - s - u^2 / 4)) + output offset  [textbook, exact square law].

    Args:
        gain: k at small voltages (A/V^2).
        upper_overdrive: V_ov,u = sqrt(I_SS / (2 beta_u)) (V).
        lower_overdrive: V_ov,l = sqrt(I_SS / beta_l) (V).
        upper_offset, lower_offset: what the ports' voltages are counted from (V).
        output_offset: current at no product (A).
        upper_range, lower_range: voltages to both sides on which the model holds (V).
        outside: "raise" or "clip", for voltages outside them.
        clips: counts clipped voltages.
    """

    gain: float
    upper_overdrive: float
    lower_overdrive: float
    upper_offset: float = 0.0
    lower_offset: float = 0.0
    output_offset: float = 0.0
    upper_range: float
    lower_range: float
    outside: Outside = "raise"
    clips: ClipCounter = field(default_factory=ClipCounter, compare=False, repr=False)

    def __post_init__(self) -> None:
        positive("gain", self.gain, "A/V^2")
        for name in ("upper_overdrive", "lower_overdrive", "upper_range", "lower_range"):
            positive(name, getattr(self, name), "V")
        for name in ("upper_offset", "lower_offset", "output_offset"):
            frozen_array(name, getattr(self, name), ndim=0)
        check_outside(self.outside)

    @property
    def domain(self) -> tuple[Domain, ...]:
        """Ranges of the upper and of the lower port."""
        return _ports(self.upper_range, self.lower_range)

    def current(self, upper: ArrayLike, lower: ArrayLike) -> Array:
        """Return the current, A, for port voltages in V, which broadcast."""
        first, second = self.domain
        x = first.admit(upper, self.outside, self.clips)
        y = second.admit(lower, self.outside, self.clips)
        return np.asarray(self._current(x, y))

    def _current(self, x: Array, y: Array) -> Array:
        u = (x - self.upper_offset) / self.upper_overdrive
        ell = np.clip((y - self.lower_offset) / self.lower_overdrive, -np.sqrt(2), np.sqrt(2))
        s = ell * np.sqrt(1 - ell**2 / 4)
        half = u**2 / 4
        roots = np.sqrt(np.maximum(1 + s - half, 0)) - np.sqrt(np.maximum(1 - s - half, 0))
        size = self.gain * self.upper_overdrive * self.lower_overdrive
        return np.asarray(size * u * roots + self.output_offset)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProductPolynomial:
    """A surface in Chebyshev polynomials of both voltages: I = sum_pq c_pq T_p(V_u / range_u) T_q(V_l / range_l).

    Args:
        coefficients: (n_upper, n_lower), A.
        upper_range, lower_range: voltages to both sides on which the model holds (V).
        outside: "raise" or "clip", for voltages outside them.
        clips: counts clipped voltages.
    """

    coefficients: Array
    upper_range: float
    lower_range: float
    outside: Outside = "raise"
    clips: ClipCounter = field(default_factory=ClipCounter, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "coefficients", frozen_array("coefficients", self.coefficients, ndim=2))
        if min(self.coefficients.shape) < 2:
            raise InputError(f"a product needs two coefficients for each port, found {self.coefficients.shape}")
        positive("upper_range", self.upper_range, "V")
        positive("lower_range", self.lower_range, "V")
        check_outside(self.outside)

    @property
    def domain(self) -> tuple[Domain, ...]:
        """Ranges of the upper and of the lower port."""
        return _ports(self.upper_range, self.lower_range)

    def current(self, upper: ArrayLike, lower: ArrayLike) -> Array:
        """Return the current, A, for port voltages in V, which broadcast."""
        first, second = self.domain
        x = first.admit(upper, self.outside, self.clips) / self.upper_range
        y = second.admit(lower, self.outside, self.clips) / self.lower_range
        a, b = np.broadcast_arrays(x, y)
        return np.asarray(chebyshev.chebval2d(a, b, self.coefficients))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductSpread:
    """How multipliers of one design differ: standard deviations of four independent normal numbers.

    Args:
        upper_offset, lower_offset: of the ports (V).
        output_offset: of the current (A).
        gain: relative.
    """

    upper_offset: float
    lower_offset: float
    output_offset: float
    gain: float

    def __post_init__(self) -> None:
        for name in ("upper_offset", "lower_offset", "output_offset", "gain"):
            if not getattr(self, name) >= 0:
                raise InputError(f"the spread of the {name} must be 0 or more, found {getattr(self, name)!r}")

    def draw(self, shape: tuple[int, ...], seed: int) -> Array:
        """Offsets and gain errors of cells, (4, *shape) in the order of the fields; same seed, same cells."""
        sizes = finite_array("spread", [self.upper_offset, self.lower_offset, self.output_offset, self.gain])
        drawn = np.random.default_rng(seed).standard_normal((4, *shape))
        return np.asarray(drawn * sizes.reshape(4, *[1] * len(shape)))
