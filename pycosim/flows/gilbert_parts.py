"""Stage 3 of the Gilbert flow: amplifiers, summers, rectifiers and weight memories beside their closed forms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np

from circuits.benches.weight_memories import (
    triode_bench,
    weight_capacitor_bench,
    weight_noise_bench,
    weight_steps_bench,
)
from circuits.devices import Mosfet
from circuits.die import Die
from circuits.operational_amplifier import MacromodelParameters, TwoStageParameters
from circuits.rectifiers import RECTIFIER_KINDS, RectifierParameters
from circuits.summing_amplifier import SummerParameters
from circuits.technology import Technology
from circuits.testbench import render_netlist
from circuits.weight_memories import CapacitorParameters, StepParameters
from pycosim.errors import FitError
from pycosim.evaluate.document import Json
from pycosim.fitting.neuron import fit_rectifier
from pycosim.flows.gilbert_design import GilbertDesign
from pycosim.flows.progress import Progress
from pycosim.models.summing import summer_law
from pycosim.spice import Simulator
from pycosim.sweeps.amplifier import (
    AmplifierFigures,
    amplifier_figures,
    macromodel_of,
    phase_margin,
    rectifier_dead_time,
    rectifier_transfer,
    summer_figures,
)
from pycosim.waveforms import integrated_noise

LEVEL = 1.5
"""At which amplifiers are looked at (V): the reference of the networks."""

STEP = 1.0
"""Of the follower (V)."""

LADDER_RESISTANCE = 20e3
"""R of the ladder (ohm): a hundred times the resistance of its switches."""

BOLTZMANN = 1.380649e-23


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsResult:
    """What the parts around the multipliers are.

    Attributes:
        figures: part -> its figures, SI units.
        macromodel: of the two-stage amplifier, from what was measured.
    """

    figures: Mapping[str, Json]
    macromodel: MacromodelParameters


def measure_parts(
    design: GilbertDesign, simulator: Simulator, progress: Progress, *, n_dies: int, seed: int
) -> PartsResult:
    """Measure amplifier and macromodel, summer, rectifiers and weight memories.

    Args:
        design: circuits.
        simulator: any.
        progress: told what happens.
        n_dies: of the summer for its offset.
        seed: of the dies.
    """
    progress.stage("amplifiers, rectifiers, weights", total=4)
    technology, transistors = design.square, TwoStageParameters()
    found = amplifier_figures(transistors, technology, simulator, level=LEVEL, step=STEP)
    macromodel = matched_macromodel(found, transistors, technology, simulator)
    modelled = amplifier_figures(macromodel, technology, simulator, level=LEVEL, step=STEP)
    progress.advance()
    figures: dict[str, Json] = {
        "amplifier": {"transistors": dict(asdict(found)), "macromodel": dict(asdict(modelled))},
        "summer": _summer(found, technology, simulator, n_dies=n_dies, seed=seed),
    }
    progress.advance()
    figures["rectifiers"] = {kind: _rectifier(kind, technology, simulator) for kind in RECTIFIER_KINDS}
    progress.advance()
    figures["weights"] = _weights(design, simulator, seed)
    progress.advance()
    return PartsResult(figures=figures, macromodel=macromodel)


def matched_macromodel(
    figures: AmplifierFigures, amplifier: TwoStageParameters, technology: Technology, simulator: Simulator
) -> MacromodelParameters:
    """The macromodel whose second stage gives the measured phase margin.

    A larger g_m2 gives a larger margin: bisection between once and thirty times the first stage's.
    """
    first = 2 * math.pi * figures.bandwidth * amplifier.compensation
    low, high = first, 30 * first
    for _ in range(8):
        middle = math.sqrt(low * high)
        model = macromodel_of(figures, amplifier, technology, middle)
        margin = phase_margin(model, technology, simulator, level=LEVEL)
        low, high = (middle, high) if margin < figures.phase_margin else (low, middle)
    return macromodel_of(figures, amplifier, technology, math.sqrt(low * high))


def _summer(
    amplifier: AmplifierFigures, technology: Technology, simulator: Simulator, *, n_dies: int, seed: int
) -> Json:
    """Measured beside the closed form of the measured amplifier."""
    summer = SummerParameters(reference=LEVEL)
    dies = [Die(seed=2000 * (seed + 1) + k, parts=("s",)) for k in range(n_dies)]
    found = summer_figures(summer, technology, simulator, span=0.8, dies=dies)
    law = summer_law(
        summer.weights,
        open_loop_gain=amplifier.gain,
        gain_bandwidth=amplifier.bandwidth,
        offset=0.0,
        low=found["low"],
        high=found["high"],
    )
    parameters = TwoStageParameters()
    sigma = _input_offset(parameters, technology)
    return {
        "n_inputs": len(summer.weights),
        "noise_gain": summer.noise_gain,
        **{name: float(value) for name, value in found.items()},
        "closed_form": {
            "gain": law.gain,
            "bandwidth": law.bandwidth,
            "offset_spread": summer.noise_gain * sigma,
        },
    }


def _input_offset(parameters: TwoStageParameters, technology: Technology) -> float:
    """Spread of the amplifier's offset (V): the pair's thresholds, and the mirror's through the ratio of g_m."""
    pair = math.sqrt(2) * technology.mismatch.a_vth_nmos / math.sqrt(parameters.pair.area)
    mirror = math.sqrt(2) * technology.mismatch.a_vth_pmos / math.sqrt(parameters.mirror.area)
    ratio = math.sqrt(
        70e-6
        * parameters.mirror.width
        / parameters.mirror.length
        / (200e-6 * parameters.pair.width / parameters.pair.length)
    )
    return math.hypot(pair, ratio * mirror)


