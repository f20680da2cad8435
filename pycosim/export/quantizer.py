"""A quantizer as a circuit block: a voltage that stands for a value -> the nearest level."""

from __future__ import annotations

from pycosim.export.block import Block, Parameter, Signal, clipped, driven, number
from pycosim.models.quantizer import Quantizer


def quantizer_block(model: Quantizer, name: str) -> Block:
    """Make the block of a quantizer; ``unit`` says what 1 V stands for."""
    step = (model.high - model.low) / (model.n_levels - 1)
    place = f"floor((v(value)*{{unit}}-({number(model.low)}))/{number(step)}+0.5)"
    return Block(
        name=name,
        pins=("value", "level"),
        internals=(),
        parameters=(
            Parameter(name="unit", default=1.0, unit="", meaning="value that 1 V stands for: 1e-9 for nanoseconds"),
            Parameter(name="r_out", default=1.0, unit="ohm", meaning="of the output"),
        ),
        parts=(
            Signal(name="code", value=clipped(place, "0", str(model.n_levels - 1))),
            Signal(name="nearest", value=f"(({number(model.low)})+@code*{number(step)})/{{unit}}"),
            *driven("level", "@nearest"),
        ),
        about=(
            f"Nearest of {model.n_levels} levels from {model.low:g} to {model.high:g}; beyond them, the end level.",
            "Half a step goes to the level above (in the model: to the even one).",
        ),
    )
