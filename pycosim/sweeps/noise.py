"""Noise of a column while it integrates, discharges and decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.analyses import Frequencies, Noise, OperatingPoint
from circuits.benches.converter import charge_to_pulse_bench
from circuits.benches.noise import CLAMP, CLAMPED_CURRENT, STIMULUS, Frozen, current_noise, frozen_bench
from circuits.testbench import DcSweep, Netlist, SourceSweep, Testbench, render_netlist
from pycosim.errors import SimulationError
from pycosim.spice import Simulator
from pycosim.spice.deck import read_cards
from pycosim.spice.flatten import flatten
from pycosim.sweeps.column import Column
from pycosim.waveforms import crossing_times, integrated_noise

Array = NDArray[np.float64]

LOWEST_FREQUENCY = 1.0
"""Below it noise counts as drift (Hz). Ours: a trim that is renewed every second takes it out."""

FREQUENCIES = Frequencies(start=LOWEST_FREQUENCY, stop=1e12, per_decade=10)
"""Grid of every spectrum: up to where the capacitors have shorted all noise."""

DECISION_NODE = "xconverter.xcomparator.o"
"""First stage of the comparator: after it the signal is so steep that noise moves it no more."""

DECIDED_NODE = "xconverter.xcomparator.y"
"""What the decision node drives: its crossing of half the supply is the trip."""

_CELL = re.compile(r"xc\d+\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The comparator at its trip.

    Attributes:
        trip_voltage: of the integration node (V).
        noise: rms voltage at the decision node (V), white and flicker.
        slope: of the decision node in a conversion, at the trip (V/s).
        ramp: slope of the integration node then (V/s).
        density: of the decision node's voltage over frequency (V^2/Hz).
        current_density: of the noise current that makes it (A^2/Hz).
    """

    trip_voltage: float
    noise: float
    slope: float
    ramp: float
    density: xr.DataArray
    current_density: xr.DataArray

    @property
    def jitter(self) -> float:
        """Noise at rest over slope (s).

        More than the deviation of the pulse's end: the trip comes before the slope, and before the noise, has settled.
        """
        return self.noise / abs(self.slope)


def read_noise_bench(column: Column, stored_voltages: Array, pulse_widths: Array) -> Testbench:
    """A column frozen in the middle of its input window, operands (n_rows,) in V and s; see `read_noise`."""
    timing = column.timing
    return frozen_bench(
        column.bench(stored_voltages, pulse_widths),
        Frozen(
            time=timing.input_start + timing.input_window / 2,
            driven={f"sn{k}": float(v) for k, v in enumerate(stored_voltages)},
            clamp=("integral", column.technology.mid_voltage),
            input_node="rbl",
        ),
        analysis=current_noise(STIMULUS, FREQUENCIES),
        probes=("onoise_spectrum", "inoise_spectrum"),
        name=f"noise_{column.name}",
    )


def read_noise(column: Column, simulator: Simulator, *, stored_voltages: Array, pulse_widths: Array) -> xr.Dataset:
    """Noise current at the copy's output while the column is read.

    Args:
        column: circuit and plan.
        simulator: any.
        stored_voltages: (n_rows,) (V).
        pulse_widths: (n_rows,) (s); a row draws current where its pulse covers the middle of the input window.

    Returns:
        Over "frequency" (Hz): the densities `total`, `cells`, `cells_flicker`, `converter`, `converter_flicker`
        (A^2/Hz; the flicker is a part of what it is named after), and `copy_gain`, copy over bit-line current.
    """
    bench = read_noise_bench(column, stored_voltages, pulse_widths)
    found = _by_group(bench, simulator, lambda device: "cells" if _CELL.match(device) else "converter")
    found["copy_gain"] = np.sqrt(found["total"] / found["input_referred"])
    return found


def discharge_noise(column: Column, simulator: Simulator, *, positive: bool = True) -> xr.Dataset:
    """Noise of the discharging current, and the current itself.

    Args:
        column: circuit and plan.
        simulator: any.
        positive: the sink, which takes a positive charge away; False for the source of a signed converter.

    Returns:
        Over "frequency": `total`, `converter`, `converter_flicker` (A^2/Hz); and `current` (A).
    """
    offset = 0.1 if positive else -0.1  # V, half way of a conversion
    clamp = ("integral", column.converter.reset_voltage(column.technology) + offset)

    def bench(analysis: Noise | OperatingPoint, probes: tuple[str, ...]) -> Testbench:
        moment = replace(_converting(column), clamp=clamp, input_node=None)
        return frozen_bench(
            _converter(column), moment, analysis=analysis, probes=probes, name=f"noise_{column.name}_out"
        )

    found = _by_group(
        bench(current_noise(CLAMP, FREQUENCIES), ("onoise_spectrum", "inoise_spectrum")),
        simulator,
        lambda device: "converter",
    )
    standing = simulator.run(render_netlist(bench(OperatingPoint(), (f"i({CLAMP})",))))
    found["current"] = abs(float(np.real(standing.signals[f"i({CLAMP})"][0])))
    return found


