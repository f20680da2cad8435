"""A photodiode: a current that follows the power, dark current, capacitance, and shot noise of both currents."""

from __future__ import annotations

from math import sqrt

from PySpice.Spice.Netlist import Netlist as SpiceScope

from circuits.optical_field import number, power_expression
from circuits.photonic_platform import PhotonicPlatform
from circuits.quantities import check_quantity
from circuits.white_noise import ELEMENTARY_CHARGE, Realisation, add_unit_noise


def add_photodiode(
    scope: SpiceScope,
    name: str,
    source: str,
    nodes: tuple[str, str],
    platform: PhotonicPlatform,
    realisation: Realisation | None = None,
) -> None:
    """Add a photodiode: I = R |E|^2 + I_dark + sqrt(2 q (R |E|^2 + I_dark)) w, w white of density 1 per hertz.

    Args:
        scope: circuit that receives it.
        name: of its elements and nodes.
        source: port that falls on it.
        nodes: cathode, out of which the current is drawn, and anode, into which it flows.
        platform: responsivity R, dark current, capacitance.
        realisation: of the noise in a transient.

    Raises:
        CircuitError: a responsivity that is none.
    """
    check_quantity(f"responsivity of {name}", platform.responsivity, "A/W", 1e-3, 10.0)
    unit = add_unit_noise(scope, f"{name}_shot", platform.technology.temperature, realisation)
    current = f"{name}_current"
    light = f"{number(platform.responsivity)}*{power_expression(source)}+{number(platform.dark_current)}"
    scope.B(f"{name}_light", current, 0, v=light)
    shot = f"{number(sqrt(2 * ELEMENTARY_CHARGE))}*sqrt(max(v({current}),{number(platform.dark_current)}))*{unit}"
    scope.B(name, *nodes, i=f"v({current})+{shot}")
    scope.C(name, *nodes, platform.capacitance)
