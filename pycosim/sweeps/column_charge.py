"""The charge of one read of a column, counted at three places: word lines, foot of the bit line, capacitor."""

from __future__ import annotations

import numpy as np

from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.timing import ColumnTiming
from pycosim.spice import Waveforms
from pycosim.waveforms import charge

CHARGE_UNITS = {"charge_cells": "C", "charge_foot": "C", "charge_integrated": "C"}
"""Unit of every charge."""


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
    start, stop = timing.reset_end + 0.05e-9, timing.release
    time = waves.time
    word_lines = [name for name in waves.signals if name.startswith(("i(vrwlp", "i(vrwln"))]
    cells = sum(charge(time, np.real(waves.signals[name]), start, stop) for name in word_lines)
    foot = -charge(time, np.real(waves.signals["i(vfoot)"]), start, stop)
    before, after = np.interp([start, stop], time, np.real(waves.signals["v(integral)"]))
    integrated = converter.conveyor.copy_ratio * converter.integration_capacitance * float(after - before)
    return {"charge_cells": cells, "charge_foot": foot, "charge_integrated": integrated}
