"""What the logic behind the read-out switches: gates counted, the energy of one simulated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from circuits.benches.cell import CELLS_PER_LINE
from circuits.benches.gate import GATE_PERIOD, gate_bench
from circuits.testbench import render_netlist
from pycosim.studies.study import Laboratory
from pycosim.waveforms import supply_energy


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitalEstimate:
    """How much logic a token switches, in gates (ours, before synthesis).

    Attributes:
        gates_per_flip_flop: gate outputs that switch when a flip-flop changes, its clock included.
        toggles_per_count: flip-flops of a ripple counter that change per count: 1 + 1/2 + 1/4 + ... = 2.
        gates_per_adder_bit: gates of a full adder.
        adder_bits: width of the tile sums: 5 bits with sign, and 4 more for 16 tiles.
        activity: share of the adder's gates that switch.
    """

    gates_per_flip_flop: int = 8
    toggles_per_count: float = 2.0
    gates_per_adder_bit: int = 6
    adder_bits: int = 9
    activity: float = 0.5

    def switched_gates(self, mean_counts: float, n_tiles: int) -> float:
        """Gates that switch up and down for one token of one head: counters, adders between tiles, output register."""
        counters = CELLS_PER_LINE * n_tiles * mean_counts * self.toggles_per_count / 2 * self.gates_per_flip_flop
        adders = CELLS_PER_LINE * (n_tiles - 1) * self.adder_bits * self.gates_per_adder_bit * self.activity / 2
        register = CELLS_PER_LINE * self.adder_bits * self.gates_per_flip_flop * self.activity
        return counters + adders + register


def gate_energy(lab: Laboratory) -> float:
    """Energy of one NAND output going up and down, with its fan-out and wire (J)."""
    bench = gate_bench(lab.design.technology)
    waves = lab.simulator.run(render_netlist(bench))
    cycles = int(bench.parameters["n_cycles"]) - 1  # the first cycle finds the load uncharged
    start = 0.25e-9 + GATE_PERIOD
    energy = supply_energy(
        waves.time,
        np.real(waves.signals["i(vdd)"]),
        lab.design.technology.supply_voltage,
        start,
        start + cycles * GATE_PERIOD,
    )
    return energy / cycles
