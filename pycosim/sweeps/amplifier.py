"""Characterise amplifiers, summers and rectifiers: gain, bandwidth, slew, phase margin, clip, error, dead time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from circuits.benches.operational_amplifier import (
    follower_bench,
    follower_noise_bench,
    open_loop_bench,
    transfer_bench,
)
from circuits.benches.summing_amplifier import (
    rectifier_dc_bench,
    rectifier_step_bench,
    summer_ac_bench,
    summer_dc_bench,
)
from circuits.die import Die
from circuits.operational_amplifier import Amplifier, MacromodelParameters, TwoStageParameters
from circuits.rectifiers import RectifierParameters
from circuits.summing_amplifier import SummerParameters
from circuits.technology import Technology
from circuits.testbench import Testbench, render_netlist
from pycosim.errors import MeasurementError
from pycosim.spice import Simulator, Waveforms
from pycosim.waveforms import crossing_times, fall_frequency, integrated_noise, magnitude_at, phase_at, settling_time

Array = NDArray[np.float64]

FAR_BELOW = 1e-2
"""Of the unity-gain frequency: there the gain falls with one pole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmplifierFigures:
    """What an amplifier does.

    Attributes:
        gain: open loop, at DC.
        bandwidth: unity-gain frequency of the extrapolated first pole, GBW (Hz).
        unity_frequency: at which the gain is 1 (Hz).
        phase_margin: there (deg).
        slew_up, slew_down: between a fifth and four fifths of a step (V/s).
        settling: of a step up to a thousandth (s).
        output_resistance: open loop, from the gain with and without a load (ohm).
        low, high: outputs at full drive (V).
        noise: of a follower, 10 Hz to 1 GHz (V rms).
        power: at rest (W).
    """

    gain: float
    bandwidth: float
    unity_frequency: float
    phase_margin: float
    slew_up: float
    slew_down: float
    settling: float
    output_resistance: float
    low: float
    high: float
    noise: float
    power: float


def amplifier_figures(
    amplifier: Amplifier,
    technology: Technology,
    simulator: Simulator,
    *,
    level: float,
    step: float,
    load_capacitance: float = 1e-12,
    load_resistance: float = 100e3,
) -> AmplifierFigures:
    """Measure an amplifier at an output level.

    Args:
        amplifier: transistors or macromodel.
        technology: its process.
        simulator: any.
        level: at which the small signals are looked at, and the middle of the steps (V).
        step: of the follower (V).
        load_capacitance: at the output (F).
        load_resistance: that the output resistance is found with (ohm).

    Raises:
        MeasurementError: a gain that never falls to one.
    """

    def run(bench: Testbench) -> Waveforms:
        return simulator.run(render_netlist(bench))

    free = run(open_loop_bench(amplifier, technology, level=level, load_capacitance=load_capacitance))
    loaded = run(
        open_loop_bench(
            amplifier, technology, level=level, load_capacitance=load_capacitance, load_resistance=load_resistance
        )
    )
    response = np.asarray(free.signals["v(out)"], dtype=np.complex128)
    unity = fall_frequency(free.axis, response, 1.0)
    if unity is None:
        raise MeasurementError("the amplifier's gain never falls to one: its compensation is missing")
    gain, with_load = abs(complex(response[0])), abs(complex(loaded.signals["v(out)"][0]))
    low_bench = follower_bench(
        amplifier, technology, low=level - step / 2, high=level + step / 2, load_capacitance=load_capacitance
    )
    waves, dc = run(low_bench), run(transfer_bench(amplifier, technology, level=level, span=0.05))
    output = np.real(waves.signals["v(out)"])
    noisy = run(follower_noise_bench(amplifier, technology, level=level))
    up, down = low_bench.parameters["step_up"], low_bench.parameters["step_down"]
    rest = float(np.real(waves.signals["i(vdd)"])[0])
    return AmplifierFigures(
        gain=gain,
        bandwidth=magnitude_at(free.axis, response, FAR_BELOW * unity) * FAR_BELOW * unity,
        unity_frequency=unity,
        phase_margin=180.0 + phase_at(free.axis, response, unity),
        slew_up=_slope(waves.time, output, level, step),
        slew_down=-_slope(waves.time, output, level, -step),
        settling=settling_time(waves.time, output, up, down, 1e-3 * step),
        output_resistance=load_resistance * (gain / with_load - 1),
        low=float(np.real(dc.signals["v(out)"])[0]),
        high=float(np.real(dc.signals["v(out)"])[-1]),
        noise=float(np.sqrt(integrated_noise(noisy.axis, np.real(noisy.signals["onoise_spectrum"]) ** 2))),
        power=-rest * technology.supply_voltage,
    )


def phase_margin(amplifier: Amplifier, technology: Technology, simulator: Simulator, *, level: float) -> float:
    """Phase margin of a follower with 1 pF at an output level (V), in degrees.

    Raises:
        MeasurementError: a gain that never falls to one.
    """
    waves = simulator.run(render_netlist(open_loop_bench(amplifier, technology, level=level, load_capacitance=1e-12)))
    response = np.asarray(waves.signals["v(out)"], dtype=np.complex128)
    unity = fall_frequency(waves.axis, response, 1.0)
    if unity is None:
        raise MeasurementError("the amplifier's gain never falls to one: its compensation is missing")
    return 180.0 + phase_at(waves.axis, response, unity)


