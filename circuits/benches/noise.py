"""Benches of noise: a column or converter frozen at one moment of its plan, where `.noise` can linearise it.

A noise analysis stands at a DC operating point, but the circuit goes through phases. So every source of an ordinary
bench is replaced by its value at the wanted moment, nodes that hold a charge are driven to their voltage, and where a
current is wanted, a noiseless clamp takes it from its node. The way back, from a density to a transient, is a bench
with currents added to its nodes.

A driven storage node does not wander: the shot noise of its leak, which does move it between write and read, is not in
these spectra.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from PySpice.Spice.Netlist import Circuit

from circuits.analyses import Frequencies, Noise, OperatingPoint
from circuits.errors import CircuitError
from circuits.identifiers import check_identifier
from circuits.quantities import check_quantity
from circuits.stimuli import piecewise_linear
from circuits.testbench import DcSweep, Testbench
from circuits.timing import LONGEST_TIME

CLAMP = "vclamp"
"""Element name of the source that holds a node; its AC value is 1."""

CLAMPED_CURRENT = "clampcurrent"
"""Node whose voltage (V) is the current (A) out of the clamped node."""

STIMULUS = "iinput"
"""Element name of the current source of `input_node`; its AC value is 1."""

_POINTS = re.compile(r"pwl\((.*)\)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """One moment of a bench.

    Attributes:
        time: when (s); every source stands at its value there.
        clamp: a node and the voltage that a stiff source of AC value 1 keeps it at, None for none.
        driven: node -> voltage (V) of further nodes with a stiff source: those that hold a charge.
        input_node: node that a current source of no current, but of AC value 1, feeds; None for none.
        overrides: source -> value (V or A) instead of that at `time`.
    """

    time: float
    clamp: tuple[str, float] | None = None
    driven: Mapping[str, float] = field(default_factory=dict)
    input_node: str | None = None
    overrides: Mapping[str, float] = field(default_factory=dict)


def frozen_bench(
    bench: Testbench,
    moment: Frozen,
    *,
    analysis: Noise | OperatingPoint | DcSweep,
    probes: tuple[str, ...],
    name: str,
) -> Testbench:
    """A bench as it stands at one moment, with another analysis.

    Args:
        bench: freshly made; its circuit is changed.
        moment: the moment and what is done to the nodes.
        analysis: noise, the operating point, or a sweep of a source.
        probes: what is recorded.
        name: name of the netlist.

    Raises:
        CircuitError: a time, voltage or name that is none, or an override of a source that is not there.
    """
    check_quantity("moment", moment.time, "s", 0.0, LONGEST_TIME)
    circuit = bench.circuit
    _freeze(circuit, moment)
    for node, voltage in moment.driven.items():
        plain = check_identifier(node, "driven node").replace(".", "_")
        circuit.V(f"driven_{plain}", node, 0, check_quantity(f"voltage of {node}", voltage, "V"))
    if moment.clamp is not None:
        node, voltage = moment.clamp
        check_quantity(f"voltage of {node}", voltage, "V")
        circuit.V(CLAMP[1:], check_identifier(node, "clamped node"), 0, f"{voltage:.9g} ac 1")
        circuit.H("clampcurrent", CLAMPED_CURRENT, 0, f"V{CLAMP[1:]}", 1.0)
        circuit.R("clampcurrent", CLAMPED_CURRENT, 0, 1e3)  # across a voltage source: no noise
    if moment.input_node is not None:
        circuit.I(STIMULUS[1:], check_identifier(moment.input_node, "input node"), 0, "0 ac 1")
    return replace(
        bench,
        name=name,
        analysis=analysis,
        probes=probes,
        parameters={**bench.parameters, "moment": moment.time},
        initial_voltages={},
    )


def with_currents(bench: Testbench, currents: Mapping[str, Sequence[tuple[float, float]]]) -> Testbench:
    """A transient bench with a current drawn from some of its nodes, as a noise that was drawn beforehand.

    Args:
        bench: freshly made; its circuit is changed.
        currents: node -> points (s, A); positive is drawn from the node.

    Raises:
        CircuitError: a name or points that are none.
    """
    for node, points in currents.items():
        plain = check_identifier(node, "node").replace(".", "_")
        bench.circuit.I(f"drawn_{plain}", node, 0, piecewise_linear(points))
    return bench


def current_noise(source: str, frequencies: Frequencies) -> Noise:
    """Noise of the clamped node's current, device by device."""
    return Noise(output=CLAMPED_CURRENT, source=source, frequencies=frequencies, contributions=True)


def _freeze(circuit: Circuit, moment: Frozen) -> None:
    """Every piece-wise linear source of the top level at its value; subcircuits hold constant sources only."""
    sources = {element.name.lower(): element for element in circuit.elements if element.name[0] in "VI"}
    if unknown := [name for name in moment.overrides if name not in sources]:
        raise CircuitError(f"{unknown[0]!r} is no source of the bench; there are {', '.join(sorted(sources)[:12])} ...")
    for name, element in sources.items():
        found = _POINTS.match(str(element.dc_value))
        if name in moment.overrides:
            element.dc_value = check_quantity(f"value of {name}", moment.overrides[name], "V or A")
        elif found is not None:
            element.dc_value = float(f"{_value_at([float(word) for word in found[1].split()], moment.time):.9g}")


def _value_at(points: list[float], time: float) -> float:
    """Value of a piece-wise linear source with the points t0 v0 t1 v1 ... at a time (s)."""
    times, values = points[::2], points[1::2]
    if time <= times[0]:
        return values[0]
    for k in range(1, len(times)):
        if time <= times[k]:
            share = (time - times[k - 1]) / (times[k] - times[k - 1])
            return values[k - 1] + share * (values[k] - values[k - 1])
    return values[-1]
