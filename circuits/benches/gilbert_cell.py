"""Benches of a Gilbert cell with its loads: DC surface, response, noise, sine and step, MOS and bipolar alike.

Both ports are driven through one control source each: node `x` is the upper port's differential voltage, `y` the lower
port's. A port is driven about its level: both sides by half (differential), or one side by all of it (single-ended), as
the input of a layer is, whose other side rests on a reference.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySpice.Spice.Netlist import Circuit

from circuits.analyses import AcSweep, Frequencies, Noise
from circuits.bipolar_gilbert_cell import BipolarGilbertParameters
from circuits.errors import CircuitError
from circuits.gilbert_cell import GilbertCellParameters
from circuits.quantities import check_count, check_quantity
from circuits.technology import Technology
from circuits.testbench import DcSweep, SourceSweep, Testbench, Transient

Multiplier = GilbertCellParameters | BipolarGilbertParameters

_HUNDREDTH = 0.02
"""By how many half steps a sweep ends later, so that rounding does not lose its last point."""

LARGEST_PORT_VOLTAGE = 5.0
"""Largest differential voltage at a port (V)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiplierBench:
    """A multiplier, its technology and its surroundings, shared by all benches here.

    Attributes:
        cell: MOS or bipolar.
        technology: its process.
        load_capacitance: at each output (F): wires and what comes next.
        single_ended: the lower port is driven on one side only.
    """

    cell: Multiplier
    technology: Technology
    load_capacitance: float = 100e-15
    single_ended: bool = False

    def circuit(self, title: str, x: str | float = 0.0, y: str | float = 0.0) -> Circuit:
        """The cell with loads, supply and both ports; `x` and `y` are values or sources of the control nodes."""
        cell, technology = self.cell, self.technology
        check_quantity("capacitance at each output", self.load_capacitance, "F", 1e-18, 1e-6)
        circuit = Circuit(title)
        for one in cell.subcircuits(technology):
            circuit.subcircuit(one)
        circuit.V("dd", "vdd", 0, technology.supply_voltage)
        circuit.V("x", "x", 0, x)
        circuit.V("y", "y", 0, y)
        circuit.V("u", "u", 0, cell.upper_level)
        circuit.V("l", "l", 0, cell.lower_level)
        circuit.VCVS("up", "up", "u", "x", 0, 0.5)
        circuit.VCVS("un", "un", "u", "x", 0, -0.5)
        circuit.VCVS("lp", "lp", "l", "y", 0, 1.0 if self.single_ended else 0.5)
        circuit.VCVS("ln", "ln", "l", "y", 0, 0.0 if self.single_ended else -0.5)
        circuit.X("bias", "gilbert_bias", "bias", "vdd")
        circuit.X("cell", "gilbert_cell", "outp", "outn", "up", "un", "lp", "ln", "bias")
        for side in ("outp", "outn"):
            circuit.R(side, "vdd", side, cell.load)
            circuit.C(side, side, 0, self.load_capacitance)
        circuit.VCVS("out", "out", 0, "outp", "outn", 1.0)
        return circuit

    def surface(self, *, upper: float, lower: float, points: int) -> Testbench:
        """DC output over both ports, `points` values from -range to range each (V); the upper one runs fastest.

        Probes `v(out)` = v(outp) - v(outn) and `i(vdd)`.

        Raises:
            CircuitError: a range that is none, or fewer than three points.
        """
        for what, value in (("upper", upper), ("lower", lower)):
            check_quantity(f"range of the {what} port", value, "V", 1e-6, LARGEST_PORT_VOLTAGE)
        steps = check_count("points of each port, less one", points - 1, 1000)
        return Testbench(
            name="gilbert_dc",
            circuit=self.circuit("gilbert_dc"),
            analysis=DcSweep(
                inner=SourceSweep(
                    source="vx", start=-upper, stop=upper * (1 + _HUNDREDTH / steps), step=2 * upper / steps
                ),
                outer=SourceSweep(
                    source="vy", start=-lower, stop=lower * (1 + _HUNDREDTH / steps), step=2 * lower / steps
                ),
            ),
            probes=("v(out)", "v(outp)", "v(outn)", "i(vdd)"),
            technology=self.technology,
            parameters={"upper_range": upper, "lower_range": lower},
            options={"reltol": "1e-7", "vntol": "1e-9", "abstol": "1e-14"},
        )

    def response(self, *, port: str, other: float, stop: float = 1e11) -> Testbench:
        """Small-signal response from a port ("upper" or "lower") while the other stands at `other` (V).

        Probe `v(out)`, in V per V at the port.
        """
        driven = _port(port)
        held = {"x": other, "y": other}
        held[driven] = "DC 0 AC 1"  # type: ignore[assignment]
        return Testbench(
            name="gilbert_ac",
            circuit=self.circuit("gilbert_ac", held["x"], held["y"]),
            analysis=AcSweep(frequencies=Frequencies(start=1e3, stop=stop, per_decade=20)),
            probes=("v(out)",),
            technology=self.technology,
            parameters={"other_port": other},
            options={"reltol": "1e-5"},
        )

    def noise(self, *, x: float, y: float, stop: float = 1e10) -> Testbench:
        """Noise of the differential output with both ports at rest (V)."""
        return Testbench(
            name="gilbert_noise",
            circuit=self.circuit("gilbert_noise", f"DC {x:.9g} AC 1", y),
            analysis=Noise(output="out", source="vx", frequencies=Frequencies(start=1.0, stop=stop, per_decade=10)),
            probes=("onoise_spectrum",),
            technology=self.technology,
            parameters={"x": x, "y": y},
            options={"reltol": "1e-5"},
        )

    def sine(self, *, port: str, amplitude: float, other: float, frequency: float, periods: int = 2) -> Testbench:
        """A sine at one port, the other at rest: distortion; the last whole period is to be analysed.

        Probes `v(out)`, `v(x)`, `v(y)`.
        """
        driven = _port(port)
        check_quantity("amplitude of the sine", amplitude, "V", 1e-6, LARGEST_PORT_VOLTAGE)
        check_quantity("frequency of the sine", frequency, "Hz", 1.0, 1e12)
        held: dict[str, str | float] = {"x": other, "y": other}
        held[driven] = f"sin(0 {amplitude:.9g} {frequency:.9g})"
        period = 1.0 / frequency
        return Testbench(
            name="gilbert_sine",
            circuit=self.circuit("gilbert_sine", held["x"], held["y"]),
            analysis=Transient(step=period / 128, stop=periods * period, max_step=period / 128),
            probes=("v(out)", "v(x)", "v(y)"),
            technology=self.technology,
            parameters={"amplitude": amplitude, "other_port": other, "frequency": frequency},
            options={"reltol": "1e-7", "vntol": "1e-9", "abstol": "1e-14"},
        )

    def step(self, *, port: str, amplitude: float, other: float, duration: float = 20e-9) -> Testbench:
        """A step from -amplitude to amplitude at one port after a tenth of `duration` (s): slew and settling.

        Probes `v(out)` and `i(vdd)`.
        """
        driven = _port(port)
        check_quantity("amplitude of the step", amplitude, "V", 1e-6, LARGEST_PORT_VOLTAGE)
        check_quantity("duration of the step", duration, "s", 1e-12, 1.0)
        held: dict[str, str | float] = {"x": other, "y": other}
        begin = duration / 10
        held[driven] = (
            f"pwl(0 {-amplitude:.9g} {begin:.9g} {-amplitude:.9g} "
            f"{begin + duration / 1000:.9g} {amplitude:.9g} {duration:.9g} {amplitude:.9g})"
        )
        return Testbench(
            name="gilbert_step",
            circuit=self.circuit("gilbert_step", held["x"], held["y"]),
            analysis=Transient(step=duration / 1000, stop=duration, max_step=duration / 500),
            probes=("v(out)", "i(vdd)"),
            technology=self.technology,
            parameters={"amplitude": amplitude, "other_port": other, "step_start": begin},
        )


def _port(port: str) -> str:
    """The control node of a port."""
    nodes = {"upper": "x", "lower": "y"}
    if port not in nodes:
        raise CircuitError(f"a multiplier has the ports upper and lower, not {port!r}")
    return nodes[port]
