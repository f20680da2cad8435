"""The gain cell as benches of a sweep: its read current at DC, and the charge of a pulsed read after a real write."""

from __future__ import annotations

from functools import partial

import numpy as np

from circuits.benches.cell import gain_cell_dc_bench, gain_cell_read_bench, read_start
from circuits.gain_cell import GainCellParameters
from circuits.quantities import check_quantity
from circuits.technology import Technology
from circuits.testbench import Testbench
from circuits.timing import WRITE_TIME
from pycosim.campaign.bench import Parameter, SweepBench
from pycosim.campaign.conditions import Dies, condition_parameters, technology_at
from pycosim.campaign.paths import path_parameters, with_values
from pycosim.campaign.task import Measurement, Point
from pycosim.spice import Waveforms
from pycosim.sweeps.cell import READ_LEAD
from pycosim.waveforms import charge

_LEVEL = Parameter(default=0.8, unit="V", meaning="stored voltage")
_SHARE = Parameter(default=1.0, meaning="upper read word line over the supply")


def gain_cell_dc(technology: Technology) -> SweepBench:
    """Bench `gain_cell_dc`: storage node forced, word lines at DC; measures `read_current`."""
    return SweepBench(
        name="gain_cell_dc",
        parameters={
            "stored_voltage": _LEVEL,
            "word_line_share": _SHARE,
            **condition_parameters(technology),
            **path_parameters(GainCellParameters(), "cell"),
        },
        make=Dies(partial(_bench_dc, technology)),
        measurements={
            "read_current": Measurement(name="read_current", unit="A", function=_read_current, version="1"),
        },
    )


def gain_cell(technology: Technology) -> SweepBench:
    """Bench `gain_cell`: a level is written through the write gate, then read with one pulse."""
    measurements = (
        Measurement(name="charge", unit="C", function=_charge, version="1"),
        Measurement(name="written_voltage", unit="V", function=_written_voltage, version="1"),
        Measurement(name="write_error", unit="V", function=_write_error, version="1"),
    )
    return SweepBench(
        name="gain_cell",
        parameters={
            "stored_voltage": _LEVEL,
            "pulse_width": Parameter(default=15e-9, unit="s", meaning="read pulse"),
            "write_time": Parameter(default=WRITE_TIME, unit="s", meaning="write time"),
            "word_line_share": _SHARE,
            **condition_parameters(technology),
            **path_parameters(GainCellParameters(), "cell"),
        },
        make=Dies(partial(_bench_read, technology)),
        measurements={one.name: one for one in measurements},
    )


def _bench_dc(technology: Technology, point: Point) -> Testbench:
    _share(point)
    return gain_cell_dc_bench(
        with_values(GainCellParameters(), "cell", point),
        technology_at(technology, point),
        stored_voltages=[float(point["stored_voltage"])],
    )


def _bench_read(technology: Technology, point: Point) -> Testbench:
    here = technology_at(technology, point)
    return gain_cell_read_bench(
        with_values(GainCellParameters(), "cell", point),
        here,
        stored_voltages=[float(point["stored_voltage"])],
        pulse_width=float(point["pulse_width"]),
        word_line_voltage=_share(point) * here.supply_voltage,
        write_time=float(point["write_time"]),
    )


def _share(point: Point) -> float:
    """Upper word line over the supply."""
    return check_quantity("word_line_share", point["word_line_share"], "of the supply", 0.5, 1.0)


def _read_current(waves: Waveforms, point: Point) -> float:
    """Current that the cell sinks from its bit line (A)."""
    level = _share(point) * float(point["supply_voltage"])
    return float(np.interp(level, np.real(waves.signals["v(rwlp)"]), -np.real(waves.signals["i(vbl0)"])))


def _charge(waves: Waveforms, point: Point) -> float:
    """Charge that one read sinks from the bit line (C)."""
    return -charge(waves.time, np.real(waves.signals["i(vbl0)"]), read_start(float(point["write_time"])) - READ_LEAD)


def _written_voltage(waves: Waveforms, point: Point) -> float:
    """Storage node when the read begins (V)."""
    return float(np.interp(read_start(float(point["write_time"])), waves.time, np.real(waves.signals["v(sn0)"])))


def _write_error(waves: Waveforms, point: Point) -> float:
    """What is kept over what was written (V)."""
    return _written_voltage(waves, point) - float(point["stored_voltage"])