def _rectifier(kind: str, technology: Technology, simulator: Simulator) -> Json:
    parameters = RectifierParameters(kind=kind)  # type: ignore[arg-type]
    transfer = rectifier_transfer(parameters, technology, simulator, reference=LEVEL, span=0.5)
    x, y = transfer["input"].values, transfer["output"].values
    above = kind != "inverting"
    ideal = np.maximum(x if above else -x, 0.0)
    found: dict[str, Json] = {
        "largest_error_v": float(np.abs(y - ideal).max()),
        "output_at_half_volt": float(y[-1] if above else y[0]),
        "output_at_zero": float(np.interp(0.0, x, y)),
        "dead_time_s": None
        if kind == "passive"  # which never gives half of such a step
        else rectifier_dead_time(
            parameters, technology, simulator, reference=LEVEL, amplitude=0.2, conducts_above=above
        ),
    }
    try:
        fit = fit_rectifier(x, y, held_out=np.arange(x.size) % 3 == 1)
        found["model"] = {
            **{name: float(value) for name, value in fit.parameters.items()},
            "held_out_residual_v": fit.held_out_residual_rms,
        }
    except FitError as error:
        found["model"] = {"failed": str(error)}
    return found


def _weights(design: GilbertDesign, simulator: Simulator, seed: int) -> Json:
    """Steps, resistance, droop and noise of the weight memories."""
    technology = design.square
    found: dict[str, Json] = {}
    for kind, resistance in (("potentiometer", StepParameters().resistance), ("ladder", LADDER_RESISTANCE)):
        steps = replace(StepParameters(), resistance=resistance)
        rows = {}
        for name, die in (("drawn", None), ("die", Die(seed=seed))):
            bench = weight_steps_bench(steps, technology, kind=kind, load_resistance=1e9, die=die)  # type: ignore[arg-type]
            waves = simulator.run(render_netlist(bench))
            taps = np.array([float(np.real(waves.signals[f"v(t{k})"])[-1]) for k in range(steps.n_codes)])
            wanted = np.array([steps.level(k) for k in range(steps.n_codes)])
            lsb = (steps.high - steps.low) / steps.n_codes
            rows[name] = float(np.abs(taps - wanted).max() / lsb)
        found[kind] = {"n_bits": steps.n_bits, "largest_error_lsb": rows["drawn"], "of_a_die_lsb": rows["die"]}
    mosfet = Mosfet(polarity="nmos", width=1e-6, length=10e-6)
    waves = simulator.run(render_netlist(triode_bench(mosfet, technology, level=LEVEL, gates=(2.3, 3.3), span=0.1)))
    current = -np.real(waves.signals["i(vd)"]).reshape(11, 21)
    conductance = (current[:, 11] - current[:, 9]) / 0.02
    bent = np.abs(current[:, -1] + current[:, 0]) / np.abs(current[:, -1] - current[:, 0])
    gates = np.linspace(2.3, 3.3, 11)
    expected = 200e-6 * mosfet.width / mosfet.length * (gates - LEVEL - 0.6)
    found["triode"] = {
        "conductance_s": [float(conductance[0]), float(conductance[-1])],
        "closed_form_s": [float(expected[0]), float(expected[-1])],
        "bend_at_100_mv": float(bent[-1]),
    }
    droops: list[Json] = []
    for leak in (1e-15, 1e-12):
        store = CapacitorParameters(leak=leak)
        waves = simulator.run(render_netlist(weight_capacitor_bench(store, technology, level=1.0)))
        held = np.interp([2 * store.write_time, 0.99 * store.refresh], waves.time, np.real(waves.signals["v(store)"]))
        droops.append(
            {
                "leak_a": leak,
                "injected_v": float(held[0] - 1.0),
                "droop_v_per_s": float((held[0] - held[1]) / (0.99 * store.refresh - 2 * store.write_time)),
                "closed_form_v_per_s": leak / store.capacitance,
                "half_lsb_of_8_bits_s": (1.0 / 512) * store.capacitance / leak,
            }
        )
    # level 1 has no noise in its triode region: the noise of a closed switch is that of a BSIM4 one
    store = replace(
        CapacitorParameters(leak=0.0),
        switch=Mosfet(polarity="nmos", width=0.5e-6, length=0.1e-6, flavour="thick_nmos"),
    )
    waves = simulator.run(render_netlist(weight_noise_bench(store, design.thick, level=0.5)))
    density = np.real(waves.signals["onoise_spectrum"]) ** 2
    found["capacitor"] = {
        "droop": droops,
        "noise_v": float(np.sqrt(integrated_noise(waves.axis, density))),
        "noise_closed_form_v": math.sqrt(BOLTZMANN * (design.thick.temperature + 273.15) / store.capacitance),
    }
    return found
