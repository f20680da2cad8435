"""The trim of both converters over dies: errors before and after, and what a calibration costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.converter import charge_to_pulse_bench
from circuits.testbench import render_netlist
from circuits.trim import TrimCodes, TrimParameters
from pycosim.errors import SimulationError
from pycosim.evaluate.document import Json
from pycosim.studies.numbers import number
from pycosim.studies.sigma import sigma_note
from pycosim.studies.study import Laboratory, Table
from pycosim.sweeps.calibration import Trimmed, TrimPlan, calibrate
from pycosim.sweeps.column import Column
from pycosim.sweeps.variation import converter_spread
from pycosim.waveforms import supply_energy

Array = NDArray[np.float64]

SHARES = (0.06, 0.2, 0.4, 0.6, 0.75, 0.9)
"""Charges over the full scale at which a die is judged; none of them is a reference charge of the calibration."""

SIGNED_SHARES = (-0.9, -0.6, -0.2, 0.2, 0.6, 0.9)
"""The same for the signed converter."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trim:
    """Dies before and after their calibration.

    Attributes:
        column: the circuit.
        before, after: pulse over die and charge, codes 0 and codes found.
        trimmed: the codes.
        conversion_energy: of one conversion at half of the full charge, converter alone (J).
    """

    column: Column
    before: xr.Dataset
    after: xr.Dataset
    trimmed: Trimmed
    conversion_energy: float

    @property
    def bits(self) -> int:
        """Bits that a column stores: magnitude and sign of the offset, one or two gains."""
        trim = self.column.converter.trim
        gains = 2 if self.column.converter.signed else 1
        return (trim.offset_bits + 1 if trim.offset_bits else 0) + gains * trim.gain_bits

    def errors(self, data: xr.Dataset) -> Array:
        """Pulse less the ideal one (s), (n_dies, n_charges)."""
        longest = self.column.timing.max_pulse_width
        full = self.column.converter.saturation_current * longest
        ideal = np.clip(data["charge"].values / full, -1.0, 1.0) * longest
        return np.asarray(data["pulse_width"].values - ideal)

    def lines(self, data: xr.Dataset) -> tuple[Array, Array]:
        """Offset (s) and gain error of every die that has two pulses or more that are not clipped."""
        longest = self.column.timing.max_pulse_width
        full = self.column.converter.saturation_current * longest
        ideal = data["charge"].values / full * longest
        offsets, gains = [], []
        for widths in data["pulse_width"].values:
            inside = (np.abs(widths) > 0) & (np.abs(widths) < 0.999 * longest)
            if inside.sum() >= 2:
                slope, offset = np.polyfit(ideal[inside], widths[inside], 1)
                offsets.append(offset)
                gains.append(slope - 1)
        return np.array(offsets), np.array(gains)

    def figures(self) -> dict[str, Json]:
        """Spread before and after, and the cost."""
        found: dict[str, Json] = {"n_dies": len(self.trimmed.seeds)}
        for name, data in (("before", self.before), ("after", self.after)):
            offsets, gains = self.lines(data)
            errors = self.errors(data)
            found |= {
                f"{name}_sigma_offset_s": _sigma(offsets),
                f"{name}_sigma_gain": _sigma(gains),
                f"{name}_error_rms_s": float(np.sqrt(np.mean(errors**2))),
                f"{name}_error_max_s": float(np.max(np.abs(errors))),
            }
        timing = self.column.timing
        n = self.trimmed.n_conversions
        return found | {
            "conversions": n,
            "calibration_time_s": n * (timing.window_end - timing.wake),
            "calibration_energy_j": n * self.conversion_energy,
            "stored_bits": self.bits,
            "trim_gate_area_m2": trim_gate_area(self.column.converter.trim),
            "dies_at_end_of_range": self._at_end(),
        }

    def _at_end(self) -> int:
        """Dies with a code at an end of its range."""
        trim = self.column.converter.trim
        return sum(
            codes.offset in trim.offset_codes or codes.sink in trim.gain_codes or codes.source in trim.gain_codes
            for codes in self.trimmed.codes
        )


