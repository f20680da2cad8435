"""The input driver of a row measured: width over code at both ends of both lines, edges, drop, energy by its use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.pulse_driver import pulse_driver_bench, word_line_driver_bench
from circuits.gain_cell import GainCellParameters
from circuits.interconnect import ArrayWires
from circuits.pulse_driver import PulseDriverParameters
from circuits.technology import Technology
from circuits.testbench import Testbench
from pycosim.errors import InputError
from pycosim.spice import Simulator, Waveforms
from pycosim.sweeps.characterize import Advance, characterize
from pycosim.waveforms import charge, crossing_times, pulse_width

Array = NDArray[np.float64]

EDGE_UNITS = {
    "width_upper_near": "s",
    "width_upper_far": "s",
    "width_lower_near": "s",
    "width_lower_far": "s",
    "area_upper_far": "s",
    "area_lower_far": "s",
    "delay": "s",
    "skew_start": "s",
    "skew_end": "s",
    "rise_time": "s",
    "fall_time": "s",
}
"""What is measured of the edges of a pulse."""

UNITS = {
    **EDGE_UNITS,
    "drop_upper_near": "V",
    "drop_upper_far": "V",
    "drop_lower_near": "V",
    "drop_lower_far": "V",
    "line_current": "A",
    "charge": "C",
    "charge_near": "C",
    "charge_far": "C",
    "energy_logic": "J",
    "energy_line": "J",
    "energy_idle_rail": "J",
    "energy_shared_lines": "J",
    "energy_cells": "J",
}
"""What is measured of a pulse; see `row_pulses`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseRow:
    """A row of the array with its input driver.

    Attributes:
        cell: the gain cell.
        technology: the process.
        driver: sizes of the driver.
        wire_width: of the word lines, over the technology's width.
        n_sections: sections of the word lines' wire.
    """

    cell: GainCellParameters
    technology: Technology
    driver: PulseDriverParameters = field(default_factory=PulseDriverParameters)
    wire_width: float = ArrayWires().word_line
    n_sections: int = 8

    def bench(self, code: int, stored_voltages: Sequence[float]) -> Testbench:
        """The bench of one pulse; stored voltages of the row's cells (V), the nearest first."""
        return pulse_driver_bench(
            self.cell,
            self.driver,
            self.technology,
            code=code,
            stored_voltages=stored_voltages,
            wire_width=self.wire_width,
            n_sections=self.n_sections,
        )


def row_pulses(
    row: PulseRow,
    simulator: Simulator,
    *,
    codes: Sequence[int],
    stored_voltages: Array,
    progress: Advance | None = None,
) -> xr.Dataset:
    """One pulse of every code on rows that store given voltages.

    Args:
        row: circuit.
        simulator: any.
        codes: widths of the pulses in time units.
        stored_voltages: (n_patterns, n_cells) of each row (V), the nearest cell first.
        progress: called with (done, total).

    Returns:
        Over `pattern` and `code`, of the upper and the lower line: the time beyond half the amplitude at the near and
        the far end (`width_*`), the area at the far end over the nominal amplitude (`area_*`), and the drop that is
        left to the rail just before the end of the pulse (`drop_*`, V). Of the row: what both lines carry at that time,
        sign aside (`line_current`, A); the `delay` from the shared start to the upper line (s); how much later the
        lower line starts and ends than the upper (`skew_*`, both far ends); rise and fall of the upper line's far end
        (10-90 % of the amplitude); the charge (C) that its cells, and those of the first and the last section, sink
        from their bit lines; energies (J) of tree and buffers (`logic`), of charging the line and crossing currents
        (`line`), what the mid-supply rail delivers (`idle_rail`), what the shared lines cost for this row, each of them
        that has its edge within the deck going forth and back once, and what the cells draw through the upper line
        (`cells`). What has no edge is NaN.

    Raises:
        InputError: stored voltages that are not (n_patterns, n_cells).
    """
    patterns = np.asarray(stored_voltages, dtype=np.float64)
    if patterns.ndim != 2:
        raise InputError(f"stored_voltages must be (n_patterns, n_cells), found shape {patterns.shape}")
    return characterize(
        {"pattern": [float(i) for i in range(len(patterns))], "code": [float(code) for code in codes]},
        lambda point: row.bench(int(point["code"]), [float(v) for v in patterns[int(point["pattern"])]]),
        lambda waves, bench: {**_edges(waves, row, "v(start)"), **_drops(waves, bench, row), **_totals(waves, row)},
        simulator,
        units={**UNITS, "pattern": "", "code": ""},
        progress=progress,
    )


