"""The radio-frequency driver of a modulator: gain, one pole, saturation, and an output that matches the electrode."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

from PySpice.Spice.Netlist import Netlist as SpiceScope

from circuits.optical_field import number
from circuits.quantities import check_quantity
from circuits.white_noise import Realisation, add_noiseless_resistor, add_noisy_resistor


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverParameters:
    """Sizes of the driver (ours).

    Attributes:
        gain: from the input to a matched load.
        bandwidth: of its pole (Hz).
        saturation: largest voltage at a matched load (V); the law is a hyperbolic tangent.
        output_resistance: ohm.
        input_noise_resistance: resistor with the driver's input noise (ohm): 200 ohm are 50 ohm with a noise figure of
            7 dB.
    """

    gain: float = 4.2
    bandwidth: float = 40e9
    saturation: float = 6.0
    output_resistance: float = 50.0
    input_noise_resistance: float = 200.0


def add_modulator_driver(
    scope: SpiceScope,
    name: str,
    source: str,
    output: str,
    driver: DriverParameters,
    *,
    temperature: float,
    realisation: Realisation | None = None,
) -> None:
    """Add a driver.

    Args:
        scope: circuit that receives it.
        name: of its elements and nodes.
        source: input node, not loaded.
        output: node of the electrode.
        driver: sizes.
        temperature: deg C.
        realisation: of the noise in a transient.

    Raises:
        CircuitError: a size that is none.
    """
    check_quantity(f"gain of {name}", driver.gain, "", 1e-3, 1e6)
    check_quantity(f"bandwidth of {name}", driver.bandwidth, "Hz", 1.0, 1e14)
    check_quantity(f"saturation of {name}", driver.saturation, "V", 1e-3, 1e3)
    noisy, pole, inner = f"{name}_in", f"{name}_pole", f"{name}_emf"
    add_noisy_resistor(scope, noisy, (source, noisy), driver.input_noise_resistance, temperature, realisation)
    scope.VCCS(pole, 0, pole, noisy, 0, 1.0)
    add_noiseless_resistor(scope, pole, (pole, "0"), 1.0)
    scope.C(pole, pole, 0, 1.0 / (2 * pi * driver.bandwidth))
    top = number(driver.saturation)
    scope.B(inner, inner, 0, v=f"2*{top}*tanh({number(driver.gain / driver.saturation)}*v({pole}))")
    add_noisy_resistor(scope, f"{name}_out", (inner, output), driver.output_resistance, temperature, realisation)
