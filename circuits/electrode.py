"""The travelling-wave electrode of a modulator: what of a driver's voltage the light sees along its way.

The electrode is written in the frame that travels with the light, in which a wave of the light's own speed stands
still: there it is a short line whose delay is the walk-off (n_rf - n_g) L / c alone. The light's own delay is the
waveguide's. The phase is the mean of the voltage along the line. Closed form, matched and continuous, with g = alpha L
+ i omega walk-off: response (1 - exp(-g)) / g; without loss |sinc(f walk-off)|.

Skin effect takes exp(-alpha L) with alpha ~ sqrt(f): three branches of a resistor and an inductor side by side, a
decade apart, in series, and their duals across the line, which keep its impedance what it is at every frequency.
"""

from __future__ import annotations

from itertools import pairwise
from math import log, pi, sin, sqrt

from PySpice.Spice.Netlist import Netlist as SpiceScope

from circuits.optical_field import SPEED_OF_LIGHT, number
from circuits.photonic_platform import PhotonicPlatform
from circuits.quantities import check_count, check_quantity
from circuits.white_noise import Realisation, add_noisy_resistor

SKIN_CORNERS = (3e9, 3e10, 3e11)
"""Corner frequencies of the branches of the skin effect (Hz)."""

_MEAN = pi / (2 * sin(3 * pi / 4)) / log(10)  # what such branches have of sqrt(f), on average

NEPER = 20.0 / log(10.0)
"""dB."""


def walk_off(length: float, platform: PhotonicPlatform) -> float:
    """Time by which the wave falls behind the light at the end of the electrode (s)."""
    return length * abs(platform.electrode_index - platform.group_index) / SPEED_OF_LIGHT


def add_electrode(
    scope: SpiceScope,
    name: str,
    source: str,
    length: float,
    platform: PhotonicPlatform,
    *,
    n_sections: int = 4,
    realisation: Realisation | None = None,
) -> str:
    """Add an electrode with its termination; returns an expression of the voltage that the light sees.

    Args:
        scope: circuit that receives it.
        name: of its elements and nodes.
        source: node of the driver's end.
        length: m.
        platform: impedance, index, loss.
        n_sections: of the ladder.
        realisation: of the termination's noise in a transient.

    Raises:
        CircuitError: a length or number of sections that is none.
    """
    check_quantity(f"length of the electrode {name}", length, "m", 1e-6, 1.0)
    sections, impedance = check_count(f"sections of the electrode {name}", n_sections, 1000), _impedance(platform)
    delay = walk_off(length, platform) / sections
    rise = impedance * platform.electrode_loss / NEPER * length / sections / _MEAN  # ohm / sqrt(Hz)
    nodes = [source, *(f"{name}_{k + 1}" for k in range(sections))]
    for k, (near, far) in enumerate(pairwise(nodes)):
        place = [near, *(f"{name}_{k}_{j}" for j in range(len(SKIN_CORNERS) - (not delay))), far]
        for j, corner in enumerate(SKIN_CORNERS):
            resistance = max(rise * sqrt(corner), 1e-2)
            inductance = resistance / (2 * pi * corner)
            scope.R(f"{name}_{k}_{j}", place[j], place[j + 1], resistance)
            scope.L(f"{name}_{k}_{j}", place[j], place[j + 1], inductance)
            scope.R(f"{name}_{k}_{j}d", far, f"{name}_{k}_{j}d", impedance**2 / resistance)
            scope.C(f"{name}_{k}_{j}d", f"{name}_{k}_{j}d", 0, inductance / impedance**2)
        if delay:
            scope.L(f"{name}_{k}", place[-2], far, impedance * delay)
            for end, node in (("a", near), ("b", far)):
                scope.C(f"{name}_{k}{end}", node, 0, delay / impedance / 2)
    add_noisy_resistor(scope, f"{name}_end", (nodes[-1], "0"), impedance, platform.technology.temperature, realisation)
    weights = [0.5, *[1.0] * (sections - 1), 0.5]
    return "(" + "+".join(f"{number(w / sections)}*v({node})" for w, node in zip(weights, nodes, strict=True)) + ")"


def _impedance(platform: PhotonicPlatform) -> float:
    return check_quantity("impedance of the electrode", platform.electrode_impedance, "ohm", 1.0, 1e3)
