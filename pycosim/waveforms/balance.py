"""Conservation: where the energy of a source went."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pycosim.checks import positive
from pycosim.waveforms.integrals import charge, supply_energy
from pycosim.waveforms.signals import check_signal

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyBalance:
    """Energies of a source that charges a capacitor through a resistor (J)."""

    drawn: float
    stored: float
    dissipated: float

    @property
    def error(self) -> float:
        """What is missing or too much, over what was drawn."""
        return (self.drawn - self.stored - self.dissipated) / self.drawn


def charging_balance(
    time: Array,
    source_current: Array,
    source_voltage: Array,
    output_voltage: Array,
    *,
    resistance: float,
    capacitance: float,
) -> EnergyBalance:
    """Energies of a capacitor that is charged through a resistor.

    Args:
        time: (n,) (s).
        source_current: (n,) ngspice's current of the source (A): negative while it delivers.
        source_voltage: (n,) (V).
        output_voltage: (n,) over the capacitor (V).
        resistance: R (ohm).
        capacitance: C (F).

    Raises:
        InputError: waveforms, a resistance or a capacitance that are none.
    """
    positive("resistance", resistance, "ohm")
    positive("capacitance", capacitance, "F")
    _, output = check_signal(time, output_voltage)
    _, source = check_signal(time, source_voltage)
    return EnergyBalance(
        drawn=supply_energy(time, source_current, source_voltage),
        stored=capacitance / 2 * float(output[-1] ** 2 - output[0] ** 2),
        dissipated=charge(time, (source - output) ** 2 / resistance),  # of voltages: independent of the current
    )
