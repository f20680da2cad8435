"""A deck in which exported blocks work together: a column of cells and its converter."""

from __future__ import annotations

import numpy as np

from pycosim.checks import Array
from pycosim.export.converter import CONVERTER_PINS
from pycosim.export.source import Source
from pycosim.units import format_quantity

_SUPPLY, _START, _WINDOW = 0.9, 3e-9, 15e-9  # V, s, s
_EDGE = 50e-12
_CODES = (15, 9, 12, 7, 0, 3, 11, 14)
_LEVELS = (7, 7, 6, 5, 7, 1, 4, 7)


def column_deck(cell_text: str, converter_text: str, *, cell: Source, converter: Source) -> str:
    """A whole deck: eight cells with stored levels, pulses of the read word lines, clocks, converter.

    Args:
        cell_text: the exported subcircuit of the cell.
        converter_text: of the converter.
        cell: the cell's model, for its name and what it expects.
        converter: the converter's model.
    """
    low, high = cell.model.domain[1].low, cell.model.domain[1].high
    levels = np.clip(np.array(_LEVELS) * _SUPPLY / 7, low, high)
    widths = np.minimum(np.array(_CODES) * 1e-9, cell.model.domain[0].high)
    release = _START + _WINDOW + 0.5e-9
    opening = release + 1e-9
    lines = [
        f"column of {len(_CODES)} exported cells and their converter",
        f"* {_expectation(cell, converter, widths, levels)}",
        *cell_text.splitlines(),
        *converter_text.splitlines(),
        f"Vdd vdd 0 {_SUPPLY}",
        f"Vref ref 0 {_SUPPLY / 2}",
        f"Vvrst vrst 0 {_SUPPLY / 2}",
        "Vwwl wwl 0 -0.2",
        f"Vwwlb wwlb 0 {_SUPPLY + 0.2}",
        f"Von on 0 {_pulse(_START - 1.5e-9, release, 0.0, _SUPPLY)}",
        f"Vrst rst 0 {_pulse(0.1e-9, _START - 0.2e-9, 0.0, _SUPPLY)}",
        f"Vwindow window 0 {_pulse(opening, opening + 15e-9, 0.0, _SUPPLY)}",
        *(f"V{clock} {clock} 0 0" for clock in CONVERTER_PINS if clock in _UNUSED),
        f"Xconverter {' '.join(CONVERTER_PINS)} {converter.name}",
        "Cpulse pulse 0 5e-15",
        "Csign sign 0 5e-15",
    ]
    for k, (width, level) in enumerate(zip(widths, levels, strict=True)):
        lines += [
            f"Vrwlp{k} rwlp{k} 0 {_pulse(_START, _START + width, _SUPPLY / 2, _SUPPLY)}",
            f"Vrwln{k} rwln{k} 0 {_pulse(_START, _START + width, _SUPPLY / 2, 0.0)}",
            f"Xc{k} rbl rwlp{k} rwln{k} ref wwl wwlb sn{k} vdd {cell.name}",
            f".ic v(sn{k})={level:.9g}",
        ]
    return "\n".join(
        [
            *lines,
            f".ic v(integral)={_SUPPLY / 2}",
            ".options reltol=1e-4 method=gear",
            ".save v(pulse) v(rbl) v(integral)",
            ".print tran v(pulse) v(integral)",
            f".tran 1e-10 {opening + 16.5e-9:.9g} 0 1e-10",
            ".end",
            "",
        ]
    )


_UNUSED = ("vddb", "vcn", "vcp", "onb", "rstb", "cmp", "cmpb", "dis", "disb", "latch", "latchb")


def _expectation(cell: Source, converter: Source, widths: Array, levels: Array) -> str:
    charge = float(cell.model.charge(widths, levels).sum())
    (domain,) = converter.model.domain
    width = abs(float(converter.model.pulse_width(min(max(charge, domain.low), domain.high))))
    return (
        f"the models say: {format_quantity(charge, 'C', 6)} and a pulse of {format_quantity(width, 's', 6)} at v(pulse)"
    )


def _pulse(start: float, end: float, idle: float, active: float) -> str:
    if end <= start:
        return f"{idle:g}"
    points = ((0.0, idle), (start, idle), (start + _EDGE, active), (end, active), (end + _EDGE, idle))
    return "pwl(" + " ".join(f"{time:.9g} {level:g}" for time, level in points) + ")"
