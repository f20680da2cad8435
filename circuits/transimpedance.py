"""A transimpedance amplifier: an operational amplifier as a macromodel, with its feedback.

The amplifier has one pole: gain A_0 / (1 + s A_0 / (2 pi GBW)). With the capacitance C_in at its input the feedback R_f
has a second pole, and C_f makes the response maximally flat, with (2 pi f_3dB)^2 = 2 pi GBW / (R_f (C_in + C_f)); where
C_f is small against C_in, C_f = sqrt(C_in / (pi R_f GBW)) [textbook]. Noise: R_f, and a resistor in the amplifier's
input that stands for its input noise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi, sqrt

from PySpice.Spice.Netlist import Netlist as SpiceScope

from circuits.quantities import check_quantity
from circuits.white_noise import Realisation, add_noiseless_resistor, add_noisy_resistor

LEAST_LOAD = 0.9
"""Least R_f C_in 2 pi f of an amplifier made for a bandwidth. Below 0.59 no C_f makes it maximally flat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransimpedanceParameters:
    """Sizes of the amplifier (ours).

    Attributes:
        feedback_resistance: R_f (ohm): 0.5 V for 1 mA.
        gain_bandwidth: GBW (Hz).
        gain: A_0.
        input_capacitance: of the amplifier itself (F), beside that of the photodiode.
        input_noise_resistance: resistor with the amplifier's input noise (ohm): 50 ohm are 0.9 nV/sqrt(Hz).
    """

    feedback_resistance: float = 500.0
    gain_bandwidth: float = 16.1e9
    gain: float = 1e3
    input_capacitance: float = 20e-15
    input_noise_resistance: float = 50.0


def feedback_capacitance(amplifier: TransimpedanceParameters, source_capacitance: float) -> float:
    """C_f for a maximally flat response (F), with `source_capacitance` of the photodiode (F); 0 where it is flatter.

    C_f = sqrt(2 R_f C_in / w_g - 1 / w_g^2) / R_f with w_g = 2 pi GBW, exact for A_0 to infinity.
    """
    total = amplifier.input_capacitance + source_capacitance
    unity = 2 * pi * amplifier.gain_bandwidth
    square = 2 * amplifier.feedback_resistance * total / unity - 1 / unity**2
    return sqrt(max(square, 0.0)) / amplifier.feedback_resistance


def maximally_flat(bandwidth: float, source_capacitance: float, feedback_resistance: float) -> TransimpedanceParameters:
    """The amplifier with this bandwidth (Hz, -3 dB) and a maximally flat response, behind a photodiode (F).

    A slow one with a small capacitance at its input would have a single pole: it gets more capacitance there, so that
    R_f C_in 2 pi f is at least 0.9.

    Raises:
        CircuitError: a bandwidth or resistance that is none.
    """
    check_quantity("bandwidth of the amplifier", bandwidth, "Hz", 1.0, 1e13)
    check_quantity("feedback resistance", feedback_resistance, "ohm", 1.0, 1e9)
    plain = TransimpedanceParameters(feedback_resistance=feedback_resistance)
    corner = 2 * pi * bandwidth
    added = max(plain.input_capacitance, LEAST_LOAD / (feedback_resistance * corner) - source_capacitance)
    load = (added + source_capacitance) * feedback_resistance * corner
    share = (sqrt(2) - load + sqrt((sqrt(2) - load) ** 2 - 4 * (1 - sqrt(2) * load))) / 2  # of C_f, as R_f C_f 2 pi f
    return replace(plain, input_capacitance=added, gain_bandwidth=bandwidth * (load + share))


def add_transimpedance(
    scope: SpiceScope,
    name: str,
    source: str,
    output: str,
    amplifier: TransimpedanceParameters,
    *,
    source_capacitance: float,
    temperature: float,
    realisation: Realisation | None = None,
) -> None:
    """Add an amplifier: a current that is drawn out of `source` raises `output` by R_f A_0 / (1 + A_0) of it.

    Args:
        scope: circuit that receives it.
        name: of its elements and nodes.
        source: node of the current.
        output: node that is driven.
        amplifier: sizes.
        source_capacitance: of the photodiode (F), for which C_f is chosen.
        temperature: deg C.
        realisation: of the noise in a transient.

    Raises:
        CircuitError: a size that is none.
    """
    check_quantity(f"gain of {name}", amplifier.gain, "", 1.0, 1e9)
    check_quantity(f"gain-bandwidth product of {name}", amplifier.gain_bandwidth, "Hz", 1.0, 1e14)
    check_quantity(f"input capacitance of {name}", amplifier.input_capacitance, "F", 1e-18, 1e-6)
    scope.C(f"{name}_in", source, 0, amplifier.input_capacitance)
    pairs = (
        (f"{name}_input", (source, f"{name}_x"), amplifier.input_noise_resistance),
        (f"{name}_feedback", (source, output), amplifier.feedback_resistance),
    )
    for element, nodes, resistance in pairs:
        add_noisy_resistor(scope, element, nodes, resistance, temperature, realisation)
    scope.C(f"{name}_feedback", source, output, feedback_capacitance(amplifier, source_capacitance))
    scope.VCCS(f"{name}_gain", f"{name}_pole", 0, f"{name}_x", 0, amplifier.gain)
    add_noiseless_resistor(scope, f"{name}_pole", (f"{name}_pole", "0"), 1.0)
    scope.C(f"{name}_pole", f"{name}_pole", 0, amplifier.gain / (2 * pi * amplifier.gain_bandwidth))
    scope.VCVS(f"{name}_out", output, 0, f"{name}_pole", 0, 1.0)
