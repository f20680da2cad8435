"""Area of the circuits and of a head, from device sizes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from circuits.area import Area, AreaRules, circuit_area
from circuits.benches.cell import CELLS_PER_LINE
from circuits.flatten import flatten
from circuits.testbench import Testbench
from pycosim.evaluate.cost import PUBLISHED_TILES
from pycosim.flows.characterization import Design
from pycosim.studies.study import Table

PUBLISHED_CELL = 1e-12
"""Area of the 6T silicon cell (m^2) [2025 Leroux]."""


def circuit_areas(design: Design) -> dict[str, Area]:
    """Area of the cell and both converters by the rules of a 28 nm class process."""
    rules = AreaRules()

    def part(bench: Testbench, *names: str) -> Area:
        lines = str(bench.circuit).strip().splitlines()[1:]
        return circuit_area(flatten(lines), rules, parts=names)

    stored, widths = np.full(2, design.technology.mid_voltage), np.full(2, 1e-9)
    first, second = design.first.bench(stored, widths), design.second.bench(stored, widths)
    return {
        "cell": part(first, "c0"),
        "charge-to-pulse": part(first, "converter"),
        "signed charge-to-pulse": part(second, "converter"),
    }


def head_area(areas: Mapping[str, Area]) -> dict[str, float]:
    """Area of a tile, of one whose cells fit their pitch, and of a head of 16 tiles (m^2)."""
    cells = 2 * CELLS_PER_LINE**2
    converters = CELLS_PER_LINE * (areas["charge-to-pulse"].stacked + areas["signed charge-to-pulse"].stacked)
    tile = cells * max(PUBLISHED_CELL, areas["cell"].stacked) + converters
    return {"tile": tile, "tile_cells_at_pitch": cells * PUBLISHED_CELL + converters, "head": PUBLISHED_TILES * tile}


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
    head = head_area(areas)
    return Table(
        title="Area from device sizes, before layout",
        header=("circuit", "transistors", "their area, um^2", "capacitors, fF", "their area at 2.5 fF/um^2, um^2"),
        rows=tuple(rows),
        note=f"A tile takes {head['tile'] * 1e12:.0f} um^2 with a metal capacitor of 2.5 fF/um^2 over each cell, and "
        f"{head['tile_cells_at_pitch'] * 1e12:.0f} um^2 where the capacitor is dense enough for the published cell of "
        f"1 um^2 (that takes {areas['cell'].capacitance * 1e15:.0f} fF/um^2: a high-k MIM). A head of 16 tiles: "
        f"{head['head'] * 1e6:.3f} mm^2; published about 0.5 mm^2 with its control.",
    )
