"""What does a token cost? Energy by block with the transformer's own operands, and area from device sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from numpy.typing import NDArray

from circuits.area import Area
from circuits.benches.cell import CELLS_PER_LINE
from pycosim.evaluate.cost import PUBLISHED_BLOCKS, PUBLISHED_TILES
from pycosim.evaluate.document import Json
from pycosim.evaluate.drawing import SERIES, drawing_style, new_figure, plain
from pycosim.flows.read_operands import ReadOperands, transformer_operands
from pycosim.spice import Simulator
from pycosim.studies.area import area_table, circuit_areas, head_area
from pycosim.studies.digital import DigitalEstimate, gate_energy
from pycosim.studies.energy_floor import Floor, energy_floor
from pycosim.studies.numbers import number_at
from pycosim.studies.study import Laboratory, Study, Table
from pycosim.sweeps.cell import read_current_table
from pycosim.sweeps.column import Column, column_reads

Array = NDArray[np.float64]

_PUBLISHED = dict(PUBLISHED_BLOCKS)


def study_energy(lab: Laboratory, figures: Mapping[str, Json]) -> Study:
    """Energy per token and head of 16 tiles, as published, and of one column; area of cell, converter, tile, head.

    Args:
        lab: circuits, simulator.
        figures: of the studies of the input driver and the write path, whose energies are taken from there.
    """
    design = lab.design
    n_reads = 4 if lab.quick else 32
    operands = transformer_operands(design, n_reads, np.random.default_rng([lab.seed, 59]))
    lab.progress.stage("energy: columns with the transformer's operands", total=2 * n_reads)
    reads = [
        column_reads(
            column,
            lab.simulator,
            stored_voltages=read.stored_voltages,
            pulse_widths=read.pulse_widths,
            progress=lab.advance,
        )
        for column, read in zip((design.first, design.second), operands, strict=True)
    ]
    gate = gate_energy(lab)
    mean_counts = float(np.mean(np.abs(reads[1]["pulse_width"].values)) / design.unit_time)
    digital = DigitalEstimate().switched_gates(mean_counts, PUBLISHED_TILES) * gate
    blocks = _blocks(reads, operands, figures, digital)
    areas = circuit_areas(lab.design)
    floor = [_floor(lab, column, read) for column, read in zip((design.first, design.second), operands, strict=True)]
    return Study(
        name="energy",
        title="Energy and area",
        figures=_figures(reads, blocks, areas, gate, mean_counts, floor),
        tables=(_column_table(reads, floor), _block_table(blocks, gate, mean_counts), area_table(areas)),
        datasets={"array_1": reads[0], "array_2": reads[1]},
        plots={"energy": _plot(reads)},
    )


def _floor(lab: Laboratory, column: Column, operands: ReadOperands) -> Floor:
    """What the cells' own charges cost at least, from their currents at DC; see `energy_floor`."""
    levels, index = np.unique(operands.stored_voltages, return_inverse=True)
    current = _dc_currents(lab.simulator, column, levels)[index].reshape(operands.stored_voltages.shape)
    return energy_floor(current * operands.pulse_widths, column.technology)


