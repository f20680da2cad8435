"""Whole networks of Gilbert cells in ngspice, sample after sample, and single neurons without their cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from circuits.benches.gilbert_network import network_bench, neuron_bench
from circuits.die import Die
from circuits.gilbert_layer import LayerVoltages, NeuronParameters
from circuits.technology import Technology
from circuits.testbench import render_netlist
from pycosim.checks import finite_array
from pycosim.errors import InputError
from pycosim.network.analog import LayerScale
from pycosim.network.perceptron import Parameters
from pycosim.spice import Simulator
from pycosim.sweeps.characterize import Advance
from pycosim.waveforms import settling_time, supply_energy

Array = NDArray[np.float64]

BEFORE_END = 1e-9
"""How long before the next sample an output is taken (s)."""

SAMPLES_PER_DECK = 15
"""Samples that one deck runs through. Ours: so that decks share the processors."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NetworkReads:
    """What a network gave for its samples.

    Attributes:
        outputs: (n_samples, n_outputs) of every layer, about the reference (V).
        settling: (n_samples,) from the sample's change until every score stays within the tolerance (s); nan for the
            first sample of a deck, which the operating point has settled.
        energy: (n_samples,) from the supply in one period (J).
        netlist_digests: of the decks.
    """

    outputs: tuple[Array, ...]
    settling: Array
    energy: Array
    netlist_digests: tuple[str, ...]


def layer_voltages(
    parameters: Parameters, scales: Sequence[LayerScale], gains: Sequence[float]
) -> tuple[LayerVoltages, ...]:
    """The weights of a perceptron as voltages of a circuit; all layers but the last one have a ReLU.

    Args:
        parameters: weights and biases as numbers.
        scales: of every layer.
        gains: R_2 / R_1 of every layer's difference amplifiers.
    """
    last = len(scales) - 1
    return tuple(
        LayerVoltages(
            weights=tuple(tuple(float(v) for v in row) for row in weights * scale.weights),
            biases=tuple(float(v) for v in biases * scale.biases),
            gain=gain,
            rectified=k < last,
        )
        for k, (weights, biases, scale, gain) in enumerate(
            zip(parameters.weights, parameters.biases, scales, gains, strict=True)
        )
    )


def network_reads(
    neurons: NeuronParameters,
    technology: Technology,
    layers: Sequence[LayerVoltages],
    simulator: Simulator,
    *,
    samples: ArrayLike,
    period: float,
    tolerance: float,
    die: Die | None = None,
    progress: Advance | None = None,
) -> NetworkReads:
    """Run samples through a whole network.

    Args:
        neurons: what it is made of.
        technology: the process.
        layers: weights as voltages.
        simulator: any.
        samples: (n_samples, n_inputs) about the reference (V).
        period: from sample to sample (s).
        tolerance: of the settling (V).
        die: a sample of mismatch.
        progress: called with (done, total).

    Raises:
        SimulationError: a deck that failed.
    """
    table = finite_array("samples", samples, ndim=2)
    parts = [table[k : k + SAMPLES_PER_DECK] for k in range(0, len(table), SAMPLES_PER_DECK)]
    benches = [
        network_bench(neurons, technology, layers, samples=part.tolist(), period=period, die=die) for part in parts
    ]
    netlists = [render_netlist(bench) for bench in benches]
    found = simulator.run_many(netlists, progress)
    outputs: list[list[Array]] = [[] for _ in layers]
    settling, energy = [], []
    for part, waves in zip(parts, found, strict=True):
        if isinstance(waves, Exception):
            raise waves
        at = (np.arange(len(part)) + 1) * period - BEFORE_END
        nodes = [
            [np.real(waves.signals[f"v(a{k}_{j})"]) for j in range(layer.n_outputs)] for k, layer in enumerate(layers)
        ]
        for k, signals in enumerate(nodes):
            outputs[k].append(np.stack([np.interp(at, waves.time, s) for s in signals], axis=1) - neurons.reference)
        drain = np.real(waves.signals["i(vdd)"])
        for s, end in enumerate(at):
            start = s * period
            waits = [settling_time(waves.time, one, start, float(end), tolerance) for one in nodes[-1]]
            settling.append(max(waits) if s else float("nan"))
            energy.append(supply_energy(waves.time, drain, technology.supply_voltage, start=start, stop=start + period))
    return NetworkReads(
        outputs=tuple(np.concatenate(one) for one in outputs),
        settling=np.asarray(settling),
        energy=np.asarray(energy),
        netlist_digests=tuple(netlist.digest for netlist in netlists),
    )


def neuron_transfer(
    neurons: NeuronParameters,
    technology: Technology,
    layer: LayerVoltages,
    simulator: Simulator,
    *,
    current: float,
    points: int = 81,
) -> xr.Dataset:
    """DC transfer of one neuron over the difference of its cells' currents (A).

    Gives `sum` and `output`, V about the reference. `sum` goes into the ReLU; without one it is the output.
    """
    bench = neuron_bench(neurons, technology, layer, current=current, points=points)
    netlist = render_netlist(bench)
    waves = simulator.run(netlist)
    output = np.real(waves.signals["v(out)"]) - neurons.reference
    summed = np.real(waves.signals["v(xn.z)"]) - neurons.reference if layer.rectified else output
    return xr.Dataset(
        {
            "sum": ("current", summed, {"unit": "V"}),
            "output": ("current", output, {"unit": "V"}),
            "netlist_digest": ((), netlist.digest),
        },
        coords={"current": ("current", np.real(waves.signals["v(d)"]), {"unit": "A"})},
        attrs={"bench": bench.name},
    )


def gain_for(
    neurons: NeuronParameters,
    technology: Technology,
    layer: LayerVoltages,
    simulator: Simulator,
    *,
    resistance: float,
) -> LayerVoltages:
    """The layer with the gain that gives its neurons a transresistance (ohm), loads included, by two runs.

    Raises:
        InputError: a resistance that the neuron cannot have.
    """
    if not (np.isfinite(resistance) and resistance > 0):
        raise InputError(f"the transresistance of a layer must be above 0 ohm, found {resistance:g}")
    tried = replace(layer, gain=resistance / neurons.load(layer.n_inputs))
    for _ in range(2):
        small = 0.05 / resistance
        found = neuron_transfer(neurons, technology, tried, simulator, current=small, points=5)
        slope = float(np.polyfit(found["current"].values, found["sum"].values, 1)[0])
        tried = replace(tried, gain=tried.gain * resistance / abs(slope))
    return tried