def _slope(time: Array, output: Array, level: float, step: float) -> float:
    """Slope between a fifth and four fifths of a step (V/s), signed."""
    first, last = (
        float(crossing_times(time, output, level + share * step)[0 if step > 0 else -1]) for share in (-0.3, 0.3)
    )
    return 0.6 * step / (last - first)


def macromodel_of(
    figures: AmplifierFigures, amplifier: TwoStageParameters, technology: Technology, second_transconductance: float
) -> MacromodelParameters:
    """The macromodel of a measured two-stage amplifier.

    Args:
        figures: what was measured.
        amplifier: whose compensation it has.
        technology: its supply.
        second_transconductance: of the output transistor (S), see `second_transconductance`.
    """
    return MacromodelParameters(
        gain=figures.gain,
        bandwidth=figures.bandwidth,
        slew_rate=(figures.slew_up + figures.slew_down) / 2,
        output_resistance=figures.output_resistance,
        second_transconductance=second_transconductance,
        sink_current=amplifier.tail_current * amplifier.sink.width / amplifier.tail.width,
        compensation=amplifier.compensation,
        nulling=amplifier.nulling,
        low=max(figures.low, 0.0),
        high=technology.supply_voltage - figures.high,
        supply_current=figures.power / technology.supply_voltage,
    )


def summer_figures(
    summer: SummerParameters, technology: Technology, simulator: Simulator, *, span: float, dies: Sequence[Die] = ()
) -> dict[str, float]:
    """Gain, clip, bandwidth and offset of a summer whose inputs all carry one signal.

    Args:
        summer: the circuit.
        technology: its process.
        simulator: any.
        span: of the signal to both sides (V), enough to clip.
        dies: samples of mismatch for the spread of the offset.

    Returns:
        `gain`, `low` and `high` (V about the reference), `offset` (V), `bandwidth` (Hz), and with dies
        `offset_spread` (V).
    """
    held = [1.0] * len(summer.weights)
    dc = summer_dc_bench(summer, technology, held=held, span=span, points=201)
    waves = simulator.run(render_netlist(dc))
    signal = np.linspace(-span, span, 201)
    output = np.real(waves.signals["v(out)"]) - summer.reference
    inside = np.abs(output) < 0.25 * (float(output.max()) - float(output.min()))
    gain, offset = np.polyfit(signal[inside], output[inside], 1)
    small = simulator.run(render_netlist(summer_ac_bench(summer, technology, held=held)))
    response = np.asarray(small.signals["v(out)"], dtype=np.complex128)
    found = {
        "gain": float(gain),
        "offset": float(offset),
        "low": float(output.min()),
        "high": float(output.max()),
        "bandwidth": fall_frequency(small.axis, response, abs(response[0]) / np.sqrt(2)) or np.inf,
    }
    if dies:
        short = summer_dc_bench(summer, technology, held=held, span=1e-3, points=3)
        runs = simulator.run_many([render_netlist(replace(short, die=die)) for die in dies])
        zeros = []
        for run in runs:
            if isinstance(run, Exception):
                raise run
            zeros.append(float(np.real(run.signals["v(out)"])[1]) - summer.reference)
        found["offset_spread"] = float(np.std(zeros, ddof=1))
    return found


def rectifier_transfer(
    parameters: RectifierParameters,
    technology: Technology,
    simulator: Simulator,
    *,
    reference: float,
    span: float,
    points: int = 101,
) -> xr.Dataset:
    """DC transfer: `output` over `input`, both about the reference (V)."""
    bench = rectifier_dc_bench(parameters, technology, reference=reference, span=span, points=points)
    netlist = render_netlist(bench)
    waves = simulator.run(netlist)
    return xr.Dataset(
        {
            "output": ("input", np.real(waves.signals["v(out)"]) - reference, {"unit": "V"}),
            "netlist_digest": ((), netlist.digest),
        },
        coords={"input": ("input", np.real(waves.signals["v(input)"]) - reference, {"unit": "V"})},
        attrs={"bench": bench.name},
    )


def rectifier_dead_time(
    parameters: RectifierParameters,
    technology: Technology,
    simulator: Simulator,
    *,
    reference: float,
    amplitude: float,
    conducts_above: bool,
) -> float:
    """From the zero crossing of a step until the output stays beyond half of the step (s).

    Args:
        parameters: the circuit.
        technology: its process.
        simulator: any.
        reference: level that both are counted from (V).
        amplitude: of the step to both sides (V).
        conducts_above: whether the output follows inputs above the reference, or below it.
    """
    bench = rectifier_step_bench(parameters, technology, reference=reference, amplitude=amplitude)
    waves = simulator.run(render_netlist(bench))
    output = np.real(waves.signals["v(out)"]) - reference
    up, down = bench.parameters["step_up"], bench.parameters["step_down"]
    begin, end = (up, down) if conducts_above else (down, float(waves.time[-1]))
    return settling_time(waves.time, output, begin, end, amplitude / 2)
