"""The write path measured: stored levels, charge injection, settling, energy by supply, other columns' disturbance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.cell import CELLS_PER_LINE
from circuits.benches.write_path import write_path_bench
from circuits.gain_cell import GainCellParameters
from circuits.technology import Technology
from circuits.testbench import Testbench, render_netlist
from circuits.timing import WRITE_TIME
from circuits.write_driver import WriteDriverParameters
from circuits.write_line_driver import WriteLineDriverParameters
from pycosim.errors import InputError, SimulationError
from pycosim.models.stored_levels import StoredLevels
from pycosim.spice import Simulator, Waveforms
from pycosim.sweeps.characterize import Advance, characterize
from pycosim.waveforms import charge, settling_time

Array = NDArray[np.float64]

JUST_BEFORE = 20e-12
"""How long before the data lines leave their level the injection is read (s)."""

LEVEL_UNITS = {
    "voltage": "V",
    "error": "V",
    "written_error": "V",
    "injection": "V",
    "quarter_level_time": "s",
    "half_level_time": "s",
    "disturbance": "V",
}
"""What is measured of every level."""

TOTAL_UNITS = {
    "energy_ladder": "J",
    "energy_lines": "J",
    "energy_logic": "J",
    "energy_word_lines": "J",
    "closing_time": "s",
}
"""What is measured of a whole column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePath:
    """Everything between a digital code and a stored voltage, and its plan.

    Attributes:
        cell: the gain cell.
        driver: the multi-level driver of the data lines.
        line_driver: the driver of the write word lines.
        technology: their process.
        n_rows: cells in a column, which are written at once.
        n_columns: cells on a data line.
        write_time: how long the write gates are commanded open (s).
        max_step: largest time step (s).
    """

    cell: GainCellParameters
    technology: Technology
    driver: WriteDriverParameters = field(default_factory=WriteDriverParameters)
    line_driver: WriteLineDriverParameters = field(default_factory=WriteLineDriverParameters)
    n_rows: int = CELLS_PER_LINE
    n_columns: int = CELLS_PER_LINE
    write_time: float = WRITE_TIME
    max_step: float = 100e-12

    def bench(
        self,
        codes: Sequence[int],
        rows: Sequence[int],
        previous_voltages: Sequence[float] | None = None,
    ) -> Testbench:
        """The bench that writes `rows` rows of each code, over the far rail or over given voltages (V)."""
        return write_path_bench(
            self.cell,
            self.driver,
            self.line_driver,
            self.technology,
            codes=codes,
            rows=rows,
            previous_voltages=previous_voltages,
            n_columns=self.n_columns,
            write_time=self.write_time,
            max_step=self.max_step,
        )

    def bench_of_every_level(self) -> Testbench:
        """The bench of a column that holds every level as often as its rows allow.

        Raises:
            InputError: fewer rows than levels.
        """
        n_levels = self.driver.n_levels
        if self.n_rows < n_levels:
            raise InputError(
                f"a column that holds every level needs {n_levels} rows or more, found {self.n_rows}; write fewer "
                "levels"
            )
        codes = list(range(n_levels))
        return self.bench(codes, [self.n_rows // n_levels + (code < self.n_rows % n_levels) for code in codes])


def written_levels(path: WritePath, simulator: Simulator) -> xr.Dataset:
    """One column that holds every level equally often, each written over the farther rail.

    Args:
        path: circuit and plan.
        simulator: any.

    Returns:
        Over `code`: `voltage` at the end (V) and its `error` against the nominal level; the part of the error that the
        closing gate injected (`injection`) and the part that was in the cell before (`written_error`); the times after
        the write command at which the cell stays within a quarter and half a level of the voltage that it has when the
        gate closes (s); the `disturbance` of a cell in another column (V). Without axis: the energies of writing the
        column (J; ladder: its static current; lines: what else reference and idle level deliver, so data lines and
        cells; logic: decoders and buffers; word lines), and `closing_time` (s), from the end of the command until both
        write word lines are within a hundredth of their swing of the holding level.

    Raises:
        InputError: fewer rows than levels.
    """
    return written_levels_of([path], simulator)[0]


def written_levels_of(
    paths: Sequence[WritePath], simulator: Simulator, *, progress: Advance | None = None
) -> list[xr.Dataset]:
    """The same of several write paths, which the simulator may run at once; progress is called with (done, total).

    Raises:
        InputError: fewer rows than levels.
        SimulationError: the first path that failed; the others have run.
    """
    benches = [path.bench_of_every_level() for path in paths]
    netlists = [render_netlist(bench) for bench in benches]
    datasets = []
    for path, bench, waves in zip(paths, benches, simulator.run_many(netlists, progress), strict=True):
        if isinstance(waves, SimulationError):
            raise waves
        datasets.append(_levels(path, bench, waves))
    return datasets


def _levels(path: WritePath, bench: Testbench, waves: Waveforms) -> xr.Dataset:
    """What one deck with every level tells."""
    codes = range(path.driver.n_levels)
    found = [_level(waves, bench, path, group) for group in codes]
    return xr.Dataset(
        {
            **{name: (("code",), [one[name] for one in found], {"unit": unit}) for name, unit in LEVEL_UNITS.items()},
            **{name: ((), value, {"unit": TOTAL_UNITS[name]}) for name, value in _totals(waves, bench, path).items()},
            "netlist_digest": ((), waves.netlist_digest),
        },
        coords={"code": ("code", [float(code) for code in codes], {"unit": ""})},
        attrs={"bench": bench.name},
    )


def stored_levels(found: xr.Dataset, technology: Technology) -> StoredLevels:
    """The model of what `written_levels` measured."""
    return StoredLevels(voltages=found["voltage"].values, full_scale=technology.supply_voltage)


def single_level_columns(
    path: WritePath,
    simulator: Simulator,
    *,
    codes: Sequence[int],
    previous_voltages: Sequence[float],
    progress: Advance | None = None,
) -> xr.Dataset:
    """Columns whose rows all write one code: the ladder's worst case.

    Args:
        path: circuit and plan.
        simulator: any.
        codes: one column each.
        previous_voltages: what the cells held before (V); crossed with the codes.
        progress: called with (done, total).

    Returns:
        Over `code` and `previous_voltage`: what `written_levels` gives of a level and of the column.
    """
    return characterize(
        {"code": [float(code) for code in codes], "previous_voltage": list(previous_voltages)},
        lambda point: path.bench([int(point["code"])], [path.n_rows], [point["previous_voltage"]]),
        lambda waves, bench: {**_level(waves, bench, path, 0), **_totals(waves, bench, path)},
        simulator,
        units={**LEVEL_UNITS, **TOTAL_UNITS, "code": "", "previous_voltage": "V"},
        progress=progress,
    )


def middle_level_errors(
    paths: Sequence[WritePath], simulator: Simulator, *, progress: Advance | None = None
) -> list[float]:
    """Largest error (V) of the two middle levels of each path: the slowest levels, in the ladder's worst case.

    All rows write one code, each cell from the farther rail; progress is called with (done, total).

    Raises:
        SimulationError: the first column that failed; the others have run.
    """
    cases = []
    for path in paths:
        upper, supply = path.driver.n_levels // 2, path.technology.supply_voltage
        cases += [(path, upper - 1, supply), (path, upper, 0.0)]
    benches = [path.bench([code], [path.n_rows], [previous]) for path, code, previous in cases]
    errors = []
    outcomes = simulator.run_many([render_netlist(bench) for bench in benches], progress)
    for (path, _, _), bench, waves in zip(cases, benches, outcomes, strict=True):
        if isinstance(waves, SimulationError):
            raise waves
        errors.append(abs(_level(waves, bench, path, 0)["error"]))
    return [max(pair) for pair in zip(errors[::2], errors[1::2], strict=True)]


def _level(waves: Waveforms, bench: Testbench, path: WritePath, group: int) -> dict[str, float]:
    """What the cell of one group of rows tells."""
    time, at = waves.time, bench.parameters
    start, end = at["write_start"], at["write_end"]
    cell, held = _signal(waves, f"v(sn{group})"), _signal(waves, f"v(held{group})")
    nominal = path.driver.levels(path.technology)[int(at[f"code{group}"])]
    before = float(np.interp(end, time, cell))
    closed = float(np.interp(at["enable_end"] - JUST_BEFORE, time, cell))
    step = path.technology.supply_voltage / (path.driver.n_levels - 1)
    return {
        "voltage": float(cell[-1]),
        "error": float(cell[-1]) - nominal,
        "written_error": before - nominal,
        "injection": closed - before,
        "quarter_level_time": settling_time(time, cell, start, end, step / 4, final=before),
        "half_level_time": settling_time(time, cell, start, end, step / 2, final=before),
        "disturbance": float(np.ptp(held)),
    }


def _totals(waves: Waveforms, bench: Testbench, path: WritePath) -> dict[str, float]:
    """Energy of the whole column by what it is spent on, and when its gates are closed."""
    time, at = waves.time, bench.parameters
    supply, mid = path.technology.supply_voltage, path.technology.mid_voltage
    reference = _signal(waves, "i(vreference)")
    static = -float(np.interp(at["write_end"], time, reference)) * (at["enable_end"] - at["enable_start"])
    rails = path.cell.write_levels(path.technology)
    ends = {f"vwwl{b}_{end}": pick(rails[f"wwl{b}"]) for b in ("", "b") for end, pick in (("low", min), ("high", max))}
    return {
        "energy_ladder": supply * static,
        "energy_lines": supply * (-charge(time, reference) - static) - mid * charge(time, _signal(waves, "i(vmid)")),
        "energy_logic": -supply * charge(time, _signal(waves, "i(vdd)")) + sum(map(_drive(waves), ("enable", "write"))),
        "energy_word_lines": -sum(level * charge(time, _signal(waves, f"i({s})")) for s, level in ends.items()),
        "closing_time": max(
            settling_time(time, line, at["write_end"], at["enable_end"], abs(on - off) / 100, final=off)
            for line, (off, on) in ((_signal(waves, f"v({name}_end)"), levels) for name, levels in rails.items())
        ),
    }


def _drive(waves: Waveforms) -> Callable[[str], float]:
    """The energy that an ideal input source delivers: what it takes back, a real gate would not."""

    def energy(name: str) -> float:
        power = -_signal(waves, f"i(v{name})") * _signal(waves, f"v({name})")
        return charge(waves.time, np.maximum(power, 0.0))

    return energy


def _signal(waves: Waveforms, probe: str) -> Array:
    return np.asarray(np.real(waves.signals[probe]), dtype=np.float64)
