"""Calibration of a converter's trim: successive approximation of every code from one-bit decisions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from circuits.benches.converter import charge_to_pulse_bench
from circuits.trim import TrimCodes
from pycosim.checks import positive
from pycosim.errors import InputError
from pycosim.spice import Simulator
from pycosim.sweeps.characterize import characterize
from pycosim.sweeps.column import Column
from pycosim.sweeps.converter import converter_transfer
from pycosim.sweeps.variation import converter_spread

Array = NDArray[np.float64]
Codes = NDArray[np.int_]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimPlan:
    """The reference charges of a calibration, over the full scale.

    Attributes:
        offset_share: at which the offset of an unsigned converter is set. A signed one is set by its sign bit, at the
            charge at which that changes in the circuit as drawn.
        gain_share: at which gains are set; a signed converter is also set at its negative.
        span: half the range of codes, in units, in which offset and gain of an unsigned converter are searched again
            once both are known; its reference charge for the offset is not zero, so that each moves the other.
    """

    offset_share: float = 0.1
    gain_share: float = 0.8
    span: int = 4

    def __post_init__(self) -> None:
        """Check that the charges lie in the range and in order."""
        positive("span", self.span)
        if not 0 < self.offset_share < self.gain_share < 1:
            raise InputError(
                "the reference charges must satisfy 0 < offset_share < gain_share < 1, found "
                f"{self.offset_share:g} and {self.gain_share:g}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed:
    """What a calibration found.

    Attributes:
        seeds: of the dies.
        codes: of each die.
        n_conversions: made by each column; columns are calibrated at the same time.
    """

    seeds: tuple[int, ...]
    codes: tuple[TrimCodes, ...]
    n_conversions: int


def offset_step(column: Column, simulator: Simulator, *, share: float) -> float:
    """What one unit of the offset trim does to a pulse of the circuit as drawn (s).

    Args:
        column: circuit and plan.
        simulator: any.
        share: charge over the full scale, so large that the pulse stays within its window.
    """
    half = column.converter.trim.offset_codes[1] // 4
    charge = share * column.converter.saturation_current * column.timing.max_pulse_width
    widths = characterize(
        {"offset": [-float(half), float(half)]},
        lambda point: charge_to_pulse_bench(
            replace(column.converter, codes=TrimCodes(offset=int(point["offset"]))),
            column.technology,
            column.timing,
            charge=charge,
            cell=column.cell,
        ),
        lambda waves, bench: {"pulse_width": column.converted_width(waves)},
        simulator,
        units={"offset": "", "pulse_width": "s"},
    )["pulse_width"].values
    return float(widths[1] - widths[0]) / (2 * half)


def sign_change(column: Column, simulator: Simulator) -> float:
    """Charge at which the sign bit of the signed circuit as drawn changes, over the full scale.

    The sign is latched before the discharge begins, so that it need not change where the pulse has no width.

    Args:
        column: circuit and plan.
        simulator: any.
    """
    shares = np.linspace(-0.03, 0.03, 25)
    full = column.converter.saturation_current * column.timing.max_pulse_width
    drawn = replace(column.converter, codes=TrimCodes())
    found = converter_transfer(
        drawn, column.technology, column.timing, simulator, charges=[float(s) for s in shares * full], cell=column.cell
    )
    positive_at = int(np.argmax(found["pulse_width"].values > 0))
    return float(shares[max(positive_at - 1, 0) : positive_at + 1].mean())


def calibrate(column: Column, simulator: Simulator, *, seeds: Sequence[int], plan: TrimPlan) -> Trimmed:
    """Find the trim codes of many dies, each bit from one conversion of a known charge.

    What a column needs on silicon is a flip-flop: it samples the pulse at the time at which the reference charge's
    pulse should end (signed: for the offset it takes the sign bit of nearly no charge). One decision, one bit. Order:
    offset, gain (signed: both gains), and for an unsigned converter both once more within `plan.span` units. The
    targets are half a unit off, so that the error left is centred.

    Args:
        column: circuit and plan; its own codes are ignored.
        simulator: any.
        seeds: (n_dies,) of the mismatch.
        plan: reference charges.

    Raises:
        SimulationError: the first conversion that failed.
    """
    search = _Search(column, simulator, tuple(seeds), plan)
    trim = column.converter.trim
    lowest, highest = trim.offset_codes
    n_dies = len(seeds)
    search.offset(np.full(n_dies, lowest), np.full(n_dies, highest))
    least, most = trim.gain_codes
    search.gain("sink", np.full(n_dies, least), np.full(n_dies, most))
    if column.converter.signed:
        search.gain("source", np.full(n_dies, least), np.full(n_dies, most))
    else:
        near = np.array([codes.offset for codes in search.codes])
        search.offset(np.maximum(near - plan.span, lowest), np.minimum(near + plan.span, highest))
        near = np.array([codes.sink for codes in search.codes])
        search.gain("sink", np.maximum(near - plan.span, least), np.minimum(near + plan.span, most))
    return Trimmed(seeds=tuple(seeds), codes=tuple(search.codes), n_conversions=search.n_conversions)


class _Search:
    """The codes found so far, of all dies at once."""

    def __init__(self, column: Column, simulator: Simulator, seeds: tuple[int, ...], plan: TrimPlan) -> None:
        self.column, self.simulator, self.seeds, self.plan = column, simulator, seeds, plan
        self.codes = [TrimCodes()] * len(seeds)
        self.n_conversions = 0
        self.longest = column.timing.max_pulse_width
        self.full = column.converter.saturation_current * self.longest
        self.step = offset_step(column, simulator, share=0.5)
        self.lead = sign_change(column, simulator) if column.converter.signed else 0.0

    def offset(self, low: Codes, high: Codes) -> None:
        """The largest offset code whose pulse is not too long (signed: whose sign is not positive)."""
        share, half_step = self.plan.offset_share, self.step / 2
        target = share * self.longest + half_step
        if self.column.converter.signed:
            share, target = self.lead - half_step / self.longest, 0.0

        def keeps(widths: Array) -> NDArray[np.bool_]:
            return np.asarray(widths <= target)

        self._bisect(low, high, share, keeps, lambda codes, code: replace(codes, offset=code))

    def gain(self, name: str, low: Codes, high: Codes) -> None:
        """The largest code of the sink or the source whose pulse is still long enough, half a unit back."""
        units = self.column.converter.sink.mirror.multiplier
        target = self.plan.gain_share * self.longest * (1 - 0.5 / units)
        sign = 1.0 if name == "sink" else -1.0

        def keeps(widths: Array) -> NDArray[np.bool_]:
            return np.asarray(sign * widths >= target)

        def put(codes: TrimCodes, code: int) -> TrimCodes:
            return replace(codes, sink=code) if name == "sink" else replace(codes, source=code)

        self._bisect(low, high, sign * self.plan.gain_share, keeps, put)

    def _bisect(
        self,
        low: Codes,
        high: Codes,
        share: float,
        keeps: Callable[[Array], NDArray[np.bool_]],
        put: Callable[[TrimCodes, int], TrimCodes],
    ) -> None:
        """The largest code from `low` to `high` that `keeps` the pulse; `low` if none does."""
        low, high = low.copy(), high.copy()
        while (high > low).any():
            middle = (low + high + 1) // 2
            trial = [put(codes, int(code)) for codes, code in zip(self.codes, middle, strict=True)]
            found = converter_spread(
                self.column, self.simulator, charges=[share * self.full], seeds=self.seeds, codes=trial
            )
            kept = keeps(np.asarray(found["pulse_width"].values[:, 0]))
            low, high = np.where(kept, middle, low), np.where(kept, high, middle - 1)
            self.n_conversions += 1
        self.codes = [put(codes, int(code)) for codes, code in zip(self.codes, low, strict=True)]