def trim_dies(lab: Laboratory, column: Column) -> Trim:
    """Calibrate dies and judge them at charges that the calibration has not seen."""
    n_dies = 1 if lab.quick else 24
    seeds = [lab.seed + 1000 + k for k in range(n_dies)]
    shares = (SIGNED_SHARES if column.converter.signed else SHARES)[:: 2 if lab.quick else 1]
    full = column.converter.saturation_current * column.timing.max_pulse_width
    charges = [share * full for share in shares]
    lab.progress.stage("trim of the " + ("signed converter" if column.converter.signed else "HardSigmoid"), total=3)
    before = converter_spread(column, lab.simulator, charges=charges, seeds=seeds, codes=[TrimCodes()] * n_dies)
    lab.progress.advance()
    trimmed = calibrate(column, lab.simulator, seeds=seeds, plan=TrimPlan())
    lab.progress.advance()
    after = converter_spread(column, lab.simulator, charges=charges, seeds=seeds, codes=trimmed.codes)
    lab.progress.advance()
    return Trim(
        column=column, before=before, after=after, trimmed=trimmed, conversion_energy=_conversion_energy(lab, column)
    )


def _conversion_energy(lab: Laboratory, column: Column) -> float:
    """Energy of one conversion at half of the full charge, from the converter's own supply (J)."""
    technology = column.technology
    charge = 0.5 * column.converter.saturation_current * column.timing.max_pulse_width
    bench = charge_to_pulse_bench(column.converter, technology, column.timing, charge=charge, cell=column.cell)
    (waves,) = lab.simulator.run_many([render_netlist(bench)])
    if isinstance(waves, SimulationError):
        raise waves
    return supply_energy(waves.time, np.real(waves.signals["i(vdd)"]), technology.supply_voltage)


def trim_gate_area(trim: TrimParameters) -> float:
    """Gate area of the offset units of both directions (m^2); gain units are part of the mirror and switches small."""
    units = (1 << trim.offset_bits) - 1
    return units * (replace(trim.offset_sink, multiplier=1).area + replace(trim.offset_source, multiplier=1).area)


def _sigma(values: Array) -> float | None:
    """Standard deviation over dies; None of fewer than two."""
    return float(np.std(values, ddof=1)) if values.size > 1 else None


def trim_table(trims: Mapping[str, Trim]) -> Table:
    """Both converters before and after."""
    found = {name: trim.figures() for name, trim in trims.items()}

    def row(title: str, keys: tuple[str, ...], scale: float, text: str) -> tuple[str, ...]:
        return title, *(
            " -> ".join(text.format(number(figures[key]) * scale) for key in keys) for figures in found.values()
        )

    def pair(key: str) -> tuple[str, str]:
        return f"before_{key}", f"after_{key}"

    return Table(
        title="Trim over dies: before -> after",
        header=("quantity", *(name.replace("_", " ") for name in found)),
        rows=(
            row("dies", ("n_dies",), 1, "{:.0f}"),
            row("sigma of the offset, ns", pair("sigma_offset_s"), 1e9, "{:.3f}"),
            row("sigma of the gain, %", pair("sigma_gain"), 100, "{:.2f}"),
            row("error, rms ns", pair("error_rms_s"), 1e9, "{:.3f}"),
            row("error, max ns", pair("error_max_s"), 1e9, "{:.3f}"),
            row("conversions", ("conversions",), 1, "{:.0f}"),
            row("time of a calibration, us", ("calibration_time_s",), 1e6, "{:.2f}"),
            row("energy of a calibration, pJ a column", ("calibration_energy_j",), 1e12, "{:.0f}"),
            row("bits stored in a column", ("stored_bits",), 1, "{:.0f}"),
            row("gates of the offset units, um^2", ("trim_gate_area_m2",), 1e12, "{:.1f}"),
        ),
        note="All columns of an array are calibrated at the same time. Reference charges are taken as exact. "
        f"{sigma_note(min(len(trim.trimmed.seeds) for trim in trims.values()))}",
    )
