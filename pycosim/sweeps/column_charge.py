"""The charge of one read of a column, counted at three places: word lines, foot of the bit line, capacitor."""

from __future__ import annotations

import numpy as np

from circuits.benches.converter import charge_to_pulse_bench
from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.stimuli import EDGE_TIME
from circuits.technology import Technology
from circuits.testbench import render_netlist
from circuits.timing import ColumnTiming
from pycosim.errors import SimulationError
from pycosim.spice import Simulator, Waveforms
from pycosim.waveforms import charge

CHARGE_UNITS = {"charge_cells": "C", "charge_foot": "C", "charge_integrated": "C"}
"""Unit of every charge."""

AFTER_RESET = EDGE_TIME
"""From when the reset switch begins to open to where a read's charge is counted from (s): the switch is open."""


def column_charges(waves: Waveforms, converter: ChargeToPulseParameters, timing: ColumnTiming) -> dict[str, float]:
    """Charges of one read, from the opening of the reset switch to the release of the conveyor.

    What the cells sink from the bit line leaves them through their word lines: by Kirchhoff's law both are equal but
    for what stays on the storage nodes and the wires, which are back at their levels when the read is over. The
    conveyor delivers it at the foot, and copies an eighth of it onto the integration capacitor.

    Args:
        waves: of a column bench with `wires`.
        converter: gives copy ratio and capacitor.
        timing: the plan.

    Returns:
        `charge_cells`: sunk by the cells, counted at the word lines; `charge_foot`: through the ammeter at the foot of
        the bit line; `charge_integrated`: change of the drawn capacitor's charge, times the copy ratio. All in C,
        positive when sunk from the bit line.
    """
    start, stop = timing.reset_end + AFTER_RESET, timing.release
    time = waves.time
    word_lines = [name for name in waves.signals if name.startswith(("i(vrwlp", "i(vrwln"))]
    cells = sum(charge(time, np.real(waves.signals[name]), start, stop) for name in word_lines)
    foot = -charge(time, np.real(waves.signals["i(vfoot)"]), start, stop)
    return {"charge_cells": cells, "charge_foot": foot, "charge_integrated": _integrated(waves, converter, timing)}


def integrator_law(
    converter: ChargeToPulseParameters,
    technology: Technology,
    timing: ColumnTiming,
    simulator: Simulator,
    *,
    n_rows: int,
) -> tuple[float, float]:
    """What `charge_integrated` is of a known charge: gain, and offset (C).

    The junctions on the integration node hold charge beside the drawn capacitor, and the reset switch leaves some. Both
    are found with three charges from a current source inside the converter's range, a line through them.

    Raises:
        SimulationError: a deck failed.
    """
    full = converter.saturation_current * timing.max_pulse_width
    charges = full * (np.array([-0.7, 0.0, 0.7]) if converter.signed else np.array([0.1, 0.5, 0.9]))
    benches = [charge_to_pulse_bench(converter, technology, timing, charge=float(q), n_rows=n_rows) for q in charges]
    found = []
    for outcome in simulator.run_many([render_netlist(bench) for bench in benches]):
        if isinstance(outcome, SimulationError):
            raise outcome
        found.append(_integrated(outcome, converter, timing))
    gain, offset = np.polyfit(charges / full, np.array(found) / full, 1)
    return float(gain), full * float(offset)


def _integrated(waves: Waveforms, converter: ChargeToPulseParameters, timing: ColumnTiming) -> float:
    """Change of the drawn capacitor's charge from reset to release, times the copy ratio (C)."""
    ends = [timing.reset_end + AFTER_RESET, timing.release]
    before, after = np.interp(ends, waves.time, np.real(waves.signals["v(integral)"]))
    return converter.conveyor.copy_ratio * converter.integration_capacitance * float(after - before)
