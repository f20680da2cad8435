"""What varies in the probes of attention: one axis at a time, everything else as the hardware has it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from pycosim.attention.analog import AttentionArrays, factored_arrays
from pycosim.attention.hardware import AttentionHardware, AttentionModels
from pycosim.attention.imperfections import Imperfections
from pycosim.attention.published import published_spreads
from pycosim.errors import ConfigurationError
from pycosim.models.decay import StorageDecay
from pycosim.models.spread import CellDeviation, voltage_sensitivity

VOLTAGE_STEP: Final = 0.01
"""Of the differences that give a cell's sensitivity to its stored voltage (V): a thirteenth of a level."""
N_WIDTHS: Final = 7
"""Pulse widths at which it is tabulated; the charge is close to linear in the width."""
N_VOLTAGES: Final = 37
"""Stored voltages at which it is tabulated, 25 mV apart."""
TOLERANCE: Final = 1e-5
"""Largest error of a cell's charge over the largest, in reads of unquantised operands. Ours: a hundredth of a percent
of a step of 16 levels."""
ZERO_VOLTAGE: Final = 0.45
"""Where the law of the decay axis drifts to (V) [2025 Leroux]: zero weight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAxis:
    """One thing that varies.

    Attributes:
        name: as files and commands have it.
        label: for a figure.
        unit: of the values, "" for a number, "share" for what is shown in percent.
        values: in the order of the figure; the mildest is the last.
        quick: fewer of them.
        is_random: dies differ.
    """

    name: str
    label: str
    unit: str
    values: tuple[float, ...]
    quick: tuple[float, ...]
    is_random: bool = False


AXES: Final = MappingProxyType(
    {
        axis.name: axis
        for axis in (
            ProbeAxis(
                name="window",
                label="window",
                unit="tokens",
                values=(4, 8, 16, 32, 48, 64),
                quick=(8, 32, 64),
            ),
            ProbeAxis(
                name="input_levels", label="input levels", unit="", values=(2, 3, 4, 6, 8, 16, 32), quick=(2, 4, 16)
            ),
            ProbeAxis(
                name="stored_levels", label="stored levels", unit="", values=(2, 3, 4, 6, 8, 16, 32), quick=(2, 4, 8)
            ),
            ProbeAxis(
                name="decay",
                label="time constant of a cell",
                unit="tokens",
                values=(4, 8, 16, 32, 64, 128, 256, 512, 1024),
                quick=(8, 64, 512),
            ),
            ProbeAxis(
                name="token_period",
                label="time between two tokens, own leak",
                unit="s",
                values=(1e-2, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6),
                quick=(1e-3, 1e-5),
            ),
            ProbeAxis(
                name="mismatch",
                label="cell mismatch, σ of the stored voltage",
                unit="V",
                values=(0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01),
                quick=(0.1, 0.03),
                is_random=True,
            ),
            ProbeAxis(
                name="noise",
                label="read noise, σ over the longest pulse",
                unit="share",
                values=(0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.003, 0.001),
                quick=(0.05, 0.01),
            ),
        )
    }
)
"""Name -> axis, in the order of the figure."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProbeHardware:
    """Hardware that probes run on, as it is when nothing varies.

    Attributes:
        models: of cells, converters and decay.
        hardware: sizes and levels.
    """

    models: AttentionModels
    hardware: AttentionHardware

    def arrays(self) -> AttentionArrays:
        """The hardware as it is, ready for use."""
        return factored_arrays(self.models, self.hardware)

    def with_value(self, axis: str, value: float, *, seed: int) -> AttentionArrays:
        """The hardware with one thing changed, ready for use.

        Args:
            axis: a name of `AXES`.
            value: in the axis' unit.
            seed: of the die and its noise; others have none.

        Raises:
            ConfigurationError: there is no such axis.
            DomainError: the models do not hold there.
        """
        match axis:
            case "window":
                window = int(value)
                sizes = replace(self.hardware, window=window, tile=min(self.hardware.tile, window))
                return factored_arrays(self.models, sizes)
            case "input_levels":
                return factored_arrays(self.models, replace(self.hardware, n_input_levels=int(value)))
            case "stored_levels":
                return factored_arrays(self.models, replace(self.hardware, n_stored_levels=int(value)))
            case "decay":
                law = StorageDecay(time_constant=value, final_voltage=ZERO_VOLTAGE)
                return factored_arrays(replace(self.models, decay=law), replace(self.hardware, token_period=1.0))
            case "token_period":
                return factored_arrays(self.models, replace(self.hardware, token_period=value))
            case "mismatch":
                return self._imperfect(Imperfections(seed=seed, cells=(self._deviation(value),)))
            case "noise":
                first, second = published_spreads(noise=value * self.hardware.max_pulse_width)
                return self._imperfect(Imperfections(seed=seed, first=first, second=second))
        raise ConfigurationError(f"there is no axis {axis!r}; take one of {', '.join(AXES)}")

    def _deviation(self, sigma: float) -> CellDeviation:
        """Cells that keep an error of their stored voltage, sigma V."""
        cell = self.models.cell_k
        widths = np.linspace(0.0, self.hardware.max_pulse_width, N_WIDTHS)
        voltages = np.linspace(self.hardware.stored_low, self.hardware.stored_high, N_VOLTAGES)
        sensitivity = voltage_sensitivity(cell, widths, voltages, step=VOLTAGE_STEP)
        return CellDeviation(name="stored voltage", sigma=sigma, sensitivity=sensitivity)

    def _imperfect(self, imperfections: Imperfections) -> AttentionArrays:
        return factored_arrays(self.models, self.hardware, imperfections=imperfections)
