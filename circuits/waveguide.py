"""A waveguide: loss, a fixed phase and the delay of its group velocity; and a phase shifter that a voltage moves."""

from __future__ import annotations

from PySpice.Spice.Netlist import Netlist as SpiceScope

from circuits.optical_field import (
    SPEED_OF_LIGHT,
    add_superposition,
    amplitude_of_loss,
    field_nodes,
    number,
    turned,
)
from circuits.photonic_platform import PhotonicPlatform
from circuits.quantities import check_quantity
from circuits.white_noise import add_noiseless_resistor

LINE_IMPEDANCE = 50.0
"""Of the lossless line that delays a field (ohm); it cancels."""


def group_delay(length: float, platform: PhotonicPlatform) -> float:
    """Time that light takes through a waveguide of this length (m), in s."""
    return length * platform.group_index / SPEED_OF_LIGHT


def add_waveguide(
    scope: SpiceScope,
    name: str,
    source: str,
    output: str,
    length: float,
    platform: PhotonicPlatform,
    *,
    phase: float = 0.0,
    lossless: bool = False,
) -> None:
    """Add a waveguide.

    A field is delayed by a lossless line that ends in its own impedance, a resistor without noise.

    Args:
        scope: circuit that receives it.
        name: of its elements.
        source: port that goes in.
        output: port that comes out.
        length: m; 0 for a place without delay.
        platform: gives loss and group index.
        phase: of the carrier (rad); what of it follows from the length is not counted.
        lossless: where the loss is counted elsewhere, with the modulators whose delay this is.

    Raises:
        CircuitError: a length or phase that is none.
    """
    check_quantity(f"length of the waveguide {name}", length, "m", 0.0, 10.0)
    coefficient = turned(phase) * (1.0 if lossless else amplitude_of_loss(length * platform.loss))
    if length == 0:
        add_superposition(scope, name, output, [(source, coefficient)])
        return
    begin = f"{name}_begin"
    add_superposition(scope, name, begin, [(source, coefficient)])
    for head, end in zip(field_nodes(begin), field_nodes(output), strict=True):
        part = head[-2:]
        scope.TransmissionLine(
            f"{name}_{part}", head, 0, end, 0, impedance=LINE_IMPEDANCE, time_delay=group_delay(length, platform)
        )
        add_noiseless_resistor(scope, f"{name}_{part}", (end, "0"), LINE_IMPEDANCE)


def add_phase_shifter(
    scope: SpiceScope, name: str, source: str, output: str, phase_node: str, *, share: float = 1.0, loss: float = 0.0
) -> None:
    """Add a phase shifter: E_out = sqrt(10^(-loss/10)) exp(i share phase) E_in.

    Args:
        scope: circuit that receives it.
        name: of its elements.
        source: port that goes in.
        output: port that comes out.
        phase_node: node whose voltage is the phase (rad).
        share: factor on that phase; push-pull arms have 1/2 and -1/2.
        loss: dB.

    Raises:
        CircuitError: a share or loss that is none.
    """
    check_quantity(f"share of the phase shifter {name}", share, "", -1e3, 1e3)
    (re, im), (out_re, out_im) = field_nodes(source), field_nodes(output)
    angle, amplitude = f"{number(share)}*v({phase_node})", number(amplitude_of_loss(loss))
    scope.B(f"{name}_re", out_re, 0, v=f"{amplitude}*(v({re})*cos({angle})-v({im})*sin({angle}))")
    scope.B(f"{name}_im", out_im, 0, v=f"{amplitude}*(v({re})*sin({angle})+v({im})*cos({angle}))")
