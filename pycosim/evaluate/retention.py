"""How long a cell holds, judged where it matters: on the charge of a read and on the score of a column."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import least_squares

from pycosim.checks import Array, at_least, finite_array, increasing, not_negative, positive
from pycosim.errors import InputError
from pycosim.models.cell import CellModel
from pycosim.models.decay import DecayModel

BOLTZMANN = 8.617333e-5
"""Boltzmann's constant (eV/K)."""

KELVIN = 273.15


def read_drift(
    cell: CellModel, decay: DecayModel, *, levels: ArrayLike, ages: ArrayLike, pulse_width: float
) -> tuple[Array, float]:
    """Change of the charge of a read with the cell's age, (n_ages, n_levels) C, and the limit it is held against, C.

    The limit is half of the mean step of charge between adjacent levels: a read that moved by more would be taken for
    the next level.

    Args:
        cell: charge of a fresh read.
        decay: how the stored voltage ages.
        levels: (n_levels,) stored voltages (V), increasing.
        ages: (n_ages,) s.
        pulse_width: of the read (s).
    """
    level, age = increasing("levels", levels), finite_array("ages", ages, ndim=1)
    fresh = cell.charge(pulse_width, level)
    aged = decay.read(cell, pulse_width, level[None, :], age[:, None])
    step = float(np.abs(fresh[-1] - fresh[0])) / (level.size - 1)
    return np.asarray(aged - fresh), step / 2


def retention_times(ages: ArrayLike, deviation: ArrayLike, limit: float) -> Array:
    """Age at which each level first deviates by the limit (s); infinite where it never does.

    Args:
        ages: (n_ages,) s, increasing; from 0 or later.
        deviation: (n_ages, n_levels), of any unit.
        limit: in that unit, greater than 0.
    """
    age, moved = increasing("ages", ages), np.abs(finite_array("deviation", deviation, ndim=2))
    positive("limit", limit)
    if moved.shape[0] != age.size:
        raise InputError(f"deviation must have one row per age, {age.size}, found shape {moved.shape}")
    found = np.full(moved.shape[1], inf)
    for k, track in enumerate(moved.T):
        beyond = np.flatnonzero(track >= limit)
        if beyond.size and beyond[0] > 0:
            after = beyond[0]
            share = (limit - track[after - 1]) / (track[after] - track[after - 1])
            found[k] = age[after - 1] + share * (age[after] - age[after - 1])
        elif beyond.size:
            found[k] = age[0]
    return found


def score_errors(
    cell: CellModel,
    decay: DecayModel,
    *,
    levels: ArrayLike,
    ages: ArrayLike,
    n_codes: int,
    code_width: float,
    saturation_current: float,
    n_rows: int,
    n_columns: int,
    rng: np.random.Generator,
) -> Array:
    """Error of the score of random columns of one age, in counts of phi: (n_ages, n_columns).

    Levels and input codes are uniform. A count is the charge `saturation_current` x `code_width`. The score is taken
    before it is clipped: a clipped one has no error.

    Args:
        cell: charge of a fresh read.
        decay: how the stored voltage ages.
        levels: (n_levels,) stored voltages (V).
        ages: (n_ages,) s; all cells of a column were written at once.
        n_codes: input codes, 0 to n_codes - 1.
        code_width: pulse width of one code (s).
        saturation_current: S_sat over T_max (A).
        n_rows: cells of a column.
        n_columns: samples.
        rng: source of levels and codes.
    """
    level, age = increasing("levels", levels), finite_array("ages", ages, ndim=1)
    at_least("n_rows", n_rows, 1)
    stored = level[rng.integers(level.size, size=(n_columns, n_rows))]
    width = rng.integers(n_codes, size=(n_columns, n_rows)) * code_width
    fresh = cell.charge(width, stored)
    count = saturation_current * code_width
    return np.stack([(decay.read(cell, width, stored, one) - fresh).sum(axis=-1) / count for one in age])


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshLaw:
    """When a cell must be written again: 1/period = tunnel_rate + activated_rate exp(-E / k (1/T - 1/T_ref)).

    Two leaks side by side: one through the gate oxide, which temperature hardly changes, and one over a barrier.

    Args:
        tunnel_rate: refreshes per second that no cooling removes (1/s).
        activated_rate: further ones at the reference temperature (1/s).
        activation_energy: of these (eV).
        reference_temperature: deg C.
    """

    tunnel_rate: float
    activated_rate: float
    activation_energy: float
    reference_temperature: float = 27.0

    def __post_init__(self) -> None:
        not_negative("tunnel_rate", self.tunnel_rate, "1/s")
        not_negative("activated_rate", self.activated_rate, "1/s")
        positive("tunnel_rate + activated_rate", self.tunnel_rate + self.activated_rate, "1/s")

    @classmethod
    def fit(cls, temperatures: ArrayLike, periods: ArrayLike, reference_temperature: float = 27.0) -> RefreshLaw:
        """Return the law nearest in the logarithm to measured periods (s) at temperatures (deg C).

        Two temperatures give the barrier alone, three or more both leaks.
        """
        celsius = finite_array("temperatures", temperatures, ndim=1)
        measured = finite_array("periods", periods, ndim=1)
        if celsius.size < 2 or celsius.shape != measured.shape or not (measured > 0).all():
            raise InputError(
                f"a refresh law needs two or more temperatures with a period above 0 s each, found {celsius.size} and "
                f"{measured.size}"
            )
        inverse = (1 / (celsius + KELVIN) - 1 / (reference_temperature + KELVIN)) / BOLTZMANN
        slope, offset = np.polyfit(inverse, -np.log(measured), 1)

        def law(rates: Array) -> RefreshLaw:
            tunnel, activated = (0.0, rates[0]) if celsius.size == 2 else (np.exp(rates[0]), rates[1])
            return cls(
                tunnel_rate=float(tunnel),
                activated_rate=float(np.exp(activated)),
                activation_energy=float(rates[-1]),
                reference_temperature=reference_temperature,
            )

        if celsius.size == 2:
            return law(np.array([offset, -slope]))
        slowest = -float(np.log(measured.max()))
        # from a barrier of 1 eV that shows at the hottest only: the search then finds how much of the rest it explains
        start = np.array([slowest, slowest - 5.0, 1.0])
        search = least_squares(
            lambda rates: np.log(law(rates).period(celsius) / measured),
            start,
            bounds=([slowest - 40, slowest - 40, 0.0], [slowest + 20, slowest + 20, 3.0]),
        )
        return law(search.x)

    def period(self, temperature: ArrayLike) -> Array:
        """Return the longest time between two writes (s) at a temperature (deg C)."""
        kelvin = finite_array("temperature", temperature) + KELVIN
        inverse = (1 / kelvin - 1 / (self.reference_temperature + KELVIN)) / BOLTZMANN
        return np.asarray(1 / (self.tunnel_rate + self.activated_rate * np.exp(-self.activation_energy * inverse)))

    def power(self, temperature: ArrayLike, *, n_tokens: int, write_energy: float) -> Array:
        """Return the power (W) that refreshing takes.

        Args:
            temperature: deg C.
            n_tokens: tokens that are held.
            write_energy: of writing one token once (J), both arrays.
        """
        return n_tokens * write_energy / self.period(temperature)

    def busy(self, temperature: ArrayLike, *, n_tokens: int, write_time: float) -> Array:
        """Return the fraction of time that refreshing takes, above 1 where it cannot keep up.

        Args:
            temperature: deg C.
            n_tokens: tokens of one tile, which are written one after the other.
            write_time: of one token (s).
        """
        return n_tokens * write_time / self.period(temperature)
