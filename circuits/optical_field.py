"""Light in a netlist: a field is two nodes, its real and imaginary part in sqrt(W); power is the sum of their squares.

    port "arm"  ->  nodes "arm_re" and "arm_im"

All fields are envelopes of one laser's carrier, so that they interfere. Whatever is linear in the fields (splitters,
combiners, couplers, fixed phases, losses, over any number of paths) is one superposition with complex coefficients.
Behavioural sources have no noise of their own; noise comes in at the laser and the photodiode (`circuits.white_noise`).
"""

from __future__ import annotations

import cmath
from collections.abc import Sequence
from math import isfinite, pi

from PySpice.Spice.Netlist import Netlist as SpiceScope

from circuits.errors import CircuitError
from circuits.identifiers import check_identifier
from circuits.quantities import check_quantity

SPEED_OF_LIGHT = 299_792_458.0
"""In vacuum (m/s)."""

FIELD_OPTIONS = {"reltol": "1e-5", "abstol": "1e-12", "vntol": "1e-9", "chgtol": "1e-16", "method": "gear"}
"""Simulator options of optical benches: a field of 1 mW is 32 mV, of which ngspice's own 1 uV are 6e-5 of the power."""

TIGHT_OPTIONS = {**FIELD_OPTIONS, "reltol": "1e-8", "vntol": "1e-12", "abstol": "1e-15"}
"""For static transfers that are compared with a closed form."""


def field_nodes(port: str) -> tuple[str, str]:
    """The nodes of a field's real and imaginary part.

    Raises:
        CircuitError: a port whose name is none.
    """
    check_identifier(port, "optical port")
    return f"{port}_re", f"{port}_im"


def number(value: float) -> str:
    """A number as behavioural sources get it: 12 digits, in brackets where it is negative."""
    if not isfinite(value):
        raise CircuitError(f"a number of a behavioural source must be finite, found {value!r}")
    return f"{value:.12g}" if value >= 0 else f"({value:.12g})"


def power_expression(port: str) -> str:
    """The power of a field (W), for a behavioural source."""
    re, im = field_nodes(port)
    return f"(v({re})*v({re})+v({im})*v({im}))"


def amplitude_of_loss(loss: float) -> float:
    """What a loss in dB leaves of a field.

    Raises:
        CircuitError: a loss that is none, or a gain.
    """
    return float(10.0 ** (-check_quantity("optical loss", loss, "dB", 0.0, 300.0) / 20.0))


def add_superposition(scope: SpiceScope, name: str, output: str, terms: Sequence[tuple[str, complex]]) -> None:
    """Add a field that is a sum of others with complex coefficients.

    Args:
        scope: circuit that receives it.
        name: of its two sources.
        output: port that is driven.
        terms: (port, coefficient) of each part.

    Raises:
        CircuitError: no terms, or a coefficient that is none.
    """
    if not terms:
        raise CircuitError(f"superposition {name}: no terms; give (port, coefficient) of at least one field")
    real, imaginary = [], []
    for port, coefficient in terms:
        if not cmath.isfinite(coefficient):
            raise CircuitError(f"superposition {name}: the coefficient of {port} must be finite, found {coefficient}")
        re, im = field_nodes(port)
        a, b = complex(coefficient).real, complex(coefficient).imag
        real += _products(((a, re), (-b, im)))
        imaginary += _products(((a, im), (b, re)))
    for node, parts in zip(field_nodes(output), (real, imaginary), strict=True):
        scope.B(f"{name}_{node[-2:]}", node, 0, v="+".join(parts) or "0")


def _products(pairs: Sequence[tuple[float, str]]) -> list[str]:
    return [f"{number(factor)}*v({node})" for factor, node in pairs if factor != 0.0]


def turned(phase: float) -> complex:
    """The coefficient of a phase (rad), exact at whole quarter turns.

    Raises:
        CircuitError: a phase that is none.
    """
    check_quantity("optical phase", phase, "rad", -1e6, 1e6)
    quarters = phase / (pi / 2)
    if quarters == round(quarters):
        return (1, 1j, -1, -1j)[round(quarters) % 4]
    return cmath.exp(1j * phase)
