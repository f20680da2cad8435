"""A multiplier's surface as a short sum of products, so that a layer of cells is a few matrix products.

    I(w, x) = sum_r h_r(w) g_r(x)

The surface is sampled on Chebyshev nodes, which makes both families of functions polynomials; a singular value
decomposition of the polynomial's coefficients says how many terms are worth having.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike

from pycosim.checks import Array, finite_array
from pycosim.errors import InputError
from pycosim.models.multiplier import ProductModel

DEGREE = 11
"""Of the polynomials: the square law within 0.7 of its overdrives is reached to 1e-5 of full scale."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProductFactors:
    """A factored surface.

    Args:
        upper: (rank, degree + 1) Chebyshev coefficients of the upper port's functions.
        lower: (rank, degree + 1) those of the lower port's.
        upper_range, lower_range: voltages to both sides (V); beyond them a voltage is clipped.
    """

    upper: Array
    lower: Array
    upper_range: float
    lower_range: float

    @property
    def rank(self) -> int:
        """Terms of the sum."""
        return len(self.upper)

    def of_upper(self, voltage: ArrayLike, derivative: bool = False) -> Array:
        """h_r of upper-port voltages (V), (rank, ...), or their derivatives (per V)."""
        return _evaluate(self.upper, voltage, self.upper_range, derivative)

    def of_lower(self, voltage: ArrayLike, derivative: bool = False) -> Array:
        """g_r of lower-port voltages (V), (rank, ...), or their derivatives (per V)."""
        return _evaluate(self.lower, voltage, self.lower_range, derivative)


def factor_product(model: ProductModel, *, tolerance: float = 1e-6) -> ProductFactors:
    """Factor a multiplier's surface.

    Args:
        model: any multiplier.
        tolerance: singular values below this share of the largest are left out.

    Raises:
        InputError: a tolerance that is none.
    """
    if not 0 < tolerance < 1:
        raise InputError(f"the tolerance must lie between 0 and 1, found {tolerance}")
    upper, lower = (float(domain.high) for domain in model.domain)
    nodes = np.cos(np.pi * (np.arange(DEGREE + 1) + 0.5) / (DEGREE + 1))
    samples = model.current(upper * nodes[:, None], lower * nodes[None, :])
    transform = np.linalg.inv(chebyshev.chebvander(nodes, DEGREE))
    left, sizes, right = np.linalg.svd(transform @ samples @ transform.T)
    rank = int(np.count_nonzero(sizes > tolerance * sizes[0]))
    root = np.sqrt(sizes[:rank])
    return ProductFactors(
        upper=np.asarray((left[:, :rank] * root).T),
        lower=np.asarray(right[:rank] * root[:, None]),
        upper_range=upper,
        lower_range=lower,
    )


def _evaluate(coefficients: Array, voltage: ArrayLike, reach: float, derivative: bool) -> Array:
    at = finite_array("voltage", voltage) / reach
    inside = np.clip(at, -1.0, 1.0)
    if not derivative:
        return np.asarray(chebyshev.chebval(inside, coefficients.T))
    slope = chebyshev.chebval(inside, chebyshev.chebder(coefficients.T)) / reach
    return np.asarray(slope * (at == inside))
