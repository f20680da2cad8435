"""Models of every kind, of the size of the shipped circuits', that the tests of exports share."""

from __future__ import annotations

import numpy as np

from pycosim.models import (
    DriftTable,
    HardSigmoid,
    LeakDecay,
    LookupCell,
    ModelRecord,
    NoDecay,
    PolynomialCell,
    PulseTable,
    Quantizer,
    ReadDecay,
    SignedPulse,
    StorageDecay,
)
from pycosim.models.column_law import ColumnLaw
from pycosim.models.sampled import SampledCurve

LEVELS = np.linspace(0.0, 0.9, 8)
WIDTHS = np.array([0.0, 0.1e-9, 1e-9, 3e-9, 8e-9, 15e-9])
CUBIC = (0.5e-6, 13.6e-6, -2.6e-6, 46e-6)
POLYNOMIAL = PolynomialCell(coefficients=CUBIC, width_range=(0.0, 15e-9), voltage_range=(0.0, 0.9))
LATE = PolynomialCell(coefficients=CUBIC, width_range=(0.0, 15e-9), voltage_range=(0.0, 0.9), pulse_offset=0.3e-9)
LOOKUP = LookupCell(
    pulse_widths=WIDTHS,
    stored_voltages=LEVELS,
    charges=np.outer(WIDTHS**0.98 * 1.5, np.polynomial.polynomial.polyval(LEVELS - 0.45, CUBIC)),
    outside="clip",
)
SIGMOID = HardSigmoid(
    saturation_charge=1.2e-12, max_pulse_width=15e-9, offset=4e-15, gain=0.99, charge_range=(-0.5e-12, 2e-12)
)
SIGNED = SignedPulse(
    saturation_charge=0.6e-12, max_pulse_width=15e-9, offset=-2e-15, positive_gain=1.01, negative_gain=0.98
)
CHARGES = np.array([-0.2e-12, 0.0, 0.05e-12, 0.4e-12, 0.8e-12, 1.15e-12, 1.25e-12, 1.5e-12])
TABLE = PulseTable(charges=CHARGES, pulse_widths=np.array([0, 0, 0.7e-9, 5.2e-9, 10.1e-9, 14.4e-9, 15e-9, 15e-9]))
SIGNED_TABLE = PulseTable(
    charges=np.array([-0.7e-12, -0.3e-12, 0.0, 0.3e-12, 0.7e-12]),
    pulse_widths=np.array([-15e-9, -7.4e-9, 0.0, 7.6e-9, 15e-9]),
    outside="clip",
)
RELAXING = StorageDecay(time_constant=5e-3, final_voltage=0.35)
LEAK = LeakDecay(voltages=np.array([0.0, 0.3, 0.5, 0.9]), rates=np.array([60.0, 10.0, -4.0, -80.0]))
AGES = np.array([0.0, 1e-4, 1e-3, 5e-3])
DRIFT = DriftTable(
    ages=AGES, stored_voltages=LEVELS, voltages=0.4 + (LEVELS - 0.4) * np.exp(-AGES[:, None] / 5e-3 * (1 + LEVELS))
)
SHRINKING = ReadDecay(time_constant=5e-3)
LAW = ColumnLaw(quantity="energy", unit="J", terms=("one",), coefficients=(2e-12,), low=(0.0,), high=(1.0,))
CURVE = SampledCurve(
    quantity="pulse_width", unit="s", argument="charge", argument_unit="C", points=np.array([0.0, 1e-12]),
    mean=np.array([0.0, 1e-9]), modes=np.ones((1, 2)) * 1e-11, bends=np.zeros((1, 2)),
)  # fmt: skip
QUANTIZER = Quantizer(n_levels=8, low=0.0, high=0.9)

CELLS = {"polynomial": POLYNOMIAL, "late": LATE, "lookup": LOOKUP}
CONVERTERS = {"sigmoid": SIGMOID, "signed": SIGNED, "table": TABLE, "signed_table": SIGNED_TABLE}
DECAYS = {"none": NoDecay(), "relaxing": RELAXING, "leak": LEAK, "drift": DRIFT, "shrinking": SHRINKING}
MODELS = {**CELLS, **CONVERTERS, **DECAYS, "quantizer": QUANTIZER, "linear": PolynomialCell.linear(19.3e-6)}
WITHOUT_CIRCUIT = {"law": LAW, "curve": CURVE}
RECORD = ModelRecord(
    netlist_digests=("ab" * 32, "cd" * 32), residual_rms=1e-17, held_out_residual_rms=2e-17, unit="C", note="of a test"
)