def passed_pulses(
    row: PulseRow,
    simulator: Simulator,
    *,
    pulse_widths: Sequence[float],
    stored_voltages: Sequence[float],
    progress: Advance | None = None,
) -> xr.Dataset:
    """What the word line driver alone makes of a pulse of any width, as a charge-to-pulse circuit sends it to a row.

    Args:
        row: circuit.
        simulator: any.
        pulse_widths: at the input of the driver (s).
        stored_voltages: of the row's cells (V), the nearest first.
        progress: called with (done, total).

    Returns:
        Over `pulse_width`: widths, areas, delay, skew and slopes as `row_pulses` has them.
    """
    return characterize(
        {"pulse_width": list(pulse_widths)},
        lambda point: word_line_driver_bench(
            row.cell,
            row.driver,
            row.technology,
            pulse_width=point["pulse_width"],
            stored_voltages=stored_voltages,
            wire_width=row.wire_width,
            n_sections=row.n_sections,
        ),
        lambda waves, bench: _edges(waves, row, "v(row_pulse)"),
        simulator,
        units={"pulse_width": "s", **EDGE_UNITS},
        progress=progress,
    )


def mean_width(found: xr.Dataset) -> xr.DataArray:
    """Mean width of the two lines at their two ends (s): what the law of the driver is fitted to."""
    names = [f"width_{line}_{end}" for line in ("upper", "lower") for end in ("near", "far")]
    return sum((found[name] for name in names[1:]), found[names[0]]) / len(names)


def _edges(waves: Waveforms, row: PulseRow, source: str) -> dict[str, float]:
    """Widths, areas, delay from the rise of a source, skew and slopes."""
    time, mid = waves.time, row.technology.mid_voltage
    up = {end: _signal(waves, f"v(rwlp{suffix})") - mid for end, suffix in _ENDS}
    low = {end: mid - _signal(waves, f"v(rwln{suffix})") for end, suffix in _ENDS}
    upper_start, upper_end = _crossing(time, up["far"], mid / 2, 0), _crossing(time, up["far"], mid / 2, -1)
    lower_start, lower_end = _crossing(time, low["far"], mid / 2, 0), _crossing(time, low["far"], mid / 2, -1)
    ten, ninety = 0.1 * mid, 0.9 * mid
    start = _crossing(time, _signal(waves, source), mid, 0)
    return {
        **{f"width_upper_{end}": pulse_width(time, signal, mid / 2) for end, signal in up.items()},
        **{f"width_lower_{end}": pulse_width(time, signal, mid / 2) for end, signal in low.items()},
        "area_upper_far": charge(time, up["far"]) / mid,
        "area_lower_far": charge(time, low["far"]) / mid,
        "delay": upper_start - start,
        "skew_start": lower_start - upper_start,
        "skew_end": lower_end - upper_end,
        "rise_time": _crossing(time, up["far"], ninety, 0) - _crossing(time, up["far"], ten, 0),
        "fall_time": _crossing(time, up["far"], ten, -1) - _crossing(time, up["far"], ninety, -1),
    }


def _drops(waves: Waveforms, bench: Testbench, row: PulseRow) -> dict[str, float]:
    """What the lines miss of their rails just before the pulse ends, and what they carry; NaN without a pulse."""
    if not bench.parameters["width"]:
        names = [f"drop_{line}_{end}" for line in ("upper", "lower") for end, _ in _ENDS]
        return dict.fromkeys([*names, "line_current"], float("nan"))
    when = bench.parameters["pulse_start"] + bench.parameters["width"]
    supply = row.technology.supply_voltage

    def at(probe: str) -> float:
        return float(np.interp(when, waves.time, _signal(waves, probe)))

    return {
        **{f"drop_upper_{end}": supply - at(f"v(rwlp{suffix})") for end, suffix in _ENDS},
        **{f"drop_lower_{end}": at(f"v(rwln{suffix})") for end, suffix in _ENDS},
        "line_current": abs(at("i(vsense_p)")) + abs(at("i(vsense_n)")),
    }


def _totals(waves: Waveforms, row: PulseRow) -> dict[str, float]:
    """Charge of the cells, and energy by where it goes."""
    time, supply = waves.time, row.technology.supply_voltage
    sunk = [-charge(time, _signal(waves, f"i(vrbl{k})")) for k in range(row.n_sections)]
    # the line's own charge comes and goes, what is left went through the cells
    through_cells = supply * charge(time, _signal(waves, "i(vsense_p)"))
    moved = [abs(charge(time, _signal(waves, f"i(v{phase})"))) for phase in row.driver.phases()]
    return {
        "charge": sum(sunk),
        "charge_near": sunk[0],
        "charge_far": sunk[-1],
        "energy_logic": -supply * charge(time, _signal(waves, "i(vdd)")),
        "energy_line": -supply * charge(time, _signal(waves, "i(vline)")) - through_cells,
        "energy_idle_rail": -row.technology.mid_voltage * charge(time, _signal(waves, "i(vmid)")),
        "energy_shared_lines": supply * sum(moved),
        "energy_cells": through_cells,
    }


_ENDS = (("near", ""), ("far", "_end"))


def _crossing(time: Array, signal: Array, threshold: float, which: int) -> float:
    """The first (0) or last (-1) crossing of a threshold (s), NaN where there is none."""
    times = crossing_times(time, signal, threshold)
    return float(times[which]) if times.size else float("nan")


def _signal(waves: Waveforms, probe: str) -> Array:
    return np.asarray(np.real(waves.signals[probe]), dtype=np.float64)
