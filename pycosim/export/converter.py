"""A charge-to-pulse converter as a circuit block: charge of the bit line in the window -> a pulse, by the clocks."""

from __future__ import annotations

import numpy as np

from pycosim.errors import InputError
from pycosim.export.block import (
    Block,
    Capacitor,
    Current,
    Parameter,
    Part,
    Resistor,
    Signal,
    Table,
    bleed,
    clipped,
    driven,
    number,
)
from pycosim.export.sampled import sample
from pycosim.export.storage import SUPPLY, outside_of
from pycosim.models.converter import ConverterModel, HardSigmoid, PulseTable, SignedPulse

CONVERTER_PINS = (
    "rbl", "integral", "pulse", "sign", "vdd", "vddb", "ref", "vrst", "vcn", "vcp", "on", "onb", "rst", "rstb",
    "cmp", "cmpb", "dis", "disb", "window", "latch", "latchb",
)  # fmt: skip
"""Those of the transistor-level converter, so that the block can take its place."""

PC, NS = 1e-12, 1e-9
_PARAMETERS = (
    SUPPLY,
    Parameter(name="c_integral", default=6e-12, unit="F", meaning="integrates the charge: v(integral)-v(vrst)"),
    Parameter(name="r_in", default=10.0, unit="ohm", meaning="between the bit line and ref"),
    Parameter(name="r_out", default=200.0, unit="ohm", meaning="of pulse and sign"),
    Parameter(name="fall_time", default=20e-12, unit="s", meaning="falling edge of the pulse"),
)


def converter_block(model: ConverterModel, name: str, tolerance: float) -> tuple[Block, dict[str, float]]:
    """Make the block of a converter.

    Args:
        model: a law or a table; a table with negative widths is a signed converter.
        name: of the subcircuit or module.
        tolerance: of a table, over its largest width.

    Returns:
        The block, and the error that its table adds: "pulse width" (s).

    Raises:
        InputError: for a converter model that is not known here.
    """
    law, error, signed = _law(model, tolerance)
    (charges,) = model.domain
    held = f"max({number(charges.low / PC)},@collected)" if np.isfinite(charges.low) else "@collected"
    held = f"min({number(charges.high / PC)},{held})" if np.isfinite(charges.high) else held
    signs: tuple[Part, ...] = (Resistor(start="sign", end="0", value="1e6"),)
    if signed:
        signs = driven("sign", "v(vdd)*@positive")
    guards = _count_outside(outside_of("@collected", charges, PC))
    parts: tuple[Part, ...] = (
        Resistor(start="rbl", end="ref", value="{r_in}"),
        Signal(name="collects", value=_logic("on") + "*(1-" + _logic("rst") + ")"),
        Signal(name="resets", value="max(" + _logic("rst") + ",1-u(now))"),
        Capacitor(start="integral", end="vrst", value="{c_integral}"),
        bleed("integral"),
        Current(start="vrst", end="integral", value="u(now)*@collects*(v(ref)-v(rbl))/{r_in}"),
        Current(start="integral", end="vrst", value="@resets*0.1*(v(integral)-v(vrst))"),
        Signal(name="collected", value=f"(v(integral)-v(vrst))*{{c_integral}}*{number(1 / PC)}"),  # pC
        Signal(name="charge", value=held),
        *law,  # @width, ns
        Signal(name="open", value=clipped("v(window)/{supply}", "0", "1")),
        Capacitor(start="open_time", end="0", value="1e-12"),  # 1 V for a nanosecond of the window
        bleed("open_time"),
        Current(start="0", end="open_time", value="1e-3*u(now)*@open"),
        Current(start="open_time", end="0", value="@resets*5e-3*v(open_time)"),
        Signal(name="magnitude", value="max(@width,-@width)"),
        Signal(name="lasts", value=clipped(f"0.5+(@magnitude-v(open_time))*{number(NS)}/{{fall_time}}", "0", "1")),
        Signal(name="shown", value=f"min(@open,@lasts)*{clipped('@magnitude*1e3', '0', '1')}"),
        *driven("pulse", "v(vdd)*@shown"),
        *((Signal(name="positive", value=clipped("1+@width*1e3", "0", "1")),) if signed else ()),
        *signs,
        *guards,
    )
    block = Block(
        name=name,
        pins=CONVERTER_PINS,
        internals=("open_time", *(("outside",) if guards else ())),
        parameters=_PARAMETERS,
        parts=parts,
        about=(
            "Charge-to-pulse converter: holds rbl at ref, collects the charge sunk from rbl while on is high and rst",
            "low, and answers with a pulse that begins with window and lasts as long as the model says"
            + (", with its sign." if signed else "."),
            "Clocks on, rst, window are used; the others, and vcn, vcp, vddb, are not connected.",
            f"Holds for {charges}. Beyond, the charge is held at the end of the range, and v(outside) of the",
            "instance counts the nanoseconds of such windows: it must stay 0.",
        ),
    )
    return block, {"pulse width": error}


def _logic(clock: str) -> str:
    """0 or 1 with a quick edge around half the supply."""
    return clipped(f"10*v({clock})/{{supply}}-4.5", "0", "1")


def _count_outside(beyond: list[str]) -> tuple[Part, ...]:
    if not beyond:
        return ()
    anywhere = "+".join(f"u({text})" for text in beyond)
    return (
        Capacitor(start="outside", end="0", value="1e-15"),
        Current(start="0", end="outside", value=f"1e-6*u(now)*@open*({anywhere})"),
        bleed("outside"),
    )


def _law(model: ConverterModel, tolerance: float) -> tuple[tuple[Part, ...], float, bool]:
    """Parts that give ``@width`` (ns) from ``@charge`` (pC); the error of a table (s); whether widths have a sign."""
    match model:
        case HardSigmoid():
            slope = model.gain * model.max_pulse_width / model.saturation_charge * PC / NS
            line = f"(@charge-({number(model.offset / PC)}))*{number(slope)}"
            return (Signal(name="width", value=clipped(line, "0", number(model.max_pulse_width / NS))),), 0.0, False
        case SignedPulse():
            unit = model.max_pulse_width / model.saturation_charge * PC / NS
            longest = number(model.max_pulse_width / NS)
            gains = f"(@excess>0?{number(model.positive_gain * unit)}:{number(model.negative_gain * unit)})"
            law: tuple[Part, ...] = (
                Signal(name="excess", value=f"@charge-({number(model.offset / PC)})"),
                Signal(name="width", value=clipped(f"@excess*{gains}", f"(-{longest})", longest)),
            )
            return law, 0.0, True
        case PulseTable():
            low, high = (float(end) / PC for end in model.charges[[0, -1]])
            curves = sample(lambda charge: model.pulse_width(charge * PC)[:, None] / NS, low, high, tolerance)
            table = Table(name="width", x=curves.nodes, y=curves.values[0])
            signed = bool(model.pulse_widths.min() < 0)
            return (Signal(name="width", value="@charge", table=table),), curves.error * NS, signed
        case _:
            raise InputError(f"no circuit is known for the converter {type(model).__name__}; export it as npz or csv")
