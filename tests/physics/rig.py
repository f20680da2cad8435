"""What the physics tests measure with: a converter and its plan, and its waveforms for given charges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuits.benches.converter import charge_to_pulse_bench
from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.technology import Technology
from circuits.testbench import render_netlist
from circuits.timing import ColumnTiming
from pycosim.spice import Simulator, Waveforms

Array = NDArray[np.float64]

LEVELS = tuple(float(v) for v in np.linspace(0.0, 0.9, 8))
"""Stored levels (V) [2025 Leroux]."""

WIDTHS = (0.1e-9, 1e-9, 3e-9, 8e-9, 15e-9)
"""Read pulses (s): two bare edges, and the range of the codes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Converter:
    """A charge-to-pulse circuit with its plan and its nominal full scale (C)."""

    parameters: ChargeToPulseParameters
    timing: ColumnTiming

    @property
    def full_scale(self) -> float:
        return self.parameters.saturation_current * self.timing.max_pulse_width


def convert(
    simulator: Simulator, technology: Technology, converter: Converter, charges: Sequence[float]
) -> list[Waveforms]:
    """Waveforms of a converter that is given these charges (C)."""
    netlists = [
        render_netlist(charge_to_pulse_bench(converter.parameters, technology, converter.timing, charge=charge))
        for charge in charges
    ]
    found = []
    for outcome in simulator.run_many(netlists):
        assert isinstance(outcome, Waveforms), outcome
        found.append(outcome)
    return found
