"""The charge-to-pulse circuits as benches of a sweep: a known charge in, a pulse out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np

from circuits.benches.cell import CELLS_PER_LINE
from circuits.benches.converter import charge_to_pulse_bench
from circuits.charge_to_pulse import ChargeToPulseParameters, signed_parameters
from circuits.technology import Technology
from circuits.testbench import Testbench
from circuits.timing import ColumnTiming, signed_timing
from pycosim.campaign.bench import Parameter, SweepBench
from pycosim.campaign.conditions import Dies, condition_parameters, technology_at
from pycosim.campaign.paths import path_parameters, with_values
from pycosim.campaign.task import Measurement, Point
from pycosim.spice import Waveforms
from pycosim.sweeps.converter import bit_line_error, signed_pulse_width
from pycosim.waveforms import crossing_times, supply_energy


@dataclass(frozen=True, slots=True, kw_only=True)
class ConverterAt:
    """A converter and its plan at one point.

    Attributes:
        converter: sizes.
        timing: the plan.
    """

    converter: ChargeToPulseParameters
    timing: ColumnTiming

    @classmethod
    def drawn(cls, signed: bool) -> Self:
        """As it is shipped."""
        if signed:
            return cls(converter=signed_parameters(), timing=signed_timing())
        return cls(converter=ChargeToPulseParameters(), timing=ColumnTiming())

    @classmethod
    def of(cls, signed: bool, point: Point) -> Self:
        """With the point's values."""
        drawn = cls.drawn(signed)
        return cls(
            converter=with_values(drawn.converter, "converter", point),
            timing=with_values(drawn.timing, "timing", point),
        )

    @property
    def sign_time(self) -> float | None:
        """When the sign bit is valid (s); None for an unsigned converter."""
        return self.timing.window_start if self.converter.signed else None


def charge_to_pulse(technology: Technology, *, signed: bool) -> SweepBench:
    """Benches `charge_to_pulse` and `signed_charge_to_pulse`."""
    drawn = ConverterAt.drawn(signed)
    full = drawn.converter.saturation_current * drawn.timing.max_pulse_width
    name = "signed_charge_to_pulse" if signed else "charge_to_pulse"
    measurements = (
        Measurement(name="pulse_width", unit="s", function=partial(_pulse_width, signed), version="1"),
        Measurement(name="pulse_error", unit="s", function=partial(_pulse_error, signed), version="1"),
        Measurement(name="start_delay", unit="s", function=partial(_start_delay, signed), version="1", optional=True),
        Measurement(name="bit_line_error", unit="V", function=partial(_bit_line_error, signed), version="1"),
        Measurement(name="energy_converter", unit="J", function=partial(_energy_converter, signed), version="1"),
        Measurement(name="energy_bias", unit="J", function=_energy_bias, version="1"),
        Measurement(name="energy", unit="J", function=partial(_energy, signed), version="1"),
    )
    return SweepBench(
        name=name,
        parameters={
            "charge": Parameter(default=float(f"{full / 2:.9g}"), unit="C", meaning="charge"),
            "n_rows": Parameter(default=CELLS_PER_LINE, meaning="cells on the bit line"),
            **condition_parameters(technology),
            **path_parameters(drawn.converter, "converter"),
            **path_parameters(drawn.timing, "timing"),
        },
        make=Dies(partial(_bench, technology, name, signed)),
        measurements={one.name: one for one in measurements},
    )


def _bench(technology: Technology, name: str, signed: bool, point: Point) -> Testbench:
    here = ConverterAt.of(signed, point)
    return charge_to_pulse_bench(
        here.converter,
        technology_at(technology, point),
        here.timing,
        charge=float(point["charge"]),
        n_rows=int(point["n_rows"]),
        name=name,
    )


def _pulse_width(signed: bool, waves: Waveforms, point: Point) -> float:
    """Width of the pulse (s), negative where a signed converter's sign bit is low."""
    return signed_pulse_width(waves, threshold=_mid(point), sign_time=ConverterAt.of(signed, point).sign_time)


def _pulse_error(signed: bool, waves: Waveforms, point: Point) -> float:
    """Width over that of the ideal converter, charge / saturation current within 0 (signed: -T_max) and T_max (s)."""
    here = ConverterAt.of(signed, point)
    longest = here.timing.max_pulse_width
    ideal = float(point["charge"]) / here.converter.saturation_current
    return _pulse_width(signed, waves, point) - float(np.clip(ideal, -longest if signed else 0.0, longest))


def _start_delay(signed: bool, waves: Waveforms, point: Point) -> float:
    """From the opening of the output window to the pulse (s); not a number without a pulse."""
    rises = crossing_times(waves.time, np.real(waves.signals["v(pulse)"]), _mid(point), "rise")
    return float(rises[0]) - ConverterAt.of(signed, point).timing.window_start if rises.size else float("nan")


def _bit_line_error(signed: bool, waves: Waveforms, point: Point) -> float:
    """Mean of the bit line over the second half of the input window, over half the supply (V)."""
    return bit_line_error(waves, timing=ConverterAt.of(signed, point).timing, mid_voltage=_mid(point))


def _energy_converter(signed: bool, waves: Waveforms, point: Point) -> float:
    """Of supply and references over the deck (J); a reference that is pushed back into gives nothing back."""
    supply = float(point["supply_voltage"])
    reset = ConverterAt.of(signed, point).converter.reset_share * supply
    sources = {"i(vdd)": supply, "i(vref)": _mid(point), "i(vvrst)": reset}
    return sum(max(0.0, _delivered(waves, probe, level)) for probe, level in sources.items())


def _energy_bias(waves: Waveforms, point: Point) -> float:
    """Of the bias supply over the deck (J)."""
    return _delivered(waves, "i(vddb)", float(point["supply_voltage"]))


def _energy(signed: bool, waves: Waveforms, point: Point) -> float:
    """Of converter and bias over the deck (J)."""
    return _energy_converter(signed, waves, point) + _energy_bias(waves, point)


def _delivered(waves: Waveforms, probe: str, voltage: float) -> float:
    return supply_energy(waves.time, np.real(waves.signals[probe]), voltage)


def _mid(point: Point) -> float:
    return float(point["supply_voltage"]) / 2
