"""The calibration against a converter that is a formula: gain by the units that conduct, offset by theirs."""

from __future__ import annotations

import re

import numpy as np
import pytest
from stand_ins import StandIn, parameter

from circuits.charge_to_pulse import ChargeToPulseParameters, signed_parameters
from circuits.gain_cell import GainCellParameters
from circuits.technology import load_technology
from circuits.timing import ColumnTiming, signed_timing
from circuits.trim import TrimCodes
from pycosim.errors import InputError
from pycosim.spice import NetlistLike, Waveforms
from pycosim.sweeps.calibration import TrimPlan, calibrate
from pycosim.sweeps.column import Column
from pycosim.sweeps.variation import converter_spread

LONGEST = 15e-9
STEP = 0.1e-9
"""What one offset unit does to a pulse of the formula (s)."""

UNITS = 200


def column(*, signed: bool) -> Column:
    return Column(
        cell=GainCellParameters(),
        converter=signed_parameters() if signed else ChargeToPulseParameters(),
        technology=load_technology("generic28"),
        timing=signed_timing() if signed else ColumnTiming(),
    )


def units_on(text: str, name: str, rail: str) -> int:
    """Units of all groups whose switch has its gate on this rail, by lines of a flat or of a nested deck."""
    found = re.findall(rf"^M\S*\b{name}(\d+)s \S+ (\S+) ", text, flags=re.MULTILINE)
    return sum(2 ** int(bit) for bit, gate in found if gate == rail)


def formula(*, gain: float, offset: float, signed: bool) -> StandIn:
    """A converter whose pulse is (charge / S_sat (1 + gain) 200 / units + offset + 0.1 ns a unit), clipped."""
    full = (0.6e-12 if signed else 1.2e-12) / LONGEST

    def answer(netlist: NetlistLike) -> Waveforms:
        text = netlist.text
        charge, start = parameter(netlist, "charge"), parameter(netlist, "window_start")
        width = charge / full
        if ".subckt" not in text:  # written flat: a die
            width = width * (1 + gain) + offset
        width += STEP * (units_on(text, "top", "0") - units_on(text, "ton", "vdd"))
        units = UNITS - 64 + (units_on(text, "db2", "vdd") if width > 0 else units_on(text, "sa", "0"))
        width = np.clip(width * UNITS / units, -LONGEST if signed else 0.0, LONGEST)
        edges = start + np.array([0.0, 1e-15, abs(width), abs(width) + 1e-15])
        time = np.concatenate([[0.0], edges if abs(width) > 1e-14 else [], [start + 20e-9]])
        pulse = np.interp(time, edges, [0.0, 0.9, 0.9, 0.0]) if abs(width) > 1e-14 else np.zeros(time.size)
        sign = np.full(time.size, 0.9 if width > 0 else 0.0)
        signals = {"v(pulse)": pulse, "v(sign)": sign}
        return Waveforms(axis=time, axis_name="time", signals=signals, netlist_digest=netlist.digest)

    return StandIn(answer)


@pytest.mark.parametrize(("gain", "offset"), [(0.0, 0.0), (0.13, 2.2e-9), (-0.2, -3.1e-9)])
@pytest.mark.parametrize("signed", [False, True])
def test_a_known_gain_and_offset_is_trimmed_to_a_unit(gain: float, offset: float, signed: bool) -> None:
    simulator, circuit = formula(gain=gain, offset=offset, signed=signed), column(signed=signed)
    trimmed = calibrate(circuit, simulator, seeds=[1], plan=TrimPlan())
    (codes,) = trimmed.codes
    assert codes.offset == pytest.approx(-offset / STEP, abs=1.01)
    # the pulse is (1 + gain) 200 / (200 + code): 0.5 % a unit; the offset that is left moves the rest by another
    assert codes.sink == pytest.approx(UNITS * gain, abs=2.5)
    full = circuit.converter.saturation_current * LONGEST
    shares = np.array([-0.7, -0.3, 0.3, 0.7] if signed else [0.1, 0.3, 0.6, 0.8])
    found = converter_spread(circuit, simulator, charges=list(shares * full), seeds=[1], codes=trimmed.codes)
    error = found["pulse_width"].values[0] - shares * LONGEST
    assert np.abs(error).max() < 0.15e-9  # a unit of offset, 0.1 ns, and half a unit of gain, 0.04 ns


def test_a_calibration_takes_one_conversion_for_each_bit() -> None:
    trimmed = calibrate(column(signed=True), formula(gain=0.0, offset=0.0, signed=True), seeds=[1, 2], plan=TrimPlan())
    assert trimmed.n_conversions == 8 + 7 + 7  # 255 offset codes, 128 gain codes of the sink, and of the source
    assert len(trimmed.codes) == 2


def test_an_offset_beyond_the_range_ends_at_its_last_code() -> None:
    simulator = formula(gain=0.0, offset=-15e-9, signed=True)
    trimmed = calibrate(column(signed=True), simulator, seeds=[1], plan=TrimPlan())
    assert trimmed.codes[0].offset == 127


def test_dies_without_codes_and_charges_out_of_order_are_refused() -> None:
    simulator = formula(gain=0.0, offset=0.0, signed=False)
    with pytest.raises(InputError, match="one set of codes"):
        converter_spread(column(signed=False), simulator, charges=[0.0], seeds=[1, 2], codes=[TrimCodes()])
    with pytest.raises(InputError, match="2 seeds, 1 different"):
        converter_spread(column(signed=False), simulator, charges=[0.0], seeds=[1, 1])
    for low, high in ((0.0, 0.8), (0.9, 0.8), (0.1, 1.0)):
        with pytest.raises(InputError, match="reference charges"):
            TrimPlan(offset_share=low, gain_share=high)
