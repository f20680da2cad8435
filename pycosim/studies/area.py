"""Area of the circuits and of a head, from device sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from circuits.area import Area, AreaRules, circuit_area
from circuits.benches.cell import CELLS_PER_LINE
from circuits.benches.pulse_driver import pulse_driver_bench
from circuits.benches.write_path import write_path_bench
from circuits.charge_to_pulse import ChargeToPulseParameters
from circuits.flatten import flatten
from circuits.pulse_driver import PulseDriverParameters
from circuits.testbench import Testbench
from circuits.write_driver import WriteDriverParameters
from circuits.write_line_driver import WriteLineDriverParameters
from pycosim.evaluate.cost import PUBLISHED_TILES
from pycosim.flows.characterization import Design
from pycosim.studies.study import Table

PUBLISHED_CELL = 1e-12
"""Area of the 6T silicon cell (m^2) [2025 Leroux]."""


def circuit_areas(design: Design) -> dict[str, Area]:
    """Area of cell, converters and drivers by the rules of a 28 nm class process."""
    technology, cell = design.technology, design.cell
    stored, widths = np.full(2, technology.mid_voltage), np.full(2, 1e-9)
    first, second = design.first.bench(stored, widths), design.second.bench(stored, widths)
    row = pulse_driver_bench(
        cell, PulseDriverParameters(), technology, code=1, stored_voltages=[technology.mid_voltage], n_sections=1
    )
    written = write_path_bench(
        cell, WriteDriverParameters(), WriteLineDriverParameters(), technology, codes=[0], rows=[1]
    )
    return {
        "cell": _part(first, "c0"),
        "charge-to-pulse": _own(_part(first, "converter"), design.first.converter),
        "signed charge-to-pulse": _own(_part(second, "converter"), design.second.converter),
        "input driver of a row": _part(row, "row_select", "row_driver"),
        "word-line driver of a row, array 2": _part(row, "row_driver"),
        "data-line driver of a row": _part(written, "driver0"),
        "write word line driver of a column": _part(written, "write_lines"),
    }


def _part(bench: Testbench, *names: str) -> Area:
    """Area of the named top-level instances."""
    lines, inside = [], False
    for line in str(bench.circuit).strip().splitlines()[1:]:
        inside = inside or line.lower().startswith(".subckt")
        if inside or line[1:].split(" ")[0] in names:
            lines.append(line)
        inside = inside and not line.lower().startswith(".ends")
    return circuit_area(flatten(lines), AreaRules())


def _own(area: Area, converter: ChargeToPulseParameters) -> Area:
    """Without the decoupling of the bias lines, which a tile has once and the deck has in every column."""
    shared = converter.conveyor.tail_decoupling + converter.comparator.bias_decoupling + 2 * converter.sink.decoupling
    shared += converter.source.decoupling if converter.signed else 0.0
    own = area.capacitance - shared
    return replace(area, capacitance=own, capacitors=own / AreaRules().capacitor_density)


def head_area(areas: Mapping[str, Area]) -> dict[str, float]:
    """Area of a tile, of one whose cells fit the published pitch, and of a head of 16 tiles (m^2).

    A tile has two arrays with a converter per column, a driver per row, and write drivers for rows and columns.
    """
    cells, lines = 2 * CELLS_PER_LINE**2, CELLS_PER_LINE
    edges = lines * (areas["charge-to-pulse"].stacked + areas["signed charge-to-pulse"].stacked)
    edges += lines * (areas["input driver of a row"].stacked + areas["word-line driver of a row, array 2"].stacked)
    writing = areas["data-line driver of a row"].stacked + areas["write word line driver of a column"].stacked
    edges += 2 * lines * writing
    tile = cells * max(PUBLISHED_CELL, areas["cell"].stacked) + edges
    return {"tile": tile, "tile_cells_at_pitch": cells * PUBLISHED_CELL + edges, "head": PUBLISHED_TILES * tile}


def area_table(areas: Mapping[str, Area]) -> Table:
    """Every circuit's devices and what they take."""
    rows = [
        (
            name,
            str(area.n_transistors),
            f"{area.transistors * 1e12:.2f}",
            f"{area.capacitance * 1e15:.0f}",
            f"{area.capacitors * 1e12:.1f}",
        )
        for name, area in areas.items()
    ]
    head, density = head_area(areas), f"{1e3 * AreaRules().capacitor_density:g} fF/um^2"
    return Table(
        title="Area from device sizes, before layout",
        header=("circuit", "transistors", "their area, um^2", "capacitors, fF", f"their area at {density}, um^2"),
        rows=tuple(rows),
        note=f"A tile takes {head['tile'] * 1e12:.0f} um^2 with a metal capacitor of {density} over each cell, and "
        f"{head['tile_cells_at_pitch'] * 1e12:.0f} um^2 where the capacitor is dense enough for the published cell of "
        f"1 um^2 (that takes {areas['cell'].capacitance * 1e15:.0f} fF/um^2: a high-k MIM). A head of 16 tiles: "
        f"{head['head'] * 1e6:.2f} mm^2 without counters, adders and control; published about 0.5 mm^2 with its "
        "control. Parallel units are counted each; the decoupling of shared bias lines is left out.",
    )
