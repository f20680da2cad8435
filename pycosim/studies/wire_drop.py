"""Charge that the wires of an array cost, from steady states of random reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuits.interconnect import ArrayWires, wire_load
from pycosim.fitting.wire_loss import fit_wire_loss
from pycosim.flows.characterization import N_INPUTS, Design
from pycosim.models.resistive_array import ReadPairTable, ResistiveArray
from pycosim.models.wire_loss import WireLoss
from pycosim.studies.study import Laboratory
from pycosim.sweeps.array import CellArray, read_pair_table, with_wires

Array = NDArray[np.float64]

PUBLISHED_SIZE = 64
"""Rows and columns of an array [2025 Leroux]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drop:
    """Error of an array of one size and width of wires.

    Attributes:
        size: rows and columns.
        width: of the word lines, over the technology's.
        errors: (n_reads, n_columns) pulse error (s), the full charge scaled with the rows.
        corrected: the same after a loss that was fitted to the other half of the reads.
        loss: fitted to all reads.
        lost: (n_rows, n_columns) charge that a cell lost, of either sign towards zero, over all reads (C).
        charge: (n_rows, n_columns) charge that it would have given, without its sign (C).
    """

    size: int
    width: float
    errors: Array
    corrected: Array
    loss: WireLoss
    lost: Array
    charge: Array

    def by_place(self, n_rows: int, n_columns: int) -> Array:
        """Relative loss in blocks of the array, (n_rows, n_columns) of them."""
        lost, charge = (
            values.reshape(n_rows, self.size // n_rows, n_columns, self.size // n_columns).sum(axis=(1, 3))
            for values in (self.lost, self.charge)
        )
        return np.asarray(lost / charge)


def array_solver(design: Design, table: ReadPairTable, wires: ArrayWires | None) -> ResistiveArray:
    """Steady states of an array of a design; None for wires without resistance."""
    technology, pitch = design.technology, design.cell.pitch
    mid = technology.mid_voltage
    if wires is None:
        return ResistiveArray(table=table, word_line_resistance=0.0, bit_line_resistance=0.0, bit_line_voltage=mid)
    return ResistiveArray(
        table=table,
        word_line_resistance=wire_load(technology, pitch, wires.word_line).resistance,
        bit_line_resistance=wire_load(technology, pitch, wires.bit_line).resistance,
        driver_resistance=CellArray(column=with_wires(design.first, wires)).driver_resistance,
        bit_line_voltage=mid,
    )


def wire_drop(lab: Laboratory, table: ReadPairTable, size: int, wires: ArrayWires) -> Drop:
    """Random reads of one size: levels and codes evenly distributed, the same for every width.

    Args:
        lab: design, seed, quick.
        table: currents of its cell.
        size: rows and columns.
        wires: widths of the lines.
    """
    design = lab.design
    rng = np.random.default_rng([lab.seed, size])
    n_reads = max(2, (2 if lab.quick else 8) * PUBLISHED_SIZE // size)
    real, ideal = array_solver(design, table, wires), array_solver(design, table, None)
    found, lossless = np.empty((n_reads, size, size)), np.empty((n_reads, size, size))
    for k in range(n_reads):
        stored = design.levels[rng.integers(0, len(design.levels), (size, size))]
        widths = np.asarray(design.unit_time * rng.integers(0, N_INPUTS, size), dtype=np.float64)
        found[k], lossless[k] = real.charges(stored, widths), ideal.charges(stored, widths)
    seconds = PUBLISHED_SIZE / size / design.first.converter.saturation_current
    return Drop(
        size=size,
        width=wires.word_line,
        errors=seconds * (found - lossless).sum(axis=1),
        corrected=seconds * (found - judged_losses(found, lossless)).sum(axis=1),
        loss=fit_wire_loss(found, lossless),
        lost=((lossless - found) * np.sign(lossless)).sum(axis=0),
        charge=np.abs(lossless).sum(axis=0),
    )


def judged_losses(found: Array, lossless: Array) -> Array:
    """Charges as the fitted loss predicts them (C), each half of the reads by the fit to the other half.

    Args:
        found: (n_reads, n_rows, n_columns) charges with wires (C), two reads or more.
        lossless: the same without.
    """
    predicted, even = np.empty_like(lossless), np.arange(len(found)) % 2 == 0
    for judged in (even, ~even):
        predicted[judged] = lossless[judged] * fit_wire_loss(found[~judged], lossless[~judged]).factor()
    return predicted


def shipped_wire_loss(lab: Laboratory, size: int) -> WireLoss:
    """The fitted loss of an array with the shipped wires."""
    return wire_drop(lab, cell_table(lab), size, ArrayWires()).loss


def cell_table(lab: Laboratory) -> ReadPairTable:
    """Currents of the read pair of the laboratory's cell at its levels."""
    levels = [float(v) for v in lab.design.levels]
    return read_pair_table(lab.design.cell, lab.design.technology, lab.simulator, stored_voltages=levels)