def _dc_currents(simulator: Simulator, column: Column, levels: Array) -> Array:
    table = read_current_table(
        column.cell,
        column.technology,
        simulator,
        stored_voltages=[float(v) for v in levels],
        word_line_voltages=[column.technology.supply_voltage],
    )
    return np.asarray(table["read_current"].values[:, 0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Energy of one block per token and head of 16 tiles.

    Attributes:
        name: what it is.
        energy: ours (J); None where nothing was simulated.
        published: the paper's (J); None where it has no such block.
        source: where ours comes from.
    """

    name: str
    energy: float | None
    published: float | None
    source: str


def _blocks(
    reads: list[xr.Dataset],
    operands: tuple[ReadOperands, ReadOperands],
    figures: Mapping[str, Json],
    digital: float,
) -> tuple[Block, ...]:
    columns, rows = CELLS_PER_LINE * PUBLISHED_TILES, CELLS_PER_LINE * PUBLISHED_TILES

    def drivers(array: int) -> float | None:
        """Own energy of the pulses that are not absent."""
        pulse = number_at(figures, "input_driver", "energy_own_j")
        return None if pulse is None else rows * pulse * float(np.mean(operands[array].pulse_widths > 0))

    def read(data: xr.Dataset) -> float:
        return float((data["energy_converter"] + data["energy_word_lines"]).mean())

    def bias(data: xr.Dataset) -> float:
        return PUBLISHED_TILES * float(data["energy_bias"].mean())

    return (
        Block(
            name="array 1 and charge-to-pulse",
            energy=columns * read(reads[0]) + bias(reads[0]),
            published=_PUBLISHED["array 1 and charge-to-pulse"],
            source=f"{reads[0].sizes['sample']} columns in ngspice; bias diodes once per tile, as on a shared line",
        ),
        Block(
            name="array 2 and signed charge-to-pulse",
            energy=columns * read(reads[1]) + bias(reads[1]),
            published=_PUBLISHED["array 2 and signed charge-to-pulse"],
            source=f"{reads[1].sizes['sample']} columns in ngspice; bias diodes once per tile, as on a shared line",
        ),
        Block(
            name="word-line drivers of array 1",
            energy=drivers(0),
            published=None,
            source="transistor-level pulse driver, every row with a pulse in every tile",
        ),
        Block(
            name="word-line drivers of array 2",
            energy=drivers(1),
            published=None,
            source="the same driver as upper bound (no code to select here), rows with a pulse",
        ),
        Block(
            name="write path (DACs)",
            energy=number_at(figures, "write_path", "energy_per_token_j"),
            published=_PUBLISHED["DACs"],
            source="transistor-level multi-level driver, one column of K and one of V",
        ),
        Block(
            name="digital: counters, adders, register",
            energy=digital,
            published=_PUBLISHED["digital control and routing"],
            source="gates counted, energy of a gate simulated; no routing, no control",
        ),
    )


def _figures(
    reads: list[xr.Dataset],
    blocks: tuple[Block, ...],
    areas: Mapping[str, Area],
    gate: float,
    mean_counts: float,
    floor: list[Floor],
) -> dict[str, Json]:
    keys = ("array1", "array2", "drivers1", "drivers2", "dac", "digital")
    energies: dict[str, Json] = {key: block.energy for key, block in zip(keys, blocks, strict=True)}
    analog = sum(block.energy or 0.0 for block in blocks[:-1])
    macs = 2 * CELLS_PER_LINE * CELLS_PER_LINE * PUBLISHED_TILES
    per_column: dict[str, Json] = {
        name: {
            "converter": float(data["energy_converter"].mean()),
            "word_lines": float(data["energy_word_lines"].mean()),
            "cells_dissipated": bound.dissipated,
            "cells_drawn": bound.drawn,
        }
        for name, data, bound in zip(("array1", "array2"), reads, floor, strict=True)
    }
    head = head_area(areas)
    return {
        "energy_j": energies,
        "energy_column_j": per_column,
        "energy_per_mac_j": {"analog": analog / macs, "all": (analog + (blocks[-1].energy or 0.0)) / macs},
        "energy_gate_j": gate,
        "mean_counts": mean_counts,
        "area_m2": head["head"],
        "area_parts_m2": {
            **{name.replace(" ", "_").replace("-", "_"): area.stacked for name, area in areas.items()},
            **head,
        },
    }


def _column_table(reads: list[xr.Dataset], floor: list[Floor]) -> Table:
    rows = []
    blocks = ("array 1 and charge-to-pulse", "array 2 and signed charge-to-pulse")
    for name, data, bound, block in zip(("array 1", "array 2"), reads, floor, blocks, strict=True):
        published = _PUBLISHED[block] / (PUBLISHED_TILES * CELLS_PER_LINE)
        converter, lines = data["energy_converter"].values, data["energy_word_lines"].values
        total = converter + lines
        rows.append(
            (
                name,
                f"{converter.mean() * 1e12:.2f}",
                f"{lines.mean() * 1e12:.2f}",
                f"{bound.dissipated * 1e12:.2f} / {bound.drawn * 1e12:.2f}",
                f"{total.mean() * 1e12:.2f} ({total.min() * 1e12:.2f} to {total.max() * 1e12:.2f})",
                f"{published * 1e12:.2f}",
            )
        )
    return Table(
        title="Energy of one column's read with the transformer's operands, pJ",
        header=(
            "array",
            "converter",
            "word lines",
            "the cells' charges alone, dissipated / drawn",
            "sum (range)",
            "published",
        ),
        rows=tuple(rows),
        note="The cells dissipate |Q| V_DD / 2 whatever reads them out; without energy recovery they draw V_DD for "
        "what they source, and half of it for their net sunk charge. Word lines are ideal sources here; their drivers "
        "stand in the next table. Clocks and the switching of the cascode gates are not counted, nor what the "
        "supplies draw while other layers run: sinks and bias stay on in these circuits; something must gate them.",
    )


def _block_table(blocks: tuple[Block, ...], gate: float, mean_counts: float) -> Table:
    def show(energy: float | None) -> str:
        return "not simulated" if energy is None else f"{energy * 1e12:.0f}"

    rows = [
        (block.name, show(block.energy), "" if block.published is None else show(block.published), block.source)
        for block in blocks
    ]
    digital = _PUBLISHED["digital control and routing"]
    analog = sum(_PUBLISHED.values()) - digital
    ours = sum(block.energy or 0.0 for block in blocks[:-1])
    missing = "" if all(block.energy is not None for block in blocks) else "without what is not simulated"
    rows.insert(-1, ("**all but digital**", f"**{ours * 1e12:.0f}**", f"**{analog * 1e12:.0f}**", missing))
    return Table(
        title="Energy per token and head of 16 tiles (1024 tokens), pJ",
        header=("block", "ours", "published", "source of ours"),
        rows=tuple(rows),
        note=f"A gate output going up and down takes {gate * 1e15:.2f} fJ in ngspice (NAND, two loads, 10 um of wire); "
        f"the counters count {mean_counts:.2f} on average with these operands. The published digital block is control "
        "and routing of a synthesised design; ours is only the arithmetic, a lower bound.",
    )


def _plot(reads: list[xr.Dataset]) -> Figure:
    with drawing_style():
        figure = new_figure(10, 2.8)
        panels = figure.subplots(1, 2)
        for axes, data, name in zip(panels, reads, ("array 1", "array 2"), strict=True):
            lines = data["energy_word_lines"].values * 1e12
            axes.plot(lines, data["energy_converter"].values * 1e12, ".", color=SERIES[0], label="converter")
            axes.set(title=f"{name}: every read", xlabel="word lines, pJ", ylabel="converter, pJ", ylim=(0, None))
            plain(axes)
        return figure
