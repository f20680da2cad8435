"""Models with the published numbers of the gain-cell attention  [2025 Leroux; code of the authors]."""

from __future__ import annotations

from pycosim.attention.hardware import AttentionModels
from pycosim.attention.linear_law import HALF_SUPPLY, SATURATION_CURRENT, SIGNED_SATURATION_CURRENT, TRANSCONDUCTANCE
from pycosim.models.cell import CellModel, PolynomialCell
from pycosim.models.converter import HardSigmoid, SignedPulse
from pycosim.models.decay import DecayModel, NoDecay
from pycosim.models.spread import ConverterSpread

_VOLT_RANGE = (0.0, 0.9)  # stored voltages of the authors' simulation, V
_WIDTH_RANGE = (0.0, 15e-9)  # T_max of the paper, s
_READ_VOLTAGE = 0.9  # full read amplitude, V
_MICROAMPERE = 1e-6
_POLYNOMIAL = (  # C_ij, uA / V^(i+j); row i: powers of stored voltage - 0.45 V, column j: of the read voltage
    (0.17393044, 0.15653739, 0.14088365, 0.12679529),
    (5.51975209, 4.96777688, 4.4709992),
    (-1.44776001, -1.30298401),
    (46.05483778,),
)


def published_cell() -> PolynomialCell:
    """Return the cubic cell that the authors trained with: 0.13 uA rms from their simulated cell."""
    coefficients = tuple(_MICROAMPERE * sum(c * _READ_VOLTAGE**j for j, c in enumerate(row)) for row in _POLYNOMIAL)
    return PolynomialCell(coefficients=coefficients, voltage_range=_VOLT_RANGE, width_range=_WIDTH_RANGE)


def ideal_converters(
    *,
    saturation_current: float = SATURATION_CURRENT,
    signed_saturation_current: float = SIGNED_SATURATION_CURRENT,
    max_pulse_width: float = 15e-9,
) -> tuple[HardSigmoid, SignedPulse]:
    """Return both converters without error.

    Args:
        saturation_current: S_sat, A; times ``max_pulse_width`` the charge of the longest pulse.
        signed_saturation_current: the same for the second read-out, A.
        max_pulse_width: s.
    """
    return (
        HardSigmoid(saturation_charge=saturation_current * max_pulse_width, max_pulse_width=max_pulse_width),
        SignedPulse(saturation_charge=signed_saturation_current * max_pulse_width, max_pulse_width=max_pulse_width),
    )


def published_spreads(
    *, offset: float = 0.0, gain: float = 0.0, noise: float = 0.0
) -> tuple[ConverterSpread, ConverterSpread]:
    """Return how converters with the published currents differ, both alike: their pulses are made for one clock.

    Args:
        offset: standard deviation of a pulse between converters, s.
        gain: of the slope, relative.
        noise: of a pulse from read to read, s.
    """
    first, second = (
        ConverterSpread(charge_per_second=current, offset=offset, gain=gain, noise=noise)
        for current in (SATURATION_CURRENT, SIGNED_SATURATION_CURRENT)
    )
    return first, second


def linear_models(
    *, transconductance: float = TRANSCONDUCTANCE, zero_voltage: float = HALF_SUPPLY, decay: DecayModel | None = None
) -> AttentionModels:
    """Return the paper's linear ("intermediate") hardware.

    Args:
        transconductance: A/V of a cell.
        zero_voltage: stored voltage without current, V.
        decay: None for none.
    """
    return models_of_cell(PolynomialCell.linear(transconductance, zero_voltage), decay)


def published_models(*, decay: DecayModel | None = None) -> AttentionModels:
    """Return the paper's nonlinear hardware: its cubic cell and ideal converters.

    Args:
        decay: None for none; the paper trains with a time constant of 5 ms.
    """
    return models_of_cell(published_cell(), decay)


def models_of_cell(cell: CellModel, decay: DecayModel | None = None) -> AttentionModels:
    """Return hardware with this cell in both arrays and ideal converters.

    Args:
        cell: of keys and values.
        decay: None for none.
    """
    charge_to_pulse, signed_charge_to_pulse = ideal_converters()
    return AttentionModels(
        cell_k=cell,
        cell_v=cell,
        charge_to_pulse=charge_to_pulse,
        signed_charge_to_pulse=signed_charge_to_pulse,
        decay=decay or NoDecay(),
    )
