"""Decay by a leak that depends on the voltage: the node drifts to where the leak is zero."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from pycosim.checks import Array, finite_array, increasing, positive
from pycosim.errors import InputError
from pycosim.models.cell import CellModel
from pycosim.models.domain import ClipCounter, Domain, Outside, check_outside


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeakDecay:
    """The stored voltage follows dV/dt = rate(V), minus the leak current over the capacitance.

    The rate falls strictly with the voltage and is linear between knots, so that the drift is known in closed form:
    within a segment of slope -s the rate decays as exp(-s t), s being the cell's local rate of relaxation, and the node
    approaches the zero of the rate without reaching it. With two knots it is `StorageDecay`.

    Args:
        voltages: (n_knots,) V, increasing.
        rates: (n_knots,) V/s, strictly decreasing, from 0 or more to 0 or less.
        outside: "raise" or "clip", for voltages outside the knots.
        clips: counts clipped operands.
    """

    voltages: Array
    rates: Array
    outside: Outside = "raise"
    clips: ClipCounter = field(default_factory=ClipCounter, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "voltages", increasing("voltages", self.voltages))
        rising = increasing("rates, downwards,", -np.asarray(self.rates, dtype=np.float64))
        if rising.shape != self.voltages.shape:
            raise InputError(f"rates must be one per voltage, {self.voltages.size}, found {rising.size}")
        if rising[0] > 0 or rising[-1] < 0:
            raise InputError(
                f"rates must pass through 0 V/s between the first and the last voltage, found {-rising[0]:.3g} .. "
                f"{-rising[-1]:.3g} V/s; measure over a range that holds the voltage where the leak is zero"
            )
        rates = -rising
        rates.flags.writeable = False
        object.__setattr__(self, "rates", rates)
        check_outside(self.outside)

    @classmethod
    def measured(cls, voltages: ArrayLike, rates: ArrayLike, outside: Outside = "raise") -> LeakDecay:
        """Return the decay of measured rates, V/s, which may be flat or turn by a solver's rounding.

        Args:
            voltages: (n_knots,) V, increasing.
            rates: (n_knots,) V/s; where one is above the one before, by up to a thousandth of the largest, it is taken
                as equal, and equal rates are told apart by a billionth.
            outside: "raise" or "clip", for voltages outside the knots.

        Raises:
            InputError: rates that rise by more: the leak of this cell is no falling function of its voltage.
        """
        measured = finite_array("rates", rates, ndim=1)
        falling = np.minimum.accumulate(measured)
        largest = float(np.abs(measured).max())
        if (measured - falling).max() > 1e-3 * largest:
            where = int(np.argmax(measured - falling))
            raise InputError(
                f"rates must fall with the voltage, found {measured[where]:.3g} V/s after {falling[where]:.3g} V/s; "
                "a node with two stable voltages has no such law, use a DriftTable"
            )
        tilt = 1e-9 * np.abs(measured[measured != 0]).min(initial=largest) * np.arange(measured.size)
        return cls(voltages=np.asarray(voltages), rates=falling - tilt, outside=outside)

    @property
    def zero_voltage(self) -> float:
        """Where the leak is zero: the voltage that every level drifts to (V)."""
        return float(np.interp(0.0, -self.rates, self.voltages))

    @property
    def domain(self) -> tuple[Domain, ...]:
        """Any age that is not negative, and the voltages between the knots."""
        low, high = float(self.voltages[0]), float(self.voltages[-1])
        return (
            Domain(quantity="age", unit="s", low=0.0, high=np.inf),
            Domain(quantity="stored_voltage", unit="V", low=low, high=high),
        )

    def rate(self, voltage: ArrayLike) -> Array:
        """Return dV/dt, V/s, at a voltage, V."""
        return np.asarray(np.interp(self.domain[1].admit(voltage, self.outside, self.clips), self.voltages, self.rates))

    def faster(self, factor: float) -> LeakDecay:
        """Return the same cell with ``factor`` times the leak at every voltage, as at another temperature."""
        rates = self.rates * positive("factor", factor)
        return LeakDecay(voltages=self.voltages, rates=rates, outside=self.outside)

    def voltage(self, stored_voltage: ArrayLike, age: ArrayLike) -> Array:
        """Return the voltage, V, that is left of ``stored_voltage`` V after ``age`` s; operands broadcast."""
        ages, levels = self.domain
        when = ages.admit(age, "raise", ClipCounter())
        stored, when = np.broadcast_arrays(levels.admit(stored_voltage, self.outside, self.clips), when)
        left = np.empty(stored.shape)
        for side in (1.0, -1.0):
            here = (stored - self.zero_voltage) * side >= 0
            left[here] = self._one_side(side, stored[here], when[here])
        return left

    def _one_side(self, side: float, stored: Array, age: Array) -> Array:
        """Drift of voltages above (side 1) or below (-1) the zero, by the distance from it."""
        beyond = (self.voltages - self.zero_voltage) * side > 0
        distance = np.concatenate([[0.0], np.sort((self.voltages[beyond] - self.zero_voltage) * side)])
        speed = np.concatenate([[0.0], np.sort(np.abs(self.rates[beyond]))])
        if distance.size == 1 or not stored.size:
            return stored
        slope = np.diff(speed) / np.diff(distance)
        with np.errstate(divide="ignore"):
            passage = np.log(speed[1:] / speed[:-1]) / slope  # s through each segment; for ever through the first
        # time since the outermost knot, at the outer end of each segment
        since = np.concatenate([np.cumsum(passage[:0:-1])[::-1], [0.0]])
        start = (stored - self.zero_voltage) * side
        first = np.clip(np.searchsorted(distance, start, "right") - 1, 0, slope.size - 1)
        now = speed[first] + slope[first] * (start - distance[first])
        with np.errstate(divide="ignore"):
            elapsed = since[first] + np.log(speed[first + 1] / now) / slope[first] + age
        last = np.clip(slope.size - np.searchsorted(since[::-1], elapsed, "right"), 0, slope.size - 1)
        then = speed[last + 1] * np.exp(-slope[last] * (elapsed - since[last]))
        found = distance[last] + (then - speed[last]) / slope[last]
        return self.zero_voltage + side * np.asarray(found)

    def read(self, cell: CellModel, pulse_width: ArrayLike, stored_voltage: ArrayLike, age: ArrayLike) -> Array:
        """Return the charge, C, of a cell written ``age`` s ago; operands broadcast."""
        return cell.charge(pulse_width, self.voltage(stored_voltage, age))
