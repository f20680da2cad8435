"""Wire loss: how much of a cell's charge its place in the array costs, since wires have resistance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pycosim.checks import Array, at_least, not_negative
from pycosim.errors import InputError
from pycosim.models.domain import Domain


@dataclass(frozen=True, slots=True, kw_only=True)
class WireLoss:
    """Charge of a cell over that of the same cell behind ideal wires, by its place.

    factor(row, column) = 1 - driver - word_line * s(x) - bit_line * s(y), s(x) = 2 x - x^2,
    x = (column + 1) / n_columns, y = (row + 1) / n_rows: s is the voltage drop along a line that is fed from one end
    and loaded evenly, over that at its far end. Column 0 lies at the drivers of the word lines, row 0 at the
    converters.

    Args:
        n_rows: rows of the array.
        n_columns: columns of the array.
        driver: relative loss of every cell, from the resistance of the word-line drivers.
        word_line: relative loss at the far end of a word line, over that at its driver.
        bit_line: relative loss at the far end of a bit line.
    """

    n_rows: int
    n_columns: int
    driver: float = 0.0
    word_line: float = 0.0
    bit_line: float = 0.0

    def __post_init__(self) -> None:
        at_least("n_rows", self.n_rows, 1)
        at_least("n_columns", self.n_columns, 1)
        losses = {name: getattr(self, name) for name in ("driver", "word_line", "bit_line")}
        for name, loss in losses.items():
            not_negative(name, loss)
        if sum(losses.values()) >= 1:
            raise InputError(f"the losses must stay below 1 together, found {losses}; draw the wires wider")

    @property
    def domain(self) -> tuple[Domain, ...]:
        """Rows and columns on which the model holds: those of the array that was measured."""
        return (
            Domain(quantity="row", unit="", low=0, high=max(self.n_rows - 1, 1)),
            Domain(quantity="column", unit="", low=0, high=max(self.n_columns - 1, 1)),
        )

    def factor(self) -> Array:
        """Return the factor of every cell, (n_rows, n_columns)."""
        losses = np.array([self.driver, self.word_line, self.bit_line])
        return np.asarray(1 - np.tensordot(losses, loss_basis(self.n_rows, self.n_columns), axes=1))


def _even_load(n_cells: int) -> Array:
    """Drop along an evenly loaded line over that at its far end, (n_cells,)."""
    place = np.arange(1, n_cells + 1) / n_cells
    return np.asarray(place * (2 - place))


def loss_basis(n_rows: int, n_columns: int) -> Array:
    """What driver, word line and bit line each lose at every cell, over their largest: (3, n_rows, n_columns)."""
    rows, columns = np.meshgrid(_even_load(n_rows), _even_load(n_columns), indexing="ij")
    return np.stack([np.ones_like(rows), columns, rows])