def decision(column: Column, simulator: Simulator) -> Decision:
    """The comparator's noise at its trip, and how steep its signal is there."""
    technology, name = column.technology, f"noise_{column.name}_trip"
    reset = column.converter.reset_voltage(technology)
    sweep = frozen_bench(
        _converter(column),
        replace(_converting(column), clamp=("integral", reset)),
        analysis=DcSweep(inner=SourceSweep(source=CLAMP, start=reset - 0.05, stop=reset + 0.05, step=5e-4)),
        probes=(f"v({DECISION_NODE})", f"v({DECIDED_NODE})"),
        name=name,
    )
    swept = simulator.run(render_netlist(sweep))
    output, decided = (np.real(swept.signals[f"v({node})"]) for node in (DECISION_NODE, DECIDED_NODE))
    trips = crossing_times(swept.axis, decided, technology.mid_voltage)
    if not trips.size:
        raise SimulationError(
            f"wanted the comparator to trip within 50 mV of {reset:g} V, found {DECIDED_NODE} between "
            f"{decided.min():.3g} and {decided.max():.3g} V: look at its bias",
            netlist=name,
        )
    trip = float(trips[0])
    level = float(np.interp(trip, swept.axis, output))

    def spectrum(moment: Frozen, output_node: str) -> xr.DataArray:
        bench = frozen_bench(
            _converter(column),
            moment,
            analysis=Noise(output=output_node, source=CLAMP, frequencies=FREQUENCIES),
            probes=("onoise_spectrum",),
            name=name,
        )
        waves = simulator.run(render_netlist(bench))
        return xr.DataArray(
            np.real(waves.signals["onoise_spectrum"]) ** 2, coords={"frequency": waves.axis}, dims="frequency"
        )

    standing = _converting(column)
    density = spectrum(replace(standing, clamp=("integral", trip)), DECISION_NODE)
    clamped = replace(standing, clamp=(DECISION_NODE, level), driven={"integral": trip})
    slope, ramp = _slopes(column, simulator, level)
    return Decision(
        trip_voltage=trip,
        noise=float(np.sqrt(integrated_noise(density["frequency"].values, density.values))),
        slope=slope,
        ramp=ramp,
        density=density,
        current_density=spectrum(clamped, CLAMPED_CURRENT),
    )


def _converter(column: Column) -> Testbench:
    """The converter with half of a full charge."""
    full = column.converter.saturation_current * column.timing.max_pulse_width
    return charge_to_pulse_bench(
        column.converter, column.technology, column.timing, charge=full / 2, cell=column.cell, name=column.name
    )


def _converting(column: Column) -> Frozen:
    """The middle of the output window; a signed converter's latch is open, so that the sign follows the node."""
    timing, supply = column.timing, column.technology.supply_voltage
    latch = {"vlatch": supply, "vlatchb": 0.0} if column.converter.signed else {}
    return Frozen(time=timing.window_start + timing.max_pulse_width / 2, overrides=latch)


def _slopes(column: Column, simulator: Simulator, level: float) -> tuple[float, float]:
    """Slopes (V/s) of the decision node as it passes a level (V), and of the integration node then."""
    bench = _converter(column)
    bench = replace(bench, probes=(*bench.probes, f"v({DECISION_NODE})"))
    waves = simulator.run(render_netlist(bench))
    output, node = (np.real(waves.signals[f"v({name})"]) for name in (DECISION_NODE, "integral"))
    inside = waves.time > column.timing.window_start + 1e-9
    crossings = crossing_times(waves.time[inside], output[inside], level)
    if not crossings.size:
        raise SimulationError(
            f"wanted {DECISION_NODE} to pass {level:.3g} V in a conversion of half a charge, found it between "
            f"{output[inside].min():.3g} and {output[inside].max():.3g} V",
            netlist=bench.name,
        )
    around = float(crossings[0]) + np.array([-25e-12, 25e-12])
    steep = float(np.diff(np.interp(around, waves.time, output))[0] / 50e-12)
    before = float(crossings[0]) + np.array([-3e-9, -0.5e-9])  # the comparator's kick-back is not part of the ramp
    return steep, float(np.diff(np.interp(before, waves.time, node))[0] / 2.5e-9)


def _by_group(bench: Testbench, simulator: Simulator, group: Callable[[str], str]) -> xr.Dataset:
    """Densities of a noise bench by group of transistors; what is left (resistors) is in the total only."""
    netlist = render_netlist(bench)
    devices = _transistors(netlist)
    vector = {device: f"onoise.m.{device}" if "." in device else f"onoise.{device}" for device in devices}
    probes = (*netlist.probes, *vector.values(), *(f"{name}.1overf" for name in vector.values()))
    waves = simulator.run(replace(netlist, probes=probes))
    power = {probe: np.real(values) ** 2 for probe, values in waves.signals.items()}
    dims = "frequency"
    found = xr.Dataset(coords={"frequency": ("frequency", waves.axis, {"unit": "Hz"})}, attrs={"bench": bench.name})
    found["total"] = (dims, power["onoise_spectrum"])
    found["input_referred"] = (dims, power["inoise_spectrum"])
    for name in dict.fromkeys(group(device) for device in devices):
        members = [vector[device] for device in devices if group(device) == name]
        found[name] = (dims, np.sum([power[member] for member in members], axis=0))
        found[f"{name}_flicker"] = (dims, np.sum([power[f"{member}.1overf"] for member in members], axis=0))
    for variable in found.data_vars.values():
        variable.attrs["unit"] = "A^2/Hz"
    found["netlist_digest"] = netlist.digest
    return found


def _transistors(netlist: Netlist) -> Sequence[str]:
    """Flat names of all transistors."""
    flat = flatten(read_cards(netlist.text), netlist.libraries)
    names = dict.fromkeys(touch.device for touch in flat.touches)
    return [name for name in names if name.rpartition(".")[2].startswith("m")]
