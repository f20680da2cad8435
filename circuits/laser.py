"""A laser: a field of constant power with relative intensity noise, all of it in the real part."""

from __future__ import annotations

from math import sqrt

from PySpice.Spice.Netlist import Netlist as SpiceScope

from circuits.optical_field import field_nodes, number
from circuits.photonic_platform import PhotonicPlatform
from circuits.quantities import check_quantity
from circuits.white_noise import Realisation, add_unit_noise


def add_laser(
    scope: SpiceScope,
    name: str,
    output: str,
    power: float,
    platform: PhotonicPlatform,
    realisation: Realisation | None = None,
) -> None:
    """Add a laser: E = sqrt(P (1 + sqrt(RIN) w)), w white of density 1 per hertz.

    Args:
        scope: circuit that receives it.
        name: of its elements.
        output: port that it drives.
        power: P (W).
        platform: gives RIN, one-sided (1/Hz), taken as white: below a laser's relaxation resonance it is.
        realisation: of the noise in a transient.

    Raises:
        CircuitError: a power that is none.
    """
    check_quantity(f"power of the laser {name}", power, "W", 1e-12, 10.0)
    re, im = field_nodes(output)
    noise = platform.relative_intensity_noise
    text = number(sqrt(power))
    if noise > 0:
        unit = add_unit_noise(scope, f"{name}_rin", platform.technology.temperature, realisation)
        text = f"{text}*sqrt(max(1+{number(sqrt(noise))}*{unit},1e-6))"
    scope.B(f"{name}_re", re, 0, v=text)
    scope.V(f"{name}_im", im, 0, 0)
