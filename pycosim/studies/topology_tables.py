"""Tables and the drawing of the study of topologies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from circuits.area import AreaRules
from pycosim.evaluate.document import Json
from pycosim.evaluate.drawing import INK, MUTED, SERIES, drawing_style, new_figure, plain
from pycosim.evaluate.quantities import show_quantity
from pycosim.studies.energy_floor import Floor
from pycosim.studies.numbers import number
from pycosim.studies.sigma import sigma_note
from pycosim.studies.study import Table
from pycosim.studies.topology_reads import BURST_CELLS, PUBLISHED_ENERGY, Found, column_energy

Array = NDArray[np.float64]

KINDS = ("spread", "transformer")
"""Sets of operands: fields of `Found`."""

PARTS = ("word_lines", "converter", "bias", "ramp")
"""Parts of the energy of a read."""


def circuit_table(found: Sequence[Found], figures: Mapping[str, Mapping[str, Json]]) -> Table:
    """Figures of both circuits side by side."""

    def row(title: str, key: str, unit: str) -> tuple[str, ...]:
        return (title, *(show_quantity(number(figures[one.topology.name][key]), unit) for one in found))

    def bursts(name: str) -> str:
        errors = figures[name]["burst_error_s"]
        return ", ".join(f"{number(e) * 1e9:+.2f}" for e in errors) if isinstance(errors, list) else ""

    def currents(name: str) -> str:
        values = figures[name]["static_current_corners_a"]
        return ", ".join(f"{number(i) * 1e6:.0f}" for i in values) if isinstance(values, list) else ""

    n, n_dies = found[0].spread.sizes["sample"], found[0].lines.sizes["seed"]
    return Table(
        title="Two charge-to-pulse circuits",
        header=("figure", *(one.topology.label for one in found)),
        rows=(
            row(f"error of {n} columns of 64 cells, rms", "column_error_rms_s", "s"),
            row("the same, largest", "column_error_max_s", "s"),
            row("the unclipped ones after one gain and one offset for all, rms", "column_error_trimmed_rms_s", "s"),
            row("deviation from a line with a known charge, rms", "linearity_rms_s", "s"),
            (
                f"error with {', '.join(str(k) for k in BURST_CELLS)} cells at the top level for 1 ns, ns",
                *(bursts(one.topology.name) for one in found),
            ),
            row("supply current while it integrates nothing", "static_current_a", "A"),
            ("the same at the corners, uA", *(currents(one.topology.name) for one in found)),
            row("largest change of a known charge's pulse at the corners", "corner_shift_s", "s"),
            row("longest input to pulse, as clocked", "delay_s", "s"),
            row("drawn capacitors", "capacitance_f", "F"),
            ("area", *(f"{1e12 * number(figures[one.topology.name]['area_m2']):.0f} um²" for one in found)),
            row(f"sigma of offset, {n_dies} dies, untrimmed", "sigma_offset_s", "s"),
            ("sigma of gain", *(f"{100 * number(figures[one.topology.name]['sigma_gain']):.2f} %" for one in found)),
        ),
        note="Errors are against the sum of the cells' charges, clipped. Area: devices by the rules of the area table, "
        f"capacitors at {1e3 * AreaRules().capacitor_density:g} fF/um²; what a tile has once is left out. "
        f"Mismatch is that of transistors; capacitors are drawn as equal. {sigma_note(n_dies)}",
    )


def energy_table(found: Sequence[Found], floors: Sequence[Floor]) -> Table:
    """Energy of one read, part by part, against the floors and the published figure."""
    rows = []
    for floor, operands, kind in zip(floors, ("spread over the range", "the transformer's"), KINDS, strict=True):
        for one in found:
            energy = column_energy(getattr(one, kind))
            verdict = "met" if energy["sum"] <= PUBLISHED_ENERGY else "missed"
            parts = (floor.dissipated, floor.drawn, *(energy[key] for key in (*PARTS, "sum")))
            rows.append((operands, one.topology.label, *(f"{e * 1e12:.3f}" for e in parts), verdict))
    header = ("operands", "circuit", "dissipated in cells", "drawn by cells", "word lines", "converter", "bias", "ramp")
    return Table(
        title="Energy of one read of one column, pJ",
        header=(*header, "sum", f"published {PUBLISHED_ENERGY * 1e12:.2f} pJ"),
        rows=tuple(rows),
        note="Dissipated in cells: half the supply times the sum of the cells' charges without their signs. Each falls "
        "by that much between its word line and the bit line: no circuit that holds the bit line goes below. Drawn by "
        "cells: the supply times the charge that the upper word lines give, and half of it times a net charge that the "
        "bit line must be given: the least that such a circuit draws where no reference takes energy back. Bias and "
        "ramp: a column's share of 64.",
    )


def bare_table(bare: Sequence[Json], n_columns: int) -> Table:
    """What a capacitor without amplifier does."""
    rows = []
    for one in bare:
        if isinstance(one, dict):
            energies = (number(one[key]) for key in ("energy_j", "energy_transformer_j"))
            verdicts = (f"{e * 1e12:.2f}, {'met' if e <= PUBLISHED_ENERGY else 'missed'}" for e in energies)
            rows.append(
                (
                    show_quantity(number(one["capacitance_f"]), "F"),
                    f"{number(one['gain']):.3f}",
                    f"{100 * number(one['error_rms']):.1f} %",
                    *verdicts,
                )
            )
    return Table(
        title=f"A bare capacitor at the bit line, {n_columns} columns",
        header=(
            "capacitor",
            "gain",
            "error left by a common gain, rms of a full charge",
            f"energy with spread operands, pJ; published {PUBLISHED_ENERGY * 1e12:.2f}",
            "energy with the transformer's, pJ",
        ),
        rows=tuple(rows),
        note="No amplifier; but the bit line moves, and takes the drain voltage of the cells with it. Energy: word "
        "lines, V_DD/2 times the charge that brings the capacitor back, and what comparator and ramp of the integrator "
        "draw; the pulse of this circuit is not simulated.",
    )


def draw_topologies(found: Sequence[Found], ideal: Array, floors: Sequence[Floor]) -> Figure:
    """Errors of columns, dies, and energy by part."""
    with drawing_style():
        figure = new_figure(10, 3.2)
        left, middle, right = figure.subplots(1, 3)
        for color, one in zip(SERIES, found, strict=False):
            name = one.topology.name.replace("_", " ")
            left.plot(ideal * 1e9, (one.spread["pulse_width"].values - ideal) * 1e9, "o", color=color, label=name)
            gain = one.lines["gain"].values / np.nanmean(one.lines["gain"].values)
            middle.plot(one.lines["offset"].values * 1e9, 100 * (gain - 1), "o", color=color, label=name)
        left.set(title="columns of 64 cells", xlabel="ideal pulse, ns", ylabel="error, ns")
        middle.set(title="dies, untrimmed", xlabel="offset, ns", ylabel="gain, % of mean")
        left.legend()
        bars = [(kind, one) for kind in KINDS for one in found]
        bottom = np.zeros(len(bars))
        for color, key in zip(SERIES[2:], PARTS, strict=False):
            height = np.array([column_energy(getattr(one, kind))[key] for kind, one in bars]) * 1e12
            right.bar(np.arange(len(bars)), height, 0.6, bottom=bottom, color=color, label=key.replace("_", " "))
            bottom += height
        for k, floor in enumerate(floors):
            right.plot(
                [2 * k - 0.4, 2 * k + 1.4],
                [floor.drawn * 1e12] * 2,
                color=INK,
                label="drawn by cells" if k == 0 else None,
            )
        right.axhline(PUBLISHED_ENERGY * 1e12, color=MUTED, linestyle="--", label="published")
        right.set_xticks(
            np.arange(len(bars)), [f"{one.topology.name.split('_')[1]}\n{kind}" for kind, one in bars], fontsize=7
        )
        right.set(title="energy of one read of one column", ylabel="pJ")
        right.set_ylim(0, 1.5 * float(bottom.max()))
        right.legend(fontsize=7, ncols=2, loc="upper right")
        for axes in (left, middle, right):
            plain(axes)
        return figure
