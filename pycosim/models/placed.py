"""The reads of an array as matrix products, on the library, device and floating type of the operands.

    charge(t, tau)  =  sum_m  age_m(t - tau)  sum_j  input_j(width)  level_jm(voltage)

The sum over j goes into the inner dimension of one product: the functions of all features stand beside each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pycosim.errors import InputError
from pycosim.models.axis import OperandAxis
from pycosim.namespace import AnyArray, like, namespace_of, swapped, transposed

Ages = NDArray[np.intp]
Held = list[AnyArray]
"""What is stored in the cells, ready for reads; arrays with one token per row, (..., tau, anything)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Term:
    """What ages alike: one age function, and the input terms that go with it.

    Args:
        ages: (n_ages,) in double precision.
        inputs: which of the input functions.
        levels: their functions of the stored voltage, each (n_levels,).
    """

    ages: NDArray[np.float64]
    inputs: tuple[int, ...]
    levels: tuple[AnyArray, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlacedRead:
    """The tables of a `pycosim.models.separate.FactoredRead` where the operands are.

    Args:
        input_axis: what the input operands mean.
        level_axis: what the stored operands mean.
        input_rows: functions of the input, each (n_inputs,).
        terms: at least one.
    """

    input_axis: OperandAxis
    level_axis: OperandAxis
    input_rows: tuple[AnyArray, ...]
    terms: tuple[Term, ...]

    def hold(self, stored: AnyArray, shares: AnyArray | None = None) -> Held:
        """Sample the functions of what is stored: (..., tau, d) -> per term (..., tau, terms x d).

        Args:
            stored: operands of the stored axis.
            shares: of its charge that each cell delivers, (tau, d) with or without leading axes; None for all.
        """
        xp = namespace_of(stored)
        held = []
        for term in self.terms:
            levels = self.level_axis.sample(term.levels, stored)
            if shares is not None:
                levels = [level * shares for level in levels]
            held.append(levels[0] if len(levels) == 1 else xp.concat(levels, axis=-1))
        return held

    def aged(self, ages: Ages) -> AnyArray:
        """Return the functions of age, (M, t, tau); 0 where an age is negative: that cell is not read.

        Raises:
            InputError: for an age that was not factored.
        """
        oldest = self.terms[0].ages.size - 1
        if ages.max(initial=-1) > oldest:
            raise InputError(f"ages must be at most {oldest} tokens, found {ages.max()}; factor a longer window")
        some = np.maximum(ages, 0)
        return like(np.stack([np.where(ages >= 0, term.ages[some], 0.0) for term in self.terms]), self.input_rows[0])

    def column_charges(self, inputs: AnyArray, held: Held, aged: AnyArray) -> AnyArray:
        """First array, summed over features: (..., t, d) on what is held -> (..., t, tau) C."""
        drives = self.input_axis.sample(self.input_rows, inputs)  # J of (..., t, d)
        total = None
        for index, (term, levels) in enumerate(zip(self.terms, held, strict=True)):
            charge = _beside([drives[j] for j in term.inputs]) @ transposed(levels)
            charge *= aged[index, ...]
            total = added(total, charge)
        return total

    def row_charges(self, inputs: AnyArray, held: Held, aged: AnyArray, tile: int | None = None) -> AnyArray:
        """Second array, summed over the tokens of each tile: (..., t, tau) -> (..., tile, t, d) C.

        Args:
            inputs: operands of the input axis.
            held: what is stored.
            aged: functions of age, (M, t, tau).
            tile: tokens per sum; tau is a multiple of it. None for one sum, (..., t, d).
        """
        drives = self.input_axis.sample(self.input_rows, inputs)  # J of (..., t, tau)
        total = None
        for index, (term, levels) in enumerate(zip(self.terms, held, strict=True)):
            d = levels.shape[-1] // len(term.inputs)
            for place, j in enumerate(term.inputs):
                drive = drives[j] * aged[index, ...]
                level = levels[..., place * d : (place + 1) * d]
                total = added(total, by_tile(drive, -1, tile) @ by_tile(level, -2, tile))
        return total


def _beside(arrays: Sequence[AnyArray]) -> AnyArray:
    return arrays[0] if len(arrays) == 1 else namespace_of(*arrays).concat(arrays, axis=-1)


def added(total: AnyArray | None, term: AnyArray) -> AnyArray:
    """Return total + term, written into the total where there is one already."""
    if total is None:
        return term
    total += term
    return total


def by_tile(array: AnyArray, axis: int, tile: int | None) -> AnyArray:
    """Return an array with its last or last but one axis cut into tiles, which stand before the last two axes.

    Args:
        array: (..., t, tiles x tile), or (..., tiles x tile, d).
        axis: -1 or -2.
        tile: tokens of a tile; None leaves the array as it is.
    """
    if tile is None:
        return array
    xp = namespace_of(array)
    n_tiles = array.shape[axis] // tile
    if axis == -2:
        return xp.reshape(array, (*array.shape[:-2], n_tiles, tile, array.shape[-1]))
    split = xp.reshape(array, (*array.shape[:-1], n_tiles, tile))
    return swapped(split, -2, -3)
